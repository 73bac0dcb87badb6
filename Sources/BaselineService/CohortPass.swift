import Baselines
import Locking
import Postgres
import RPC
import SeriesModel
import SeriesStore
import ServiceRuntime
import WorkQueue

/// Makes the rows of a run's buckets, before any of its ranges is walked.
///
/// A bucket's rows are made from what is known of all series before the bucket, so the models are
/// walked through the run in memory, side by side, and nothing but rows is kept of it. Where a
/// single bucket is due, and that is every day's case, no model has to be advanced: the ranges come
/// and go one after the other. After a crash the rows that were stored are used, and the walk goes
/// on behind them; a repeat makes the same rows.
struct CohortPass: Sendable {
  /// After so many failures the ranges are walked without the rows that are not there.
  static let failuresLimit = 5

  let loader: RangeLoader
  let events: EventReview
  /// How far back rows are made anew when the calendar has changed.
  let limits: ReviewLimits
  /// Ranges that are read or advanced at once.
  let concurrency: Int
  /// Series that are held in memory while several buckets are due.
  let seriesLimit: Int
  let leaseSeconds: Double
  let figures: BaselineFigures
  let logger: Logger
  let isStopping: Locked<Bool>

  private var runs: ScanRunTable { loader.runs }
  private var table: CohortTable { loader.cohorts }

  /// Rows of neighbouring buckets, oldest first.
  private typealias Rows = [(bucket: Int32, rows: [CohortRow])]

  /// A range in memory.
  private struct Part: Sendable {
    var models: RangeModels
    /// The values of the buckets that are walked over at present.
    var points: SlotTable?

    mutating func tally(_ bucket: Int32) -> CohortTally {
      guard let points else { return CohortTally() }
      return models.tally(of: bucket, points: points)
    }

    mutating func advance(to bucket: Int32, _ rows: [CohortRow]) {
      guard let points else { return }
      models.advance(to: bucket, points: points, cohorts: rows)
    }
  }

  /// Does a job of the kind ``ScanRunTable/cohortKind``.
  func make(_ job: ClaimedJob) async throws -> WorkOutcome {
    guard let id = ScanRunID(key: job.key), let run = try await runs.find(id) else {
      return .poison(reason: "no scan run \(job.key)")
    }
    do {
      let begun = SystemTime.monotonicSeconds()
      let anew = try await anew(run)
      let rows = try await walk(run, job, anew)
      if let anew {
        try await store(rows, run, job, anew)
        try await events.review(run, anew)
      }
      try await finish(run, job, anew == nil ? rows : [], calendar: run.calendarSequence)
      figures.spent(.cohorts, since: begun)
      return .completed
    } catch let error as PostgresError where error.isPassing {
      return .postponed(reason: "\(error)", afterSeconds: nil)
    } catch let error as RPCError where error.isPassing {
      return .postponed(reason: "\(error)", afterSeconds: nil)
    } catch let error as BaselineServiceError where error.code == .stopping {
      return .postponed(reason: error.detail, afterSeconds: 0)
    } catch let error as WorkQueueError {
      // Another worker makes the rows; nothing of ours was committed.
      return .postponed(reason: "\(error)", afterSeconds: nil)
    } catch {
      return try await giveUp(run, job, reason: "\(error)")
    }
  }

  private func giveUp(
    _ run: ScanRun, _ job: ClaimedJob, reason: String
  ) async throws -> WorkOutcome {
    let failures = try await runs.pool.query(
      """
      UPDATE scan_run SET cohort_failures = cohort_failures + 1 WHERE run_id = $1
      RETURNING cohort_failures
      """, [run.id.stored]
    ).single.int(0)
    guard failures >= Self.failuresLimit else { return .failed(reason: reason) }
    // A judgement without cohorts is better than none.
    logger.error("cohort rows given up", ["run": run.id.key, "reason": reason])
    try await finish(run, job, [])
    return .completed
  }

  /// Makes all rows that are not there, or that are made anew; gives those that are not stored yet.
  private func walk(
    _ run: ScanRun, _ job: ClaimedJob, _ anew: CohortTable.Anew?
  ) async throws -> Rows {
    guard run.state == .running else { return [] }
    let last = try await table.lastBucket(run.granularity)
    var start = max(run.from ?? run.through, last.map { $0 + 1 } ?? .min)
    if let anew { start = min(start, anew.first) }
    guard start <= run.through else { return [] }
    var history = CohortHistory(granularity: run.granularity)
    if let last {
      history = try await table.history(run.granularity, through: min(last, start - 1))
    }
    let ranges = try await ScanRange.all(of: run, in: runs.pool)
    if start == run.through {
      let tally = try await tally(of: start, ranges, run, anew)
      return [(start, history.rows(of: start, tally))]
    }
    let parts = try await parts(ranges, run, anew, through: start - 1)
    var from = start
    while true {
      let through = min(from + RangeScan.blockBuckets - 1, run.through)
      let rows = try await rows(from...through, parts, run, &history)
      guard through < run.through else { return rows }
      try await store(rows, run, job, anew)
      from = through + 1
    }
  }

