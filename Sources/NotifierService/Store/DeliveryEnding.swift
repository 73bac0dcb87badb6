internal import Alerting
internal import AnomalyContract
internal import DeliveryContract
internal import Integration
internal import Postgres
internal import RPC
internal import SeriesContract
internal import WorkQueue

// What follows from an answer.
extension DeliveryStore {
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
    try await pool.transaction { connection in
      try lockThread(of: id, on: connection)
      try connection.execute(
        """
        UPDATE delivery_attempt SET answer = $3, latency_us = $4, is_final = $5, failure = $6,
          payload = $7
        WHERE delivery_id = $1 AND number = $2
        """,
        [
          .uuid(high: id.high, low: id.low), .int32(Int32(attempt)),
          .text(cut(result.answer, 500)), .int64(latencyMicroseconds), .bool(status != .queued),
          .optionalText(result.failure?.rawValue),
          .text(cut(result.payload, payloadLogLimit)),
        ])
      try noteHealth(message.receiver, result, now: now, on: connection)
      let isTaken = status == .sent
      if isTaken || (result.mayHaveArrived && message.action == .trigger) {
        try connection.execute(
          """
          UPDATE notification_thread SET status = $2, reference = COALESCE($3, reference)
          WHERE thread_key = $1
          """,
          [
            .text(message.threadKey), .int16(message.action == .resolve ? 2 : 1),
            .optionalText(result.reference),
          ])
      }
      if status == .queued { return }
      guard let found = try candidate(id, on: connection) else { return }
      let reason = isTaken ? "" : cut(result.answer, 500)
      try close(id, found, status: status, reason: reason, now: now, on: connection)
      try queue.complete(job, on: connection)
    }
  }

  /// Whether there is time for another try after a wait.
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

  /// Ends a delivery: in the log, in the account of each anomaly, and for escalations.
  func close(
    _ id: WireUUID, _ found: Candidate, status: DeliveryStatus, reason: String, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    let disposition: Disposition = status == .sent ? .sent : .undeliverable
    try connection.execute(
      """
      UPDATE delivery SET status = $2, reason = $3, is_active = false,
        sent_at = CASE WHEN $2 = 2 THEN $4::timestamptz END, disposition = $5
      WHERE id = $1
      """,
      [
        .uuid(high: id.high, low: id.low), .int16(status.rawValue), .text(reason),
        .timestamp(unixMicroseconds: now), .int16(disposition.rawValue),
      ])
    try activate(found.threadKey, receiver: found.receiver, on: connection)
    guard found.action == .trigger, let identity = found.identity else { return }
    let told = try connection.execute(
      "SELECT anomaly_id FROM delivery_item WHERE delivery_id = $1 ORDER BY place",
      [.uuid(high: id.high, low: id.low)]
    ).map { AnomalyReference(high: $0.uuid(0).high, low: $0.uuid(0).low) }
    if status == .undeliverable, try fallBack(id, found, now: now, on: connection) { return }
    for anomaly in told {
      try account(
        anomaly, identity, status: status, reason: reason, now: now, on: connection)
      if status == .sent || status == .undeliverable {
        try informEscalations(
          of: anomaly, in: identity, isDelivered: status == .sent, now: now, on: connection)
      }
    }
  }

  /// What became of an anomaly that was on its way.
  private func account(
    _ anomaly: AnomalyReference, _ identity: [UInt8], status: DeliveryStatus, reason: String,
    now: Int64, on connection: isolated PostgresConnection
  ) throws {
    let disposition: Disposition =
      switch status {
      case .sent: .sent
      case .undeliverable: .undeliverable
      default: .dismissedBeforeSending
      }
    try connection.execute(
      """
      UPDATE group_member SET disposition = $3, cause = $4, disposed_at = $5
      WHERE identity = $1 AND anomaly_id = $2 AND (disposition = 0 OR ($3 = 1 AND disposition = 9))
      """,
      [
        .bytes(identity), .anomaly(anomaly), .int16(disposition.rawValue), .text(reason),
        .timestamp(unixMicroseconds: now),
      ])
  }

  /// Gives a message that its receiver never takes to the person's next one; false when there is
  /// none.
  private func fallBack(
    _ id: WireUUID, _ found: Candidate, now: Int64, on connection: isolated PostgresConnection
  ) throws -> Bool {
    guard let next = found.fallbacks.first, let identity = found.identity,
      let group = try groups([identity], on: connection).first
    else { return false }
    let rows = try connection.execute(
      """
      SELECT s.change FROM delivery_item AS i
      JOIN submission AS s USING (anomaly_id, revision, kind)
      WHERE i.delivery_id = $1 ORDER BY i.place
      """, [.uuid(high: id.high, low: id.low)])
    let notices = try rows.map { try Notice(AnomalyChange(wireBytes: $0.bytes(0))) }
    guard let lead = notices.first else { return false }
    try insert(
      NewDelivery(
        threadKey: threadKey(
          group.group.scope(of: lead), in: group.place, labels: group.labels, channel: next),
        channel: next, fallbacks: Array(found.fallbacks.dropFirst()), place: group.place,
        identity: identity, groupKey: found.groupKey, groupLabels: group.labels,
        action: .trigger, reason: found.reason, notices: notices),
      now: now, on: connection)
    return true
  }

  private func noteHealth(
    _ receiver: String, _ result: SendResult, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    let isTaken = result.outcome == .taken
    try connection.execute(
      """
      INSERT INTO receiver_health (receiver, last_success_at, last_failure_at, last_failure,
        failures_in_a_row, disabled_at)
      VALUES ($1, CASE WHEN $2 THEN $3::timestamptz END, CASE WHEN NOT $2 THEN $3::timestamptz END,
        $4, CASE WHEN $2 THEN 0 ELSE 1 END, CASE WHEN $5 THEN $3::timestamptz END)
      ON CONFLICT (receiver) DO UPDATE SET
        last_success_at = COALESCE(EXCLUDED.last_success_at, receiver_health.last_success_at),
        last_failure_at = COALESCE(EXCLUDED.last_failure_at, receiver_health.last_failure_at),
        last_failure = CASE WHEN $2 THEN receiver_health.last_failure ELSE $4 END,
        failures_in_a_row = CASE WHEN $2 THEN 0 ELSE receiver_health.failures_in_a_row + 1 END,
        disabled_at = COALESCE(EXCLUDED.disabled_at, receiver_health.disabled_at)
      """,
      [
        .text(receiver), .bool(isTaken), .timestamp(unixMicroseconds: now),
        .text(isTaken ? "" : cut(result.answer, 500)), .bool(result.outcome == .disabled),
      ])
  }

  private func cut(_ text: String, _ limit: Int) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\0" }.prefix(limit)))
  }
}
