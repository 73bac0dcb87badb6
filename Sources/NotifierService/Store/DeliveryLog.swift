internal import Alerting
internal import Postgres
internal import SeriesContract

// The log that answers every question.
extension DeliveryStore {
  /// What a list is narrowed to.
  struct Filter: Sendable {
    var anomaly: AnomalyReference?
    var receiver = ""
    var statuses: [DeliveryStatus] = []
    /// Only what is older than this; the largest number is all.
    var beforeSequence = Int64.max
    var limit = 50
  }

  /// The deliveries, newest first, and where the next page begins; nil at the end.
  func list(_ filter: Filter) async throws -> (records: [DeliveryRecord], next: Int64?) {
    try await pool.transaction { connection in
      let rows = try connection.execute(
        Self.listStatement,
        [
          filter.anomaly.map { .anomaly($0) } ?? .null, .text(filter.receiver),
          .int32Array(filter.statuses.map { Int32($0.rawValue) }), .int64(filter.beforeSequence),
          .int64(Int64(filter.limit) + 1), .null,
        ])
      let page = rows.prefix(filter.limit)
      let tries = try tries(of: page.map { $0.uuid(1) }, on: connection)
      let records = page.map { Self.record($0, tries) }
      return (records, rows.count > filter.limit ? page.last?.int64(0) : nil)
    }
  }

  /// One delivery, or nil when there is none of that identity.
  func record(
    _ id: WireUUID, on connection: isolated PostgresConnection
  ) throws -> DeliveryRecord? {
    let rows = try connection.execute(
      Self.listStatement,
      [
        .null, .text(""), .int32Array([]), .int64(.max), .int64(1),
        .uuid(high: id.high, low: id.low),
      ])
    let tries = try tries(of: rows.map { $0.uuid(1) }, on: connection)
    return rows.first.map { Self.record($0, tries) }
  }

  private static let listStatement: PostgresStatement = """
    SELECT d.sequence, d.id, d.anomaly_id, d.revision, d.kind, d.receiver, d.receiver_kind,
      d.deduplication_key, d.status, d.reason, d.route, d.queued_at, d.sent_at, s.customer,
      s.summary, d.person, d.action, d.notification_reason, d.disposition,
      ARRAY(SELECT anomaly_id::text FROM delivery_item AS i WHERE i.delivery_id = d.id
        ORDER BY i.place)
    FROM delivery AS d JOIN submission AS s USING (anomaly_id, revision, kind)
    WHERE ($1::uuid IS NULL OR d.anomaly_id = $1 OR EXISTS (SELECT FROM delivery_item AS i
        WHERE i.delivery_id = d.id AND i.anomaly_id = $1)) AND ($2 = '' OR d.receiver = $2)
      AND (cardinality($3::int[]) = 0 OR d.status = ANY ($3)) AND d.sequence < $4
      AND ($6::uuid IS NULL OR d.id = $6)
    ORDER BY d.sequence DESC LIMIT $5
    """

  private func tries(
    of ids: [PostgresUUID], on connection: isolated PostgresConnection
  ) throws -> [PostgresUUID: [DeliveryTry]] {
    if ids.isEmpty { return [:] }
    let rows = try connection.execute(
      """
      SELECT delivery_id, number, started_at, answer, COALESCE(latency_us, 0), is_final,
        COALESCE(failure, ''), COALESCE(payload, '')
      FROM delivery_attempt WHERE delivery_id = ANY ($1) ORDER BY delivery_id, number
      """, [.uuidArray(ids)])
    var tries: [PostgresUUID: [DeliveryTry]] = [:]
    for row in rows {
      tries[row.uuid(0), default: []].append(
        DeliveryTry(
          startedUnixMicroseconds: row.timestamp(2), number: row.int(1),
          answer: row.optionalText(3) ?? "(no answer noted)", latencyMicroseconds: row.int64(4),
          isFinal: row.bool(5), failure: row.text(6), payload: row.text(7)))
    }
    return tries
  }

  private static func record(
    _ row: PostgresRow, _ tries: [PostgresUUID: [DeliveryTry]]
  ) -> DeliveryRecord {
    let id = row.uuid(1)
    let anomaly = row.uuid(2)
    var record = DeliveryRecord(
      id: WireUUID(high: id.high, low: id.low).bytes,
      anomaly: AnomalyReference(high: anomaly.high, low: anomaly.low),
      revision: UInt32(clamping: row.int64(3)),
      kind: NoticeKind(rawValue: row.int(4)) ?? .changed, receiver: row.text(5),
      receiverKind: row.text(6), deduplicationKey: row.text(7),
      status: DeliveryStatus(rawValue: Int16(row.int64(8))) ?? .queued, reason: row.text(9),
      route: row.text(10), queuedUnixMicroseconds: row.timestamp(11),
      sentUnixMicroseconds: row.optionalTimestamp(12), tries: tries[id] ?? [],
      customer: row.text(13), summary: row.text(14))
    record.person = row.text(15)
    record.action = row.text(16)
    record.notificationReason = row.text(17)
    let disposition = Disposition(rawValue: Int16(row.int(18))) ?? .pending
    record.disposition = disposition == .pending ? "" : disposition.name
    record.items = row.textArray(19).compactMap { AnomalyReference(text: $0) }
    return record
  }

  /// What came of the wish to send again.
  enum RetryAnswer: Sendable {
    case unknown
    /// It is not one that could be sent again.
    case refused(DeliveryRecord)
    /// It waits to be sent, since before or from now on.
    case queued(DeliveryRecord)
  }

  /// Lets a delivery that was given up be tried anew, with all its time.
  func retry(_ id: WireUUID, now: Int64) async throws -> RetryAnswer {
    try await pool.transaction { connection in
      try lockThread(of: id, on: connection)
      guard let found = try record(id, on: connection) else { return .unknown }
      switch found.status {
      case .queued: return .queued(found)
      case .sent, .withoutRoute, .skipped: return .refused(found)
      case .undeliverable: break
      }
      guard configuration.current.receivers[found.receiver] != nil else { return .refused(found) }
      try connection.execute(
        """
        UPDATE delivery SET status = 1, reason = '',
          give_up_at = $2::timestamptz + make_interval(secs => $3)
        WHERE id = $1
        """,
        [
          .uuid(high: id.high, low: id.low), .timestamp(unixMicroseconds: now),
          .double(giveUpSeconds),
        ])
      try connection.execute(
        "UPDATE receiver_health SET disabled_at = NULL WHERE receiver = $1",
        [.text(found.receiver)])
      try activate(found.deduplicationKey, receiver: found.receiver, on: connection)
      return .queued(try record(id, on: connection) ?? found)
    }
  }

  /// Receivers that have work waiting and are not among the settings any more.
  func orphans() async throws -> [String] {
    try await pool.query(
      "SELECT DISTINCT receiver FROM delivery WHERE status = 1 AND is_active"
    ).map { $0.text(0) }.filter { configuration.current.receivers[$0] == nil }
  }
}