  /// What all series say of the only bucket that is due, range after range.
  private func tally(
    of bucket: Int32, _ ranges: [ScanRange.Place], _ run: ScanRun, _ anew: CohortTable.Anew?
  ) async throws -> CohortTally {
    let tally = Locked(CohortTally())
    try await forEach(ranges.count) { place in
      guard var part = try await part(ranges[place], run, anew, through: bucket - 1) else { return }
      part.points = try await points(of: part.models.series, bucket...bucket, run)
      let own = part.tally(bucket)
      tally.withLock { $0.join(own) }
    }
    return tally.withLock { $0 }
  }

  /// The ranges in memory, as many as may be held: shards are drawn by chance, so that what is left
  /// out would not have said anything else.
  private func parts(
    _ ranges: [ScanRange.Place], _ run: ScanRun, _ anew: CohortTable.Anew?, through last: Int32
  ) async throws -> [Locked<Part>] {
    var series = 0
    let held = ranges.prefix { range in
      defer { series += range.series }
      return series == 0 || series + range.series <= seriesLimit
    }
    let loaded = Locked<[(place: Int, part: Locked<Part>)]>([])
    try await forEach(held.count) { place in
      guard let part = try await part(held[place], run, anew, through: last) else { return }
      loaded.withLock { $0.append((place, Locked(part))) }
    }
    return loaded.withLock { $0 }.sorted { $0.place < $1.place }.map(\.part)
  }

  /// One range in memory, advanced through a bucket with the rows that are stored; nil where it
  /// cannot be read, of which the range's own walk tells.
  private func part(
    _ range: ScanRange.Place, _ run: ScanRun, _ anew: CohortTable.Anew?, through last: Int32
  ) async throws -> Part? {
    var part: Part
    do {
      part = Part(
        models: try await loader.models(
          of: run, try await loader.stored(run, shards: range.shards), isSilent: true,
          rebuildsAll: anew != nil))
    } catch is BaselineError {
      return nil
    } catch let error as BaselineServiceError where error.code == .unknownMetric {
      return nil
    }
    let cohorts = part.models.cohorts
    var from = part.models.start
    while from <= last {
      let through = min(from + RangeScan.blockBuckets - 1, last)
      part.points = try await points(of: part.models.series, from...through, run)
      let rows = try await table.rows(
        run.granularity, of: cohorts, from: from, through: through)
      for bucket in from...through {
        try goOn()
        part.advance(to: bucket, rows[bucket] ?? [])
      }
      from = through + 1
    }
    part.points = nil
    return part
  }

  private func points(
    of series: [SeriesKey], _ buckets: ClosedRange<Int32>, _ run: ScanRun
  ) async throws -> SlotTable {
    try await loader.points.values(
      of: series, run.granularity, from: buckets.lowerBound, through: buckets.upperBound,
      sequence: run.ingestSequence)
  }

  /// Makes the rows of some buckets and advances all parts over them.
  private func rows(
    _ buckets: ClosedRange<Int32>, _ parts: [Locked<Part>], _ run: ScanRun,
    _ history: inout CohortHistory
  ) async throws -> Rows {
    try await forEach(parts.count) { place in
      let points = try await points(of: parts[place].withLock { $0.models.series }, buckets, run)
      parts[place].withLock { $0.points = points }
    }
    var made: Rows = []
    for bucket in buckets {
      try goOn()
      let tally = Locked(CohortTally())
      try await forEach(parts.count) { place in
        let own = parts[place].withLock { $0.tally(bucket) }
        tally.withLock { $0.join(own) }
      }
      let rows = history.rows(of: bucket, tally.withLock { $0 })
      made.append((bucket, rows))
      guard bucket < run.through else { break }
      try await forEach(parts.count) { place in
        parts[place].withLock { $0.advance(to: bucket, rows) }
      }
    }
    return made
  }

  private func store(
    _ rows: Rows, _ run: ScanRun, _ job: ClaimedJob, _ anew: CohortTable.Anew?
  ) async throws {
    try await runs.pool.transaction { connection in
      try runs.queue.renew(job, leaseSeconds: leaseSeconds, on: connection)
      try CohortTable.store(rows, run.granularity, anew: anew, on: connection)
    }
    figures.madeRows(of: rows.count)
  }

  /// Stores the last rows, with the calendar that all are made with now, and lets the ranges begin.
  private func finish(
    _ run: ScanRun, _ job: ClaimedJob, _ rows: Rows, calendar: Int64? = nil
  ) async throws {
    try await runs.pool.transaction { connection in
      try CohortTable.store(rows, run.granularity, on: connection)
      if let calendar, run.state == .running {
        try CohortTable.note(calendar: calendar, run.granularity, on: connection)
      }
      try runs.enqueueRanges(of: run, on: connection)
      try runs.queue.complete(job, on: connection)
    }
    figures.madeRows(of: rows.count)
  }

  private func goOn() throws {
    if isStopping.withLock({ $0 }) {
      throw BaselineServiceError(.stopping, "the service stops")
    }
  }

  /// Does something for each place, several at once; returns when all is done.
  private func forEach(
    _ count: Int, _ body: @Sendable @escaping (Int) async throws -> Void
  ) async throws {
    let next = Locked(0)
    try await withThrowingDiscardingTaskGroup { group in
      for _ in 0..<min(concurrency, count) {
        group.addTask {
          while true {
            let place = next.withLock { place in
              defer { place += 1 }
              return place
            }
            guard place < count else { return }
            try await body(place)
          }
        }
      }
    }
  }
}
