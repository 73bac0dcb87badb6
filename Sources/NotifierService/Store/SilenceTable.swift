internal import Alerting
internal import AnomalyContract
internal import DeliveryContract
internal import JSON
internal import Postgres
internal import RPC

// Silences, and what else a moment is made of.
extension DeliveryStore {
  /// Silences that cover something at a moment.
  func silences(
    at now: Int64, on connection: isolated PostgresConnection
  ) throws -> [Alerting.Silence] {
    let moment = PostgresValue.timestamp(unixMicroseconds: now)
    return try connection.execute(
      """
      SELECT id, matchers, created_by, comment, starts_at, ends_at, created_at, updated_at,
        last_matched_at, reminder_sent
      FROM silence WHERE starts_at <= $1 AND ends_at > $1 ORDER BY id
      """, [moment]
    ).map { try Self.silence($0) }
  }

  /// Reads a row.
  static func silence(_ row: PostgresRow) throws -> Alerting.Silence {
    let id = row.uuid(0)
    return Alerting.Silence(
      id: SilenceID(high: id.high, low: id.low), matchers: try matchers(row.text(1)),
      createdBy: row.text(2), comment: row.text(3), startsAt: row.timestamp(4),
      endsAt: row.timestamp(5), createdAt: row.timestamp(6), updatedAt: row.timestamp(7),
      lastMatchedAt: row.optionalTimestamp(8), reminderSent: row.bool(9))
  }

  private static func matchers(_ text: String) throws -> [[Matcher]] {
    let sets = try JSONValue(parsing: text).arrayValue ?? []
    return try sets.map { set in
      try (set.arrayValue ?? []).compactMap(\.stringValue).map { try Matcher(parsing: $0) }
    }
  }

  /// Writes a silence.
  func save(_ silence: Alerting.Silence, on connection: isolated PostgresConnection) throws {
    let sets = silence.matchers.map { set in JSONValue.array(set.map { .string($0.description) }) }
    try connection.execute(
      """
      INSERT INTO silence (id, matchers, created_by, comment, starts_at, ends_at, created_at,
        updated_at, last_matched_at, reminder_sent)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (id) DO UPDATE SET matchers = EXCLUDED.matchers, comment = EXCLUDED.comment,
        starts_at = EXCLUDED.starts_at, ends_at = EXCLUDED.ends_at,
        updated_at = EXCLUDED.updated_at, last_matched_at = EXCLUDED.last_matched_at,
        reminder_sent = EXCLUDED.reminder_sent
      """,
      [
        .uuid(high: silence.id.high, low: silence.id.low),
        .text(JSONValue.array(sets).encoded()), .text(silence.createdBy), .text(silence.comment),
        .timestamp(unixMicroseconds: silence.startsAt),
        .timestamp(unixMicroseconds: silence.endsAt),
        .timestamp(unixMicroseconds: silence.createdAt),
        .timestamp(unixMicroseconds: silence.updatedAt),
        .optionalTimestamp(silence.lastMatchedAt), .bool(silence.reminderSent),
      ])
  }

  /// Lets the groups look again that hold what a silence covered, now that it does not.
  func wakeSilenced(
    by id: SilenceID, now: Int64, on connection: isolated PostgresConnection
  ) throws {
    let rows = try connection.execute(
      """
      UPDATE alarm_group SET flush_at = $2
      WHERE identity IN (SELECT identity FROM group_member
        WHERE left_at IS NULL AND cause LIKE '%' || $1 || '%')
      RETURNING receiver
      """, [.text(id.text), .timestamp(unixMicroseconds: now)])
    try enqueuePlanning(Set(rows.map { $0.text(0) }), on: connection)
  }

  /// All anomalies that last, for what stands for what.
  func firing(on connection: isolated PostgresConnection) throws -> [FiringAnomaly] {
    let rules = configuration.current.alerting.inhibitions
    return try connection.execute("SELECT change FROM anomaly WHERE NOT is_over", []).compactMap {
      let notice = try Notice(AnomalyChange(wireBytes: $0.bytes(0)))
      let labels = notice.labels
      // Only what can be a source counts; the rest would be carried along for nothing.
      let isSource = rules.contains { $0.sourceMatchers.allSatisfy { $0.matches(labels) } }
      return isSource ? FiringAnomaly(id: notice.anomaly, labels: labels) : nil
    }
  }

  /// An anomaly as it stands now.
  func newest(
    _ anomaly: AnomalyReference, on connection: isolated PostgresConnection
  ) throws -> Notice? {
    try connection.execute(
      "SELECT change FROM anomaly WHERE anomaly_id = $1", [.anomaly(anomaly)]
    ).first.map { try Notice(AnomalyChange(wireBytes: $0.bytes(0))) }
  }
}

// Looking silences up.
extension DeliveryStore {
  private static let silenceColumns: PostgresStatement = """
    SELECT id, matchers, created_by, comment, starts_at, ends_at, created_at, updated_at,
      last_matched_at, reminder_sent
    FROM silence WHERE id = $1 FOR UPDATE
    """

  /// One silence, locked; nil for one that does not exist.
  func silence(
    _ id: SilenceID, on connection: isolated PostgresConnection
  ) throws -> Alerting.Silence? {
    try connection.execute(Self.silenceColumns, [.uuid(high: id.high, low: id.low)]).first
      .map { try Self.silence($0) }
  }

  /// Silences by their ends, the latest first.
  func silences(
    endingBefore before: Int64, withExpired: Bool, limit: Int, now: Int64
  ) async throws -> [Alerting.Silence] {
    try await pool.query(
      """
      SELECT id, matchers, created_by, comment, starts_at, ends_at, created_at, updated_at,
        last_matched_at, reminder_sent
      FROM silence WHERE ($1::timestamptz IS NULL OR ends_at < $1) AND ($2 OR ends_at > $3)
      ORDER BY ends_at DESC, id LIMIT $4
      """,
      [
        before == .max ? .null : .timestamp(unixMicroseconds: before), .bool(withExpired),
        .timestamp(unixMicroseconds: now), .int64(Int64(limit)),
      ]
    ).map { try Self.silence($0) }
  }

  /// Changes of anomalies since a moment, and what lasts, as far as a preview goes.
  func recentNotices(since: Int64) async throws -> [PreviewedNotice] {
    let rows = try await pool.query(
      """
      SELECT s.change, s.received_at, NOT a.is_over AND a.revision = s.revision
      FROM submission AS s JOIN anomaly AS a USING (anomaly_id)
      WHERE s.received_at >= $1 OR (NOT a.is_over AND a.revision = s.revision)
      ORDER BY s.received_at DESC LIMIT 100000
      """, [.timestamp(unixMicroseconds: since)])
    return try rows.map { row in
      let notice = try Notice(AnomalyChange(wireBytes: row.bytes(0)))
      return PreviewedNotice(
        anomaly: notice.anomaly, labels: notice.labels, at: row.timestamp(1),
        isFiring: row.bool(2))
    }
  }
}
