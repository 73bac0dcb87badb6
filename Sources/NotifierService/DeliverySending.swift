internal import Alerting
internal import Integration
internal import AnomalyContract
internal import DeliveryContract
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
  private struct Candidate {
    var anomaly: AnomalyReference
    var receiver: String
    var isTrigger: Bool
    var key: String
    var isQueued: Bool
    var attempts: Int
    var change: [UInt8]
    var isTold: Bool
    var keyID: String?
    var isOver: Bool
    /// An attempt began whose answer was never noted.
    var isUncertain: Bool
  }

  /// The message of a delivery, without noting an attempt; nil when it is not to be sent.
  func message(_ id: WireUUID) async throws -> OutgoingMessage? {
    try await pool.transaction { connection in
      guard let found = try candidate(id, on: connection), found.isQueued else { return nil }
      return try message(id, found)
    }
  }

  /// Notes that an attempt begins, or that the delivery has become pointless.
  func begin(_ id: WireUUID, job: ClaimedJob, now: Int64) async throws -> Turn {
    try await pool.transaction { connection in
      guard let peek = try candidate(id, on: connection) else {
        try queue.complete(job, on: connection)
        return .done(nil)
      }
      try lock(peek.anomaly, on: connection)
      // Read again now that nobody else writes.
      guard let found = try candidate(id, on: connection), found.isQueued else {
        try queue.complete(job, on: connection)
        return .done(nil)
      }
      if let reason = pointless(found) {
        try close(
          id, found.anomaly, found.receiver, status: .skipped, reason: reason.rawValue, sent: nil,
          on: connection)
        try queue.complete(job, on: connection)
        return .done(.skipped)
      }
      let number = found.attempts + 1
      try connection.execute(
        "INSERT INTO delivery_attempt (delivery_id, number, started_at) VALUES ($1, $2, $3)",
        [
          .uuid(high: id.high, low: id.low), .int32(Int32(number)),
          .timestamp(unixMicroseconds: now),
        ])
      return .send(try message(id, found), attempt: number)
    }
  }

  /// Why a delivery need not be sent any more.
  private func pointless(_ found: Candidate) -> NotificationAction.Reason? {
    if !found.isTrigger { return found.isTold ? nil : .nothingToResolve }
    // Nobody is woken for what is over. But what may have arrived must be followed by its end, and
    // the end only follows what was told for certain.
    return found.isOver && !found.isTold && !found.isUncertain ? .overtaken : nil
  }

  private func message(_ id: WireUUID, _ found: Candidate) throws -> OutgoingMessage {
    let notice = try Notice(AnomalyChange(wireBytes: found.change))
    return OutgoingMessage(
      delivery: id.text, attempt: found.attempts + 1, mayHaveArrived: found.isUncertain,
      action: found.isTrigger ? .trigger : .resolve, threadKey: found.key,
      reference: found.isTold ? found.keyID : nil, receiver: found.receiver,
      items: [.init(notice: notice, text: NoticeText(notice, publicURL: publicURL))])
  }

  private func candidate(
    _ id: WireUUID, on connection: isolated PostgresConnection
  ) throws -> Candidate? {
    let rows = try connection.execute(
      """
      SELECT d.anomaly_id, d.receiver, d.is_trigger, d.deduplication_key, d.status = 1,
        (SELECT count(*) FROM delivery_attempt WHERE delivery_id = d.id), s.change,
        COALESCE(t.told_status = 1, false), t.key_id,
        COALESCE(t.planned_status = 2 AND t.planned_revision > d.revision, false),
        EXISTS (SELECT FROM delivery_attempt WHERE delivery_id = d.id AND answer IS NULL)
      FROM delivery AS d
      JOIN submission AS s USING (anomaly_id, revision, kind)
      LEFT JOIN thread AS t ON t.anomaly_id = d.anomaly_id AND t.receiver = d.receiver
      WHERE d.id = $1
      """, [.uuid(high: id.high, low: id.low)])
    return rows.first.map { row in
      let anomaly = row.uuid(0)
      return Candidate(
        anomaly: AnomalyReference(high: anomaly.high, low: anomaly.low), receiver: row.text(1),
        isTrigger: row.bool(2), key: row.text(3), isQueued: row.bool(4), attempts: row.int(5),
        change: row.bytes(6), isTold: row.bool(7), keyID: row.optionalText(8), isOver: row.bool(9),
        isUncertain: row.bool(10))
    }
  }

  /// Notes the answer, and ends the delivery unless it is to be tried again.
  ///
  /// - Parameters:
  ///   - id: The delivery.
  ///   - message: What was sent.
  ///   - attempt: The number that ``begin(_:job:now:)`` gave.
  ///   - result: What became of it.
  ///   - status: How the delivery stands now; queued is to be tried again.
  ///   - latencyMicroseconds: How long the attempt took.
  ///   - job: Removed in the same transaction unless the delivery stays queued.
  ///   - now: In microseconds since 1970.
  /// - Throws: `WorkQueueError` when another worker has the job by now, or an error of the
  ///   database; nothing is noted then.
  func finish(
    _ id: WireUUID, _ message: OutgoingMessage, attempt: Int, result: SendResult,
    status: DeliveryStatus, latencyMicroseconds: Int64, job: ClaimedJob, now: Int64
  ) async throws {
    let anomaly = message.lead.notice.anomaly
    let receiver = String(job.kind.dropFirst("deliver/".count))
    try await pool.transaction { connection in
      try lock(anomaly, on: connection)
      try connection.execute(
        """
        UPDATE delivery_attempt SET answer = $3, latency_us = $4, is_final = $5
        WHERE delivery_id = $1 AND number = $2
        """,
        [
          .uuid(high: id.high, low: id.low), .int32(Int32(attempt)),
          .text(cut(result.answer)), .int64(latencyMicroseconds), .bool(status != .queued),
        ])
      let isTaken = status == .sent
      if isTaken || (result.mayHaveArrived && message.action == .trigger) {
        try connection.execute(
          """
          UPDATE thread SET told_status = $3, key_id = COALESCE($4, key_id)
          WHERE anomaly_id = $1 AND receiver = $2
          """,
          [
            .anomaly(anomaly), .text(receiver),
            .int16(
              (message.action == .trigger ? NotificationThread.Status.triggered : .resolved)
                .rawValue),
            .optionalText(result.reference),
          ])
      }
      if status == .queued { return }
      try close(
        id, anomaly, receiver, status: status, reason: isTaken ? "" : cut(result.answer),
        sent: isTaken ? now : nil, on: connection)
      try queue.complete(job, on: connection)
    }
  }

  /// Gives up a delivery whose time is over.
  func hasTimeLeft(_ id: WireUUID, afterSeconds: Double, now: Int64) async throws -> Bool {
    let rows = try await pool.query(
      """
      SELECT give_up_at > $2::timestamptz + make_interval(secs => $3) FROM delivery WHERE id = $1
      """,
      [
        .uuid(high: id.high, low: id.low), .timestamp(unixMicroseconds: now),
        .double(afterSeconds),
      ])
    return rows.first?.bool(0) ?? false
  }

  private func close(
    _ id: WireUUID, _ anomaly: AnomalyReference, _ receiver: String, status: DeliveryStatus,
    reason: String, sent: Int64?, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      UPDATE delivery SET status = $2, reason = $3, sent_at = $4::timestamptz, is_active = false
      WHERE id = $1
      """,
      [
        .uuid(high: id.high, low: id.low), .int16(status.rawValue), .text(reason),
        sent.map { .timestamp(unixMicroseconds: $0) } ?? .null,
      ])
    try activate(anomaly, receiver: receiver, on: connection)
  }

  private func cut(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\0" }.prefix(500)))
  }
}
