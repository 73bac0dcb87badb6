import Baselines
import Postgres
import SeriesModel

extension ScanRunTable {
  /// The run of a granularity that has begun and judges a bucket, or nil.
  func judging(_ bucket: Bucket) async throws -> ScanRun? {
    try await pool.query(
      """
      SELECT run_id, granularity, through_bucket, from_bucket, ingest_sequence, notify_history,
        state, series_due, calendar_sequence, setting_sequence
      FROM scan_run WHERE granularity = $1 AND state > 0 AND through_bucket >= $2
      ORDER BY through_bucket LIMIT 1
      """, [.int16(Int16(bucket.granularity.rawValue)), .int32(bucket.index)]
    ).first.flatMap { ScanRun(row: $0) }
  }

  /// By which settings the buckets of a granularity were judged: the change, and the last bucket of
  /// the runs side by side that took it, oldest first.
  func settingsTaken(
    _ granularity: Granularity, _ buckets: ClosedRange<Int32>
  ) async throws -> [(through: Int32, sequence: Int64)] {
    try await pool.query(
      """
      SELECT through_bucket, setting_sequence FROM (
        SELECT through_bucket, setting_sequence,
          lead(setting_sequence) OVER (ORDER BY through_bucket) AS next_sequence
        FROM scan_run
        WHERE granularity = $1 AND state > 0 AND through_bucket BETWEEN $2 AND $3) AS run
      WHERE next_sequence IS DISTINCT FROM setting_sequence ORDER BY through_bucket
      """,
      [
        .int16(Int16(granularity.rawValue)), .int32(buckets.lowerBound),
        .int32(buckets.upperBound),
      ]
    ).map { (through: $0.int32(0), sequence: $0.optionalInt64(1) ?? 0) }
  }
}
