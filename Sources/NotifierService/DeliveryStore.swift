internal import Alerting
internal import DeliveryContract
internal import Postgres
internal import SeriesContract
internal import SeriesModel
internal import WorkQueue

/// Deliveries, threads and submissions in the database.
struct DeliveryStore: Sendable {
  let pool: PostgresPool
  let queue: WorkQueue
  let routes: Routes
  let giveUpSeconds: Double
  let publicURL: String?

  /// What became of a submission.
  struct Submitted: Sendable {
    var receivers: [String] = []
    var isAlreadyKnown = false
    /// Receiver kind and result of each row, for the figures.
    var outcomes: [(kind: String, status: DeliveryStatus)] = []
  }

  /// Takes one change: decides for each receiver, and writes the decision down with the work that
  /// follows from it, all or nothing.
  func submit(_ notice: Notice, change: [UInt8], now: Int64) async throws -> Submitted {
    try await pool.transaction { connection in
      try lock(notice.anomaly, on: connection)
      let inserted = try connection.execute(
        """
        INSERT INTO submission (anomaly_id, revision, kind, change, customer, summary, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
        """,
        [
          .anomaly(notice.anomaly), .int64(Int64(notice.revision)),
          .int16(Int16(notice.kind.rawValue)), .bytes(change), .text(notice.customer.externalID),
          .text(notice.summary), .timestamp(unixMicroseconds: now),
        ])
      if inserted.affected == 0 { return try known(notice, on: connection) }
      var result = Submitted()
      for decision in try decide(notice, on: connection) {
        try write(decision, of: notice, now: now, on: connection)
        if decision.status == .queued { result.receivers.append(decision.receiver) }
        result.outcomes.append((decision.receiverKind, decision.status))
      }
      return result
    }
  }

  /// One transaction at a time works on an anomaly's deliveries.
  func lock(
    _ anomaly: AnomalyReference, on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    try connection.execute(
      "SELECT pg_advisory_xact_lock($1)",
      [.int64(Int64(bitPattern: anomaly.high ^ anomaly.low))])
  }

  private func known(
    _ notice: Notice, on connection: isolated PostgresConnection
  ) throws -> Submitted {
    let rows = try connection.execute(
      """
      SELECT receiver FROM delivery
      WHERE anomaly_id = $1 AND revision = $2 AND kind = $3 AND status IN (1, 2, 3)
      ORDER BY sequence
      """,
      [
        .anomaly(notice.anomaly), .int64(Int64(notice.revision)),
        .int16(Int16(notice.kind.rawValue)),
      ])
    return Submitted(receivers: rows.map { $0.text(0) }, isAlreadyKnown: true)
  }

  private struct Decision {
    var receiver: String
    var receiverKind: String
    var route: String
    var status: DeliveryStatus
    var reason: String
    var isTrigger: Bool
    /// Nil leaves the thread as it is.
    var thread: NotificationThread.Status?
  }

  private func decide(
    _ notice: Notice, on connection: isolated PostgresConnection
  ) throws -> [Decision] {
    let rows = try connection.execute(
      """
      SELECT receiver, planned_status, planned_revision FROM thread
      WHERE anomaly_id = $1 ORDER BY receiver
      """, [.anomaly(notice.anomaly)])
    var threads: [String: NotificationThread] = [:]
    for row in rows {
      threads[row.text(0)] = NotificationThread(
        status: NotificationThread.Status(rawValue: Int16(row.int64(1))) ?? .silent,
        revision: UInt32(clamping: row.int64(2)))
    }
    var matches: [RouteMatch] = []
    for match in routes.tree?.matches(notice.labels) ?? []
    where !matches.contains(where: { $0.receiver == match.receiver }) {
      matches.append(match)
    }
    // Whoever was told hears how it goes on, wherever routes lead by now.
    for (receiver, thread) in threads.sorted(by: { $0.key < $1.key })
    where thread.status == .triggered && !matches.contains(where: { $0.receiver == receiver }) {
      matches.append(
        RouteMatch(
          path: "(told before)", key: "", policy: RoutePolicy(receiver: receiver)))
    }
    if matches.isEmpty {
      return [
        Decision(
          receiver: "", receiverKind: "none", route: "", status: .withoutRoute,
          reason: "no route leads to a receiver", isTrigger: !notice.kind.isEnd)
      ]
    }
    return matches.map { match in
      decide(notice, match, threads[match.receiver] ?? NotificationThread())
    }
  }

