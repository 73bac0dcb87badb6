import Baselines
import Postgres
import SeriesModel
import SeriesStore
import WorkQueue

/// Cuts a run into ranges of shards, by default with about a thousand series each; what cohorts
/// have in common is looked for next.
struct ScanPlanner: Sendable {
  let runs: ScanRunTable
  let reader: SeriesReader
  /// Series after which a range is full.
  let rangeSeries: Int

  /// A range of shards with the number of its series.
  struct Range: Sendable, Hashable {
    var shards: Swift.Range<Int>
    var series: Int
  }

  /// Joins neighbouring shards until a range is full; a shard is never cut.
  func ranges(_ counts: [(shard: Int, count: Int)]) -> [Range] {
    var ranges: [Range] = []
    for (shard, count) in counts {
      if let last = ranges.last, last.series + count <= rangeSeries {
        ranges[ranges.count - 1].shards = last.shards.lowerBound..<shard + 1
        ranges[ranges.count - 1].series += count
      } else {
        ranges.append(Range(shards: shard..<shard + 1, series: count))
      }
    }
    return ranges
  }

  /// Does a job of the kind ``ScanRunTable/planKind``.
  func plan(_ job: ClaimedJob) async throws -> WorkOutcome {
    guard let id = ScanRunID(key: job.key), let run = try await runs.find(id) else {
      return .poison(reason: "no scan run \(job.key)")
    }
    let ranges = ranges(try await reader.seriesCounts(run.granularity))
    let total = ranges.reduce(0) { $0 + $1.series }
    let from = try await firstBucket(of: run, series: total)
    let width = Int64(max(0, Int(run.through) - Int(from) + 1))
    try await runs.pool.transaction { connection in
      try ScanRunTable.lock(run.granularity, on: connection)
      let isOurs = try connection.execute(
        """
        UPDATE scan_run SET series_due = $2, from_bucket = $3
        WHERE run_id = $1 AND state = 1
          AND NOT EXISTS (SELECT FROM scan_range WHERE run_id = $1)
        """, [id.stored, .int64(Int64(total)), .int32(from)])
      if isOurs.affected > 0 {
        try insert(ranges, of: run, width: width, on: connection)
        try runs.finishIfDone(run, on: connection)
      }
      try runs.queue.complete(job, on: connection)
    }
    return .completed
  }

  private func insert(
    _ ranges: [Range], of run: ScanRun, width: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO scan_range (run_id, shard_from, shard_to, series_due, buckets_due)
      SELECT $1, shard_from, shard_to, series, series * $5
      FROM unnest($2::int[], $3::int[], $4::bigint[]) AS range(shard_from, shard_to, series)
      """,
      [
        run.id.stored, .int32Array(ranges.map { Int32($0.shards.lowerBound) }),
        .int32Array(ranges.map { Int32($0.shards.upperBound) }),
        .int64Array(ranges.map { Int64($0.series) }), .int64(width),
      ])
    guard !ranges.isEmpty else { return }
    try runs.queue.enqueue(
      [NewJob(kind: ScanRunTable.cohortKind, key: run.id.key, priority: .high)], on: connection)
  }

  /// The first bucket that any series of the run has still to be walked over.
  private func firstBucket(of run: ScanRun, series: Int) async throws -> Int32 {
    let known = try await runs.pool.query(
      "SELECT count(*), min(through_bucket) FROM series_state WHERE granularity = $1",
      [.int16(Int16(run.granularity.rawValue))]
    ).single
    if known.int64(0) >= Int64(series), let least = known.optionalInt64(1) {
      return min(Int32(clamping: least + 1), run.through)
    }
    return min(try await reader.firstBucket(run.granularity) ?? run.through, run.through)
  }
}
