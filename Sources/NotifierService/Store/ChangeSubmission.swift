internal import Alerting
internal import DeliveryContract
internal import Postgres
internal import SeriesModel
internal import WorkQueue

// What a change of an anomaly leads to.
extension DeliveryStore {
  /// What became of a submission.
  struct Submitted: Sendable {
    var receivers: [String] = []
    var isAlreadyKnown = false
  }

  /// Takes one change: finds who is to be told, and writes that down with the work that follows
  /// from it, all or nothing.
  func submit(_ notice: Notice, change: [UInt8], now: Int64) async throws -> Submitted {
    try await pool.transaction { connection in
      try lock(notice.anomaly, on: connection)
      let isNew = try keepSubmission(notice, change, now: now, on: connection)
      let routing = configuration.current.alerting.routing(of: notice)
      let receivers = routing.destinations.map(\.receiver)
      if !isNew { return Submitted(receivers: receivers, isAlreadyKnown: true) }
      let previous = try newest(notice.anomaly, on: connection)
      guard try keepNewest(notice, change, now: now, on: connection) else {
        try log(notice, .overtaken, now: now, on: connection)
        return Submitted()
      }
      try route(notice, routing, after: previous, now: now, on: connection)
      return Submitted(receivers: receivers)
    }
  }

  /// Keeps a change as it came; false when it came before.
  @discardableResult
  func keepSubmission(
    _ notice: Notice, _ change: [UInt8], now: Int64, on connection: isolated PostgresConnection
  ) throws -> Bool {
    try connection.execute(
      """
      INSERT INTO submission (anomaly_id, revision, kind, change, customer, summary, received_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
      """,
      [
        .anomaly(notice.anomaly), .int64(Int64(notice.revision)),
        .int16(Int16(notice.kind.rawValue)), .bytes(change), .text(notice.customer.externalID),
        .text(notice.summary), .timestamp(unixMicroseconds: now),
      ]
    ).affected > 0
  }

  /// One transaction at a time works on an anomaly's deliveries.
  func lock(
    _ anomaly: AnomalyReference, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try connection.execute(
      "SELECT pg_advisory_xact_lock($1)",
      [.int64(Int64(bitPattern: anomaly.high ^ anomaly.low))])
  }

  /// Writes the change as the newest of its anomaly; false when a newer one came before.
  private func keepNewest(
    _ notice: Notice, _ change: [UInt8], now: Int64, on connection: isolated PostgresConnection
  ) throws -> Bool {
    let rows = try connection.execute(
      """
      INSERT INTO anomaly (anomaly_id, revision, kind, change, is_over, snoozed_until, received_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (anomaly_id) DO UPDATE SET revision = EXCLUDED.revision, kind = EXCLUDED.kind,
        change = EXCLUDED.change, is_over = EXCLUDED.is_over,
        snoozed_until = EXCLUDED.snoozed_until, received_at = EXCLUDED.received_at
      WHERE anomaly.revision <= EXCLUDED.revision
      """,
      [
        .anomaly(notice.anomaly), .int64(Int64(notice.revision)),
        .int16(Int16(notice.kind.rawValue)), .bytes(change), .bool(notice.kind.isEnd),
        .optionalTimestamp(notice.snoozedUntilUnixMicroseconds), .timestamp(unixMicroseconds: now),
      ])
    return rows.affected > 0
  }