  private func decide(
    _ notice: Notice, _ match: RouteMatch, _ thread: NotificationThread
  ) -> Decision {
    var decision = Decision(
      receiver: match.receiver, receiverKind: "none", route: match.path, status: .skipped,
      reason: "", isTrigger: !notice.kind.isEnd)
    guard let receiver = routes.receivers[match.receiver] else {
      decision.status = .undeliverable
      decision.reason = "the receiver is not among the settings any more"
      return decision
    }
    decision.receiverKind = receiver.kind
    switch planNotification(of: notice, to: receiver.rules, thread: thread) {
    case .skip(let reason):
      decision.reason = reason.rawValue
    case .trigger:
      decision.isTrigger = true
      decision.thread = .triggered
    case .resolve:
      decision.isTrigger = false
      decision.thread = .resolved
    }
    if decision.thread != nil, receiver.way == nil {
      decision.status = .withoutRoute
      decision.reason = "the receiver has no way to be reached"
      decision.thread = nil
    }
    if decision.thread != nil { decision.status = .queued }
    return decision
  }

  private func write(
    _ decision: Decision, of notice: Notice, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    let id = deliveryID(
      anomaly: notice.anomaly, revision: notice.revision, kind: notice.kind,
      receiver: decision.receiver)
    let key =
      decision.receiver.isEmpty
      ? "" : deduplicationKey(receiver: decision.receiver, anomaly: notice.anomaly)
    try connection.execute(
      """
      INSERT INTO delivery (id, anomaly_id, revision, kind, is_trigger, receiver, receiver_kind,
        deduplication_key, status, reason, route, queued_at, give_up_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
        $12::timestamptz + make_interval(secs => $13))
      """,
      [
        .uuid(high: id.high, low: id.low), .anomaly(notice.anomaly),
        .int64(Int64(notice.revision)), .int16(Int16(notice.kind.rawValue)),
        .bool(decision.isTrigger), .text(decision.receiver), .text(decision.receiverKind),
        .text(key), .int16(decision.status.rawValue), .text(decision.reason),
        .text(decision.route), .timestamp(unixMicroseconds: now), .double(giveUpSeconds),
      ])
    guard let status = decision.thread else { return }
    try connection.execute(
      """
      INSERT INTO thread (anomaly_id, receiver, planned_status, planned_revision)
      VALUES ($1, $2, $3, $4)
      ON CONFLICT (anomaly_id, receiver) DO UPDATE SET
        planned_status = EXCLUDED.planned_status, planned_revision = EXCLUDED.planned_revision
      """,
      [
        .anomaly(notice.anomaly), .text(decision.receiver), .int16(status.rawValue),
        .int64(Int64(notice.revision)),
      ])
    try activate(notice.anomaly, receiver: decision.receiver, on: connection)
  }

  /// Gives the oldest waiting delivery of a thread its job, unless one of the thread has one.
  func activate(
    _ anomaly: AnomalyReference, receiver: String, on connection: isolated PostgresConnection
  ) throws {
    guard let job = routes.receivers[receiver]?.jobKind else { return }
    let rows = try connection.execute(
      """
      UPDATE delivery SET is_active = true
      WHERE sequence = (
        SELECT min(sequence) FROM delivery
        WHERE anomaly_id = $1 AND receiver = $2 AND status = 1
        HAVING NOT bool_or(is_active))
      RETURNING id
      """, [.anomaly(anomaly), .text(receiver)])
    let jobs = rows.map { row in
      let id = row.uuid(0)
      let text = WireUUID(high: id.high, low: id.low).text
      return NewJob(kind: job, key: text)
    }
    try queue.enqueue(jobs, on: connection)
  }
}

extension PostgresValue {
  /// The identity of an anomaly.
  static func anomaly(_ anomaly: AnomalyReference) -> PostgresValue {
    .uuid(high: anomaly.high, low: anomaly.low)
  }
}
