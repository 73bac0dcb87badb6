internal import Alerting
internal import AnomalyContract
internal import DeliveryContract
internal import Integration
internal import Postgres
internal import RPC
internal import SeriesContract
internal import WorkQueue

// What a job does before and after it sends.
extension DeliveryStore {
  /// What to do with a delivery whose turn has come.
  enum Turn: Sendable {
    /// Send it; the attempt has been noted under its number.
    case send(OutgoingMessage, attempt: Int)
    /// Nothing is left to do, and the job is gone.
    case done(DeliveryStatus?)
  }

  /// What is known of a delivery when its turn comes.
  struct Candidate {
    var receiver: String
    var kind: String
    var action: OutgoingMessage.Action
    var reason: NotificationReason
    var threadKey: String
    var isQueued: Bool
    var attempts: Int
    /// Whether the other side holds the thread for open.
    var isTold: Bool
    var reference: String?
    /// Whether the thread's end waits behind it.
    var isOver: Bool
    /// An attempt began whose answer was never noted.
    var isUncertain: Bool
    var identity: [UInt8]?
    var person: String
    var groupKey: String
    var groupLabels: String
    var omitted: Int
    var mark: String
    var subject: String?
    var fallbacks: [String]
    var path: String
    var toldReceiver: String
    var isDisabled: Bool
  }

  /// The message of a delivery, without noting an attempt; nil when it is not to be sent.
  func message(_ id: WireUUID) async throws -> OutgoingMessage? {
    try await pool.transaction { connection in
      guard let found = try candidate(id, on: connection), found.isQueued else { return nil }
      return try message(id, found, on: connection)
    }
  }

  /// Notes that an attempt begins, or that the delivery has become pointless.
  func begin(_ id: WireUUID, job: ClaimedJob, now: Int64) async throws -> Turn {
    try await pool.transaction { connection in
      try lockThread(of: id, on: connection)
      guard let found = try candidate(id, on: connection), found.isQueued else {
        try queue.complete(job, on: connection)
        return .done(nil)
      }
      if let ending = pointless(found) {
        try close(
          id, found, status: ending.status, reason: ending.reason, now: now, on: connection)
        try queue.complete(job, on: connection)
        return .done(ending.status)
      }
      guard let message = try message(id, found, on: connection) else {
        try close(
          id, found, status: .undeliverable, reason: "what it speaks of is not kept any more",
          now: now, on: connection)
        try queue.complete(job, on: connection)
        return .done(.undeliverable)
      }
      try connection.execute(
        "INSERT INTO delivery_attempt (delivery_id, number, started_at) VALUES ($1, $2, $3)",
        [
          .uuid(high: id.high, low: id.low), .int32(Int32(message.attempt)),
          .timestamp(unixMicroseconds: now),
        ])
      return .send(message, attempt: message.attempt)
    }
  }

  /// Why a delivery need not be sent any more.
  private func pointless(_ found: Candidate) -> (status: DeliveryStatus, reason: String)? {
    if found.isDisabled {
      return (.undeliverable, "the receiver's side said that it is gone; see its health")
    }
    if found.action != .trigger {
      let reason = NotificationAction.Reason.nothingToResolve.rawValue
      return found.isTold ? nil : (.skipped, reason)
    }
    // Nobody is woken for what is over. But what may have arrived must be followed by its end, and
    // the end only follows what was told for certain.
    guard found.isOver && !found.isTold && !found.isUncertain else { return nil }
    return (.skipped, NotificationAction.Reason.overtaken.rawValue)
  }

  /// One transaction at a time works on a thread; those that also change groups lock these after.
  func lockThread(of id: WireUUID, on connection: isolated PostgresConnection) throws {
    try connection.execute(
      """
      SELECT FROM notification_thread
      WHERE thread_key = (SELECT deduplication_key FROM delivery WHERE id = $1) FOR UPDATE
      """, [.uuid(high: id.high, low: id.low)])
  }

