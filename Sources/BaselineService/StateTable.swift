import Baselines
import Postgres
import SeriesModel

/// A model at rest.
struct StoredState: Sendable {
  var through: Int32
  var judged: Int32?
  var bytes: [UInt8]
  /// The change of the calendar that the model was advanced after.
  var calendarSequence: Int64 = 0
  /// How often its past was judged.
  var revision: UInt32 = 1
}

/// A model on its way to rest.
struct StateChange: Sendable {
  var key: SeriesKey
  var state: StoredState
}

/// The models at rest, one a series.
enum StateTable {
  /// The models of some shards, and of the series whose past was corrected after they last learned
  /// the first bucket that was.
  static func load(
    _ granularity: Granularity, shards: Range<Int>, sequence: Int64, from pool: PostgresPool
  ) async throws -> (states: [SeriesKey: StoredState], corrected: [SeriesKey: Int32]) {
    let parameters: [PostgresValue] = [
      .int16(Int16(granularity.rawValue)), .int32(Int32(shards.lowerBound)),
      .int32(Int32(shards.upperBound)),
    ]
    let rows = try await pool.query(
      """
      SELECT customer_id, metric_id, through_bucket, judged_bucket, state, calendar_sequence,
        revision
      FROM series_state
      WHERE granularity = $1 AND shard >= $2 AND shard < $3
      """, parameters)
    var states: [SeriesKey: StoredState] = [:]
    states.reserveCapacity(rows.count)
    for row in rows {
      states[SeriesKey(row: row)] = StoredState(
        through: row.int32(2), judged: row.optionalInt64(3).map { Int32($0) },
        bytes: row.bytes(4), calendarSequence: row.int64(5),
        revision: UInt32(clamping: row.int64(6)))
    }
    let late = try await pool.query(
      """
      SELECT series_state.customer_id, series_state.metric_id, min(correction.bucket)
      FROM ingest.correction_v1 AS correction JOIN series_state USING (customer_id, metric_id)
      WHERE granularity = $1 AND shard >= $2 AND shard < $3
        AND correction.sequence > (
          SELECT min(ingest_sequence) FROM series_state
          WHERE granularity = $1 AND shard >= $2 AND shard < $3)
        AND correction.sequence > series_state.ingest_sequence AND correction.sequence <= $4
        AND correction.bucket <= series_state.through_bucket
      GROUP BY series_state.customer_id, series_state.metric_id
      """, parameters + [.int64(sequence)])
    let corrected = late.map { (SeriesKey(row: $0), $0.int32(2)) }
    return (states, Dictionary(uniqueKeysWithValues: corrected))
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
    _ changes: [StateChange], of run: ScanRun,
    on connection: isolated PostgresConnection
  ) throws {
    guard !changes.isEmpty else { return }
    try connection.execute(
      """
      INSERT INTO series_state (customer_id, metric_id, shard, granularity, through_bucket,
        judged_bucket, ingest_sequence, state, calendar_sequence, revision)
      SELECT customer_id, metric_id, shard, $8, through_bucket, NULLIF(judged, $9), $10, state,
        $11, revision
      FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::bytea[], $7::int[])
        AS new(customer_id, metric_id, shard, through_bucket, judged, state, revision)
      ON CONFLICT (customer_id, metric_id) DO UPDATE SET
        through_bucket = EXCLUDED.through_bucket, judged_bucket = EXCLUDED.judged_bucket,
        ingest_sequence = EXCLUDED.ingest_sequence, state = EXCLUDED.state,
        calendar_sequence = EXCLUDED.calendar_sequence, revision = EXCLUDED.revision
      """,
      [
        .uuidArray(
          changes.map { PostgresUUID(high: $0.key.customer.high, low: $0.key.customer.low) }),
        .int32Array(changes.map(\.key.metric.number)),
        .int32Array(changes.map { Int32($0.key.customer.shard) }),
        .int32Array(changes.map(\.state.through)),
        .int32Array(changes.map { $0.state.judged ?? Int32.min }),
        .bytesArray(changes.map(\.state.bytes)),
        .int32Array(changes.map { Int32(clamping: $0.state.revision) }),
        .int16(Int16(run.granularity.rawValue)), .int32(Int32.min), .int64(run.ingestSequence),
        .int64(run.calendarSequence),
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
