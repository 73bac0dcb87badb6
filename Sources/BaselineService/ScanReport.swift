import Baselines
import EvidenceContract
import Postgres
import SeriesContract
import SeriesModel

/// How far a run has come, as callers ask for it.
enum ScanReport {
  /// The report of a run, or nil when there is none of that identity.
  static func read(
    _ id: ScanRunID, from pool: PostgresPool
  ) async throws -> GetScanResponse? {
    let rows = try await pool.query(
      """
      SELECT run.granularity, run.from_bucket, run.through_bucket, run.state, run.started_at,
        run.ended_at, run.series_due,
        COALESCE(sum(range.series_scanned), 0)::bigint,
        COALESCE(sum(range.series_skipped), 0)::bigint,
        COALESCE(sum(range.series_due) FILTER (WHERE range.state = 2), 0)::bigint,
        COALESCE(sum(range.buckets_due), 0)::bigint,
        COALESCE(sum(range.buckets_scanned), 0)::bigint,
        COALESCE(sum(range.findings), 0)::bigint
      FROM scan_run AS run LEFT JOIN scan_range AS range USING (run_id)
      WHERE run.run_id = $1 GROUP BY run.run_id
      """, [id.stored])
    guard let row = rows.first,
      let granularity = SeriesModel.Granularity(rawValue: UInt8(clamping: row.int64(0)))
    else { return nil }
    var report = GetScanResponse()
    report.runID = id.bytes
    report.granularity = SeriesContract.Granularity(granularity)
    report.fromBucket = row.optionalInt64(1).map { Int32($0) } ?? row.int32(2)
    report.throughBucket = row.int32(2)
    switch ScanRun.State(rawValue: Int16(row.int64(3))) {
    case .completed: report.state = .completed
    case .completedWithFailures: report.state = .completedWithFailures
    case .waiting, .running, nil: report.state = .running
    }
    report.startedUnixUs = row.optionalTimestamp(4) ?? 0
    report.endedUnixUs = row.optionalTimestamp(5) ?? 0
    report.seriesDue = row.int64(6)
    report.seriesScanned = row.int64(7)
    report.seriesSkipped = row.int64(8)
    report.seriesFailed = row.int64(9)
    report.bucketsDue = row.int64(10)
    report.bucketsScanned = row.int64(11)
    report.findings = row.int64(12)
    report.skips = try await skips(of: id, from: pool)
    return report
  }

  private static func skips(
    of id: ScanRunID, from pool: PostgresPool
  ) async throws -> [ScanSkip] {
    try await pool.query(
      """
      SELECT reason, sum(count)::bigint FROM scan_skip WHERE run_id = $1
      GROUP BY reason ORDER BY reason
      """, [id.stored]
    ).map { row in
      var skip = ScanSkip()
      skip.reason = row.text(0)
      skip.count = row.int64(1)
      return skip
    }
  }
}