  private func message(
    _ id: WireUUID, _ found: Candidate, on connection: isolated PostgresConnection
  ) throws -> OutgoingMessage? {
    let rows = try connection.execute(
      """
      SELECT s.change FROM delivery_item AS i
      JOIN submission AS s USING (anomaly_id, revision, kind)
      WHERE i.delivery_id = $1 ORDER BY i.place LIMIT $2
      """,
      [.uuid(high: id.high, low: id.low), .int64(Int64(NewDelivery.itemsLimit))])
    let alerting = configuration.current.alerting
    let items = try rows.map { row in
      let notice = try Notice(AnomalyChange(wireBytes: row.bytes(0)))
      return OutgoingMessage.Item(
        notice: notice,
        text: NoticeText(notice, publicURL: publicURL, templates: alerting.templates))
    }
    if items.isEmpty { return nil }
    let directory = alerting.directory
    let person = found.person.isEmpty ? nil : directory?.person(named: found.person)
    let recipient = person.map {
      OutgoingMessage.Recipient(name: $0.name, email: $0.email, slackUser: $0.slackUser)
    }
    return OutgoingMessage(
      delivery: id.text, attempt: found.attempts + 1, mayHaveArrived: found.isUncertain,
      action: found.action, reason: found.reason, threadKey: found.threadKey,
      reference: found.isTold ? found.reference : nil, receiver: found.receiver,
      groupKey: found.groupKey, groupLabels: try StoredLabels.labels(found.groupLabels),
      items: items, omittedCount: found.omitted,
      subject: found.subject ?? Self.subject(items, omitted: found.omitted),
      recipients: recipient.map { [$0] } ?? [], mark: OutgoingMessage.Mark(rawValue: found.mark))
  }

  /// The subject of what speaks of several: that of the most important, and how many more.
  private static func subject(_ items: [OutgoingMessage.Item], omitted: Int) -> String? {
    let more = items.count - 1 + omitted
    guard more > 0, let lead = items.first else { return nil }
    return "\(lead.text.subject) (and \(more) more)"
  }

  func candidate(
    _ id: WireUUID, on connection: isolated PostgresConnection
  ) throws -> Candidate? {
    let rows = try connection.execute(
      """
      SELECT d.receiver, d.action, d.notification_reason, d.deduplication_key, d.status = 1,
        (SELECT count(*) FROM delivery_attempt WHERE delivery_id = d.id),
        COALESCE(t.status = 1, false), t.reference,
        EXISTS (SELECT FROM delivery AS later WHERE later.deduplication_key = d.deduplication_key
          AND later.sequence > d.sequence AND later.action = 'resolve' AND later.status = 1),
        EXISTS (SELECT FROM delivery_attempt WHERE delivery_id = d.id AND answer IS NULL),
        d.identity, d.person, d.group_key, d.group_labels, d.omitted, d.mark, d.subject,
        d.fallbacks, d.route, d.told_receiver,
        COALESCE(h.disabled_at IS NOT NULL, false), d.receiver_kind
      FROM delivery AS d
      LEFT JOIN notification_thread AS t ON t.thread_key = d.deduplication_key
      LEFT JOIN receiver_health AS h ON h.receiver = d.receiver
      WHERE d.id = $1
      """, [.uuid(high: id.high, low: id.low)])
    return rows.first.map { row in
      Candidate(
        receiver: row.text(0), kind: row.text(21),
        action: OutgoingMessage.Action(rawValue: row.text(1)) ?? .trigger,
        reason: NotificationReason(rawValue: row.text(2)) ?? .first, threadKey: row.text(3),
        isQueued: row.bool(4), attempts: row.int(5), isTold: row.bool(6),
        reference: row.optionalText(7), isOver: row.bool(8), isUncertain: row.bool(9),
        identity: row.optionalBytes(10), person: row.text(11), groupKey: row.text(12),
        groupLabels: row.text(13), omitted: row.int(14), mark: row.text(15),
        subject: row.optionalText(16), fallbacks: row.textArray(17), path: row.text(18),
        toldReceiver: row.text(19), isDisabled: row.bool(20))
    }
  }
}