  /// Puts an anomaly into the groups where it belongs now, and wakes those that it was in.
  ///
  /// - Parameters:
  ///   - notice: The anomaly as it stands.
  ///   - routing: Where its routes lead.
  ///   - previous: As it stood before a change; nil where there was none.
  ///   - now: Microseconds since 1970.
  ///   - connection: Of the transaction.
  /// - Throws: An error of the database.
  func route(
    _ notice: Notice, _ routing: Routing, after previous: Notice? = nil, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    var wanted: [[UInt8]: Destination] = [:]
    for destination in routing.destinations {
      let labels = destination.groupLabels(of: notice.labels)
      wanted[StoredGroup.identity(destination.place, labels)] = destination
    }
    let present = try connection.execute(
      "SELECT identity FROM group_member WHERE anomaly_id = $1 AND left_at IS NULL",
      [.anomaly(notice.anomaly)]
    ).map { $0.bytes(0) }
    try connection.execute(
      "DELETE FROM unrouted WHERE anomaly_id = $1", [.anomaly(notice.anomaly)])
    for cause in routing.nowhere {
      try logWithoutRoute(
        notice, cause, isAlone: wanted.isEmpty, now: now, on: connection)
    }
    let identities = Set(present).union(wanted.keys)
    var known: [[UInt8]: StoredGroup] = [:]
    for group in try groups(Array(identities), on: connection) { known[group.identity] = group }
    var receivers: Set<String> = []
    for identity in identities.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      var group = known[identity]
      if let previous, let group, group.entries[notice.anomaly] != nil {
        try noteOvertaken(previous, group, now: now, on: connection)
      }
      if let destination = wanted[identity] {
        group = try join(notice, destination, identity, group, now: now, on: connection)
      } else if var left = group {
        try moveAway(notice, from: &left, now: now, on: connection)
        group = left
      }
      if let group { receivers.insert(group.place.receiver) }
    }
    try informEscalations(of: notice, now: now, on: connection)
    try enqueuePlanning(receivers, on: connection)
  }

  /// Puts an anomaly into a group that its routes lead to, and says when the group is to look.
  @discardableResult
  func join(
    _ notice: Notice, _ destination: Destination, _ identity: [UInt8], _ known: StoredGroup?,
    prompt: NotificationReason? = nil, now: Int64, on connection: isolated PostgresConnection
  ) throws -> StoredGroup? {
    let labels = destination.groupLabels(of: notice.labels)
    var group =
      known
      ?? StoredGroup(
        identity: identity, place: destination.place, labels: labels,
        group: NotificationGroup(
          labels: labels, policy: policy(of: destination.place),
          rules: configuration.current.alerting.rules(of: destination.place)))
    let present = group.group.members.first { $0.notice.anomaly == notice.anomaly }
    let told = try present == nil ? toldBefore(notice, group, on: connection) : nil
    // An end opens no group: who never heard of it need not hear that it is over.
    if present == nil && told == nil && notice.kind.isEnd {
      let cause = NotificationAction.Reason.nothingToResolve.rawValue
      try log(Standing(.pending, cause: cause), notice, group, now: now, on: connection)
      return nil
    }
    var member =
      present ?? GroupMember(notice: notice, joinedUnixMicroseconds: now, told: told)
    group.place.match = destination.match
    group.group.policy = policy(of: destination.place)
    if group.group.members.isEmpty {
      group.lastFlush = nil
      group.flushAt = nil
    }
    if group.lastFlush == nil {
      // What is late does not wait, and takes along what does.
      let first = NotificationGroup.firstFlush(
        policy: group.group.policy, detectedUnixMicroseconds: notice.detectedUnixMicroseconds,
        now: now)
      group.flushAt = min(group.flushAt ?? first, first)
    }
    group.wake(at: now)
    if prompt != nil { group.flushAt = now }
    var entry = group.entries[notice.anomaly] ?? StoredGroup.Entry(standing: Standing(.pending))
    entry.escalation = destination.escalation ?? entry.escalation
    member.notice = notice
    member.isMovedAway = false
    member.prompt = prompt ?? member.prompt
    try save(group, on: connection)
    try save(member, entry, in: identity, isLeaving: false, now: now, on: connection)
    group.group.members.removeAll { $0.notice.anomaly == notice.anomaly }
    group.group.members.append(member)
    if let step = destination.escalation, step.step == 0, step.round == 0 {
      try beginEscalation(step, notice, destination.match, on: connection)
    }
    return group
  }

  /// Writes down that a change found no word before the next one came.
  private func noteOvertaken(
    _ old: Notice, _ group: StoredGroup, now: Int64, on connection: isolated PostgresConnection
  ) throws {
    let words = try connection.execute(
      """
      SELECT FROM delivery_item AS i JOIN delivery AS d ON d.id = i.delivery_id
      WHERE i.anomaly_id = $1 AND i.revision = $2 AND i.kind = $3 AND d.told_receiver = $4
        AND d.person = $5 LIMIT 1
      """,
      [
        .anomaly(old.anomaly), .int64(Int64(old.revision)), .int16(Int16(old.kind.rawValue)),
        .text(group.place.receiver), .text(group.place.person ?? ""),
      ])
    if words.count > 0 { return }
    let cause = NotificationAction.Reason.overtaken.rawValue
    try log(Standing(.pending, cause: cause), old, group, now: now, on: connection)
  }

  /// What a receiver was told of an anomaly by way of another route, where each anomaly is a
  /// thread of its own: its incident is open already.
  private func toldBefore(
    _ notice: Notice, _ group: StoredGroup, on connection: isolated PostgresConnection
  ) throws -> Told? {
    guard group.group.rules.incidentScope == .anomaly else { return nil }
    let channels = channels(of: group.place, for: notice)
    guard let channel = channels.first else { return nil }
    let key = threadKey(
      .anomaly(notice.anomaly), in: group.place, labels: group.labels, channel: channel)
    let rows = try connection.execute(
      """
      SELECT FROM notification_thread AS t WHERE thread_key = $1 AND status = 1
        -- What is open at the other side and has its end on the way is not to be ended again.
        AND NOT EXISTS (SELECT FROM delivery AS d
          WHERE d.deduplication_key = t.thread_key AND d.action = 'resolve' AND d.status = 1)
      """, [.text(key)])
    return rows.count > 0 ? Told(notice, state: .firing) : nil
  }

  private func moveAway(
    _ notice: Notice, from group: inout StoredGroup, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    guard let place = group.group.members.firstIndex(where: { $0.notice.anomaly == notice.anomaly })
    else { return }
    // By escalation it came here besides its routes, and stays.
    let isByEscalation = (group.entries[notice.anomaly]?.escalation?.step ?? 0) > 0
    group.group.members[place].notice = notice
    group.group.members[place].isMovedAway = !isByEscalation
    group.wake(at: now)
    try save(group, on: connection)
    let entry = group.entries[notice.anomaly] ?? StoredGroup.Entry(standing: Standing(.pending))
    try save(
      group.group.members[place], entry, in: group.identity, isLeaving: false, now: now,
      on: connection)
  }

  /// The planner of each receiver looks when the first of its groups is due.
  func enqueuePlanning(
    _ receivers: Set<String>, on connection: isolated PostgresConnection
  ) throws {
    let rows = try connection.execute(
      """
      SELECT receiver, min(flush_at) FROM alarm_group
      WHERE receiver = ANY ($1) AND flush_at IS NOT NULL GROUP BY receiver
      """, [.textArray(receivers.sorted())])
    let jobs = rows.map { row in
      NewJob(
        kind: Self.planJob, key: row.text(0), notBeforeUnixMicroseconds: row.timestamp(1),
        priority: .high)
    }
    try queue.enqueue(jobs, on: connection)
  }
}

extension StoredGroup {
  /// Brings the next beat of a told group forward to the first that may be used.
  mutating func wake(at now: Int64) {
    guard let lastFlush else { return }
    let beat = NotificationGroup.beat(after: lastFlush, policy: group.policy, notBefore: now)
    flushAt = min(flushAt ?? beat, beat)
  }
}

extension Destination {
  var place: GroupPlace { GroupPlace(receiver: receiver, person: person, match: match) }
}
