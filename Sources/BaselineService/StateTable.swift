import Baselines
import Postgres
import SeriesModel

/// A model at rest.
struct StoredState: Sendable {
  var through: Int32
  var judged: Int32?
  var bytes: [UInt8]
}

/// A model on its way to rest.
struct StateChange: Sendable {
  var key: SeriesKey
  var state: StoredState
}

/// The models at rest, one a series.
enum StateTable {
  /// The models of some shards, and the series whose past was corrected after they last learned.
  static func load(
    _ granularity: Granularity, shards: Range<Int>, sequence: Int64, from pool: PostgresPool
  ) async throws -> (states: [SeriesKey: StoredState], corrected: Set<SeriesKey>) {
    let parameters: [PostgresValue] = [
      .int16(Int16(granularity.rawValue)), .int32(Int32(shards.lowerBound)),
      .int32(Int32(shards.upperBound)),
    ]
    let rows = try await pool.query(
      """
      SELECT customer_id, metric_id, through_bucket, judged_bucket, state FROM series_state
      WHERE granularity = $1 AND shard >= $2 AND shard < $3
      """, parameters)
    var states: [SeriesKey: StoredState] = [:]
    states.reserveCapacity(rows.count)
    for row in rows {
      states[SeriesKey(row: row)] = StoredState(
        through: row.int32(2), judged: row.optionalInt64(3).map { Int32($0) },
        bytes: row.bytes(4))
    }
    let late = try await pool.query(
      """
      SELECT DISTINCT series_state.customer_id, series_state.metric_id
      FROM ingest.correction_v1 AS correction JOIN series_state USING (customer_id, metric_id)
      WHERE granularity = $1 AND shard >= $2 AND shard < $3
        AND correction.sequence > (
          SELECT min(ingest_sequence) FROM series_state
          WHERE granularity = $1 AND shard >= $2 AND shard < $3)
        AND correction.sequence > series_state.ingest_sequence AND correction.sequence <= $4
        AND correction.bucket <= series_state.through_bucket
      """, parameters + [.int64(sequence)])
    return (states, Set(late.map { SeriesKey(row: $0) }))
  }

  /// The model of one series, or nil.
  static func find(_ key: SeriesKey, in pool: PostgresPool) async throws -> StoredState? {
    try await pool.query(
      """
      SELECT through_bucket, judged_bucket, state FROM series_state
      WHERE customer_id = $1 AND metric_id = $2
      """,
      [.uuid(high: key.customer.high, low: key.customer.low), .int32(key.metric.number)]
    ).first.map { row in
      StoredState(
        through: row.int32(0), judged: row.optionalInt64(1).map { Int32($0) },
        bytes: row.bytes(2))
    }
  }

  /// Writes models, each over what was there.
  static func store(
    _ changes: [StateChange], _ granularity: Granularity, sequence: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    guard !changes.isEmpty else { return }
    try connection.execute(
      """
      INSERT INTO series_state (customer_id, metric_id, shard, granularity, through_bucket,
        judged_bucket, ingest_sequence, state)
      SELECT customer_id, metric_id, shard, $7, through_bucket, NULLIF(judged, $8), $9, state
      FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::bytea[])
        AS new(customer_id, metric_id, shard, through_bucket, judged, state)
      ON CONFLICT (customer_id, metric_id) DO UPDATE SET
        through_bucket = EXCLUDED.through_bucket, judged_bucket = EXCLUDED.judged_bucket,
        ingest_sequence = EXCLUDED.ingest_sequence, state = EXCLUDED.state
      """,
      [
        .uuidArray(
          changes.map { PostgresUUID(high: $0.key.customer.high, low: $0.key.customer.low) }),
        .int32Array(changes.map(\.key.metric.number)),
        .int32Array(changes.map { Int32($0.key.customer.shard) }),
        .int32Array(changes.map(\.state.through)),
        .int32Array(changes.map { $0.state.judged ?? Int32.min }),
        .bytesArray(changes.map(\.state.bytes)), .int16(Int16(granularity.rawValue)),
        .int32(Int32.min), .int64(sequence),
      ])
  }
}

extension SeriesKey {
  /// Reads the first two columns.
  fileprivate init(row: PostgresRow) {
    self.init(
      CustomerID(high: row.uuid(0).high, low: row.uuid(0).low), MetricID(row.int32(1)))
  }
}
