internal import Alerting
internal import AnomalyContract
internal import DeliveryContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import ServiceRuntime
internal import WorkQueue

// Silences that end soon, and those that nobody needs.
extension DeliveryStore {
  /// The kind of job that looks after a silence; its key is the silence.
  static let silenceJob = "silence"

  /// How long before its end whoever set a silence is reminded, in microseconds.
  static let reminderLead: Int64 = 3_600_000_000

  /// After so long without covering anything a silence ends by itself, in microseconds.
  static let unusedLimit: Int64 = 7 * 86_400_000_000

  /// Sees to it that a silence is looked after when that is next due.
  func tendLater(
    _ silence: Alerting.Silence, now: Int64, on connection: isolated PostgresConnection
  ) throws {
    let unused = max(silence.lastMatchedAt ?? silence.startsAt, silence.updatedAt)
    var moments = [unused + Self.unusedLimit]
    if !silence.reminderSent { moments.append(silence.endsAt - Self.reminderLead) }
    guard let next = moments.min(), next < silence.endsAt, now < silence.endsAt else { return }
    try queue.enqueue(
      [
        NewJob(
          kind: Self.silenceJob, key: silence.id.text,
          notBeforeUnixMicroseconds: max(next, now + 1))
      ], on: connection)
  }

  /// Reminds whoever set a silence that ends soon, ends one that covered nothing for a week, and
  /// completes the job.
  func tendSilence(_ job: ClaimedJob, now: Int64) async throws {
    try await pool.transaction { connection in
      if let id = AnomalyReference(text: job.key),
        var silence = try silence(SilenceID(high: id.high, low: id.low), on: connection),
        silence.state(at: now) != .expired
      {
        if silence.isUnused(at: now, after: Self.unusedLimit) {
          silence.expire(at: now)
          logger.info("silence ended: it covered nothing for a week", ["silence": job.key])
        } else if silence.reminderDue(at: now, before: Self.reminderLead) {
          silence.reminderSent = true
          try remind(of: silence, now: now, on: connection)
        }
        try save(silence, on: connection)
        try tendLater(silence, now: now, on: connection)
      }
      try queue.complete(job, on: connection)
    }
  }

  /// Tells whoever set a silence, where the directory knows them, that it ends soon.
  private func remind(
    of silence: Alerting.Silence, now: Int64, on connection: isolated PostgresConnection
  ) throws {
    let routes = configuration.current
    let directory = routes.alerting.directory
    let person =
      directory?.person(named: silence.createdBy)
      ?? directory?.person(email: silence.createdBy)
    let channel = person?.channels.first { routes.receivers[$0]?.rules.pages == false }
    guard let person, let channel else {
      logger.info("silence ends soon", ["silence": silence.id.text, "by": silence.createdBy])
      return
    }
    let sets = silence.matchers.map { "{\($0.map(\.description).joined(separator: ","))}" }
    var change = TestChange.make(id: randomID(), now: now)
    change.anomaly?.customer?.name = "Your silence"
    change.anomaly?.summary =
      "\(sets.joined(separator: " or ")) ends within the hour; set it anew if it is still needed"
    change.anomaly?.possibleCause = silence.comment
    let notice = try Notice(change)
    try keepSubmission(notice, change.wireBytes(), now: now, on: connection)
    let route = RouteMatch(path: "silence", key: "silence", policy: RoutePolicy(receiver: channel))
    let place = GroupPlace(receiver: channel, person: person.name, match: route)
    try insert(
      NewDelivery(
        threadKey: threadKey(
          .anomaly(notice.anomaly), in: place, labels: [:], channel: channel),
        channel: channel, place: place, action: .trigger, reason: .reminder, notices: [notice],
        subject: "A silence of yours ends within the hour"),
      now: now, on: connection)
  }

  /// Notes that silences covered something, so that they count as used.
  func noteMatched(
    _ silences: Set<String>, now: Int64, on connection: isolated PostgresConnection
  ) throws {
    let ids = silences.compactMap { AnomalyReference(text: $0) }
    if ids.isEmpty { return }
    try connection.execute(
      "UPDATE silence SET last_matched_at = $2 WHERE id = ANY ($1)",
      [
        .uuidArray(ids.map { PostgresUUID(high: $0.high, low: $0.low) }),
        .timestamp(unixMicroseconds: now),
      ])
  }
}
