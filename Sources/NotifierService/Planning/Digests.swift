internal import Alerting
internal import AnomalyContract
internal import DeliveryContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel
internal import ServiceRuntime
internal import WorkQueue

// What is told together, at its time.
extension DeliveryStore {
  /// The kind of job that sends a digest; its key is the digest's name.
  static let digestJob = "digest"

  /// Most anomalies that one digest speaks of.
  static let digestLimit = 500

  /// The name of a person's own digest; no digest of the settings may begin so.
  func personalDigest(_ place: GroupPlace) -> String { "person/\(place.person ?? "")" }

  /// Puts an anomaly into a digest, and sees to it that it will be sent.
  func digest(
    _ notice: Notice, in name: String, cause: String, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO digest_item (digest, anomaly_id, revision, kind, cause, added_at)
      VALUES ($1, $2, $3, $4, $5, $6)
      """,
      [
        .text(name), .anomaly(notice.anomaly), .int64(Int64(notice.revision)),
        .int16(Int16(notice.kind.rawValue)), .text(cause), .timestamp(unixMicroseconds: now),
      ])
    try enqueueDigest(name, after: now, on: connection)
  }

  private func enqueueDigest(
    _ name: String, after now: Int64, on connection: isolated PostgresConnection
  ) throws {
    guard let schedule = digestTarget(name)?.schedule else { return }
    let due = schedule.nextDue(afterUnixSeconds: now / 1_000_000) * 1_000_000
    try queue.enqueue(
      [NewJob(kind: Self.digestJob, key: name, notBeforeUnixMicroseconds: due)], on: connection)
  }

  /// Who gets a digest, by which receivers, and when; nil for one that is not among the settings.
  private func digestTarget(
    _ name: String
  ) -> (place: GroupPlace, channels: [String], schedule: DigestSchedule)? {
    let routes = configuration.current
    let route = RouteMatch(
      path: "digest \(name)", key: "digest/\(name)", policy: RoutePolicy(receiver: name))
    if name.hasPrefix("person/") {
      let person = routes.alerting.directory?.person(named: String(name.dropFirst(7)))
      guard let person, let schedule = person.digest else { return nil }
      let place = GroupPlace(receiver: name, person: person.name, match: route)
      let channels = person.channels.filter { routes.receivers[$0]?.rules.pages == false }
      return (place, channels, schedule)
    }
    guard let digest = routes.alerting.digests[name] else { return nil }
    let place = GroupPlace(receiver: digest.receiver, match: route)
    let isKnown = routes.receivers[digest.receiver]?.way != nil
    return (place, isKnown ? [digest.receiver] : [], digest.schedule)
  }

  /// Sends what a digest has collected, and completes the job.
  func sendDigest(_ job: ClaimedJob, now: Int64) async throws {
    try await pool.transaction { connection in
      try writeDigest(job.key, now: now, on: connection)
      try queue.complete(job, on: connection)
    }
  }

  /// Writes what a digest has collected as one delivery; how many anomalies it speaks of.
  @discardableResult
  func writeDigest(
    _ name: String, now: Int64, on connection: isolated PostgresConnection
  ) throws -> Int {
    try connection.execute(
      "SELECT pg_advisory_xact_lock(hashtextextended('digest/' || $1, 0))", [.text(name)])
    let rows = try connection.execute(
      """
      SELECT i.sequence, a.change FROM digest_item AS i JOIN anomaly AS a USING (anomaly_id)
      WHERE i.digest = $1 AND i.delivery_id IS NULL ORDER BY i.sequence LIMIT $2
      """, [.text(name), .int64(Int64(Self.digestLimit))])
    if rows.isEmpty { return 0 }
    guard let target = digestTarget(name), let channel = target.channels.first else {
      logger.warning("digest has nobody to go to", ["digest": name])
      return 0
    }
    var notices: [AnomalyReference: Notice] = [:]
    for row in rows {
      let notice = try Notice(AnomalyChange(wireBytes: row.bytes(1)))
      notices[notice.anomaly] = notice
    }
    let ordered = notices.values.sorted(by: Notice.isMoreImportant)
    let count = ordered.count == 1 ? "1 anomaly" : "\(ordered.count) anomalies"
    let today = target.schedule.zone.bucket(.day, holdingUnixSecond: now / 1_000_000)
    let day = CivilDate(dayIndex: Int(today?.index ?? 0))
    let id = try insert(
      NewDelivery(
        // Each digest is a thread of its own: nothing is open that would have to be closed.
        threadKey: threadKey(
          .group, in: target.place, labels: ["at": "\(now)"], channel: channel),
        channel: channel, fallbacks: Array(target.channels.dropFirst()), place: target.place,
        groupKey: target.place.match.key, action: .trigger, reason: .digest, notices: ordered,
        subject: "Digest of \(day): \(count)"),
      now: now, on: connection)
    guard let id else { return 0 }
    try connection.execute(
      "UPDATE digest_item SET delivery_id = $1 WHERE sequence = ANY ($2)",
      [.uuid(high: id.high, low: id.low), .int64Array(rows.map { $0.int64(0) })])
    if rows.count == Self.digestLimit { try enqueueDigest(name, after: now, on: connection) }
    return ordered.count
  }
}
