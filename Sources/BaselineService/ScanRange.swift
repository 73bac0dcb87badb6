import Baselines
import Postgres
import SeriesModel

/// A part of a run: neighbouring shards with about a thousand series.
struct ScanRange: Sendable {
  let shards: Range<Int>
  let progress: Progress

  /// How far the range has come, in all: a commit whose answer was lost may be repeated.
  struct Progress: Sendable {
    var bucketsDue: Int64
    var bucketsScanned: Int64
    var findings: Int64
  }

  /// Where a range lies, and how many series it has.
  struct Place: Sendable, Hashable {
    var shards: Range<Int>
    var series: Int
  }

  /// All ranges of a run, in the order of their shards.
  static func all(of run: ScanRun, in pool: PostgresPool) async throws -> [Place] {
    try await pool.query(
      """
      SELECT shard_from, shard_to, series_due FROM scan_range WHERE run_id = $1
      ORDER BY shard_from
      """, [run.id.stored]
    ).map { Place(shards: $0.int(0)..<$0.int(1), series: $0.int(2)) }
  }

  /// The range of a run that is still to be done, or nil.
  static func find(
    _ run: ScanRun, shardFrom: Int32, in pool: PostgresPool
  ) async throws -> ScanRange? {
    try await pool.query(
      """
      SELECT shard_from, shard_to, buckets_due, buckets_scanned, findings FROM scan_range
      WHERE run_id = $1 AND shard_from = $2 AND state <> 1
      """, [run.id.stored, .int32(shardFrom)]
    ).first.map { row in
      ScanRange(
        shards: row.int(0)..<row.int(1),
        progress: Progress(
          bucketsDue: row.int64(2), bucketsScanned: row.int64(3), findings: row.int64(4)))
    }
  }

  /// Writes how far the range has come.
  func record(
    _ progress: Progress, to run: ScanRun, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      UPDATE scan_range SET buckets_due = $3, buckets_scanned = $4, findings = $5
      WHERE run_id = $1 AND shard_from = $2
      """,
      [
        run.id.stored, .int32(Int32(shards.lowerBound)), .int64(progress.bucketsDue),
        .int64(progress.bucketsScanned), .int64(progress.findings),
      ])
  }

  /// Ends the range.
  func complete(
    _ run: ScanRun, _ scanned: Int64, skips: [String: Int64],
    on connection: isolated PostgresConnection
  ) throws {
    let reasons = skips.keys.sorted()
    let skipped = skips.values.reduce(0, +)
    try connection.execute(
      """
      UPDATE scan_range SET state = 1, series_scanned = $3, series_skipped = $4,
        series_due = $3 + $4, last_reason = NULL
      WHERE run_id = $1 AND shard_from = $2
      """,
      [
        run.id.stored, .int32(Int32(shards.lowerBound)), .int64(scanned), .int64(skipped),
      ])
    try connection.execute(
      """
      INSERT INTO scan_skip (run_id, shard_from, reason, count)
      SELECT $1, $2, reason, count FROM unnest($3::text[], $4::bigint[]) AS skip(reason, count)
      ON CONFLICT (run_id, shard_from, reason) DO UPDATE SET count = EXCLUDED.count
      """,
      [
        run.id.stored, .int32(Int32(shards.lowerBound)), .textArray(reasons),
        .int64Array(reasons.map { skips[$0] ?? 0 }),
      ])
  }

  /// Counts a failure; after too many the range is given up and the run may end without it.
  ///
  /// - Returns: Whether the range is given up.
  func fail(
    _ run: ScanRun, reason: String, limit: Int, runs: ScanRunTable
  ) async throws -> Bool {
    let kept = String(reason.prefix(500)).replacing("\0", with: "")
    return try await runs.pool.transaction { connection in
      let row = try connection.execute(
        """
        UPDATE scan_range SET failures = failures + 1, last_reason = $3,
          state = CASE WHEN failures + 1 >= $4 THEN 2 ELSE 0 END
        WHERE run_id = $1 AND shard_from = $2 AND state <> 1
        RETURNING state = 2
        """,
        [
          run.id.stored, .int32(Int32(shards.lowerBound)), .text(kept), .int32(Int32(limit)),
        ]
      ).first
      let isOver = row?.bool(0) ?? false
      if isOver { try runs.finishIfDone(run, on: connection) }
      return isOver
    }
  }
}
