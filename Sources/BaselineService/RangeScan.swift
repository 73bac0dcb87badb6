import Baselines
import EvidenceContract
import FindingsContract
import Locking
import Postgres
import RPC
import SeriesModel
import SeriesStore
import ServiceRuntime
import WorkQueue

/// Walks the series of one range over the buckets of a run.
///
/// First what was judged without knowing all is judged again; then, bucket by bucket: advance the
/// models with the cohort's stored rows, hand the evidence to the detector and wait until the
/// classifier has committed what came of it. Every 32 buckets models, progress and lease are
/// committed together. After a crash the walk goes on from there: the same points give the same
/// evidence, and whoever has seen it does nothing.
struct RangeScan: Sendable {
  /// Buckets between commits.
  static let blockBuckets: Int32 = 32

  /// After so many failures the range is given up.
  static let failuresLimit = 5

  /// How long judging one batch may take, in milliseconds.
  static let judgeMilliseconds = 60_000

  let loader: RangeLoader
  let review: RangeReview
  let detector: DetectorClient
  let leaseSeconds: Double
  let figures: BaselineFigures
  let isStopping: Locked<Bool>

  private var runs: ScanRunTable { loader.runs }

  /// Does a job of the kind ``ScanRunTable/rangeKind``.
  func scan(_ job: ClaimedJob) async throws -> WorkOutcome {
    guard let slash = job.key.firstIndex(of: "/"),
      let id = ScanRunID(key: job.key[..<slash]),
      let shard = Int32(job.key[job.key.index(after: slash)...]),
      let run = try await runs.find(id)
    else { return .poison(reason: "no scan range \(job.key)") }
    guard let range = try await ScanRange.find(run, shardFrom: shard, in: runs.pool) else {
      return .finished
    }
    do {
      try await walk(run, range, job)
      return .completed
    } catch let error as RPCError where error.isPassing {
      return .postponed(reason: "\(error)", afterSeconds: nil)
    } catch let error as BaselineServiceError where error.code == .stopping {
      return .postponed(reason: error.detail, afterSeconds: 0)
    } catch let error as PostgresError where error.isPassing {
      return .postponed(reason: "\(error)", afterSeconds: nil)
    } catch let error as WorkQueueError {
      // Another worker has the range; nothing of ours was committed.
      return .postponed(reason: "\(error)", afterSeconds: nil)
    } catch {
      return try await giveBack(run, range, reason: "\(error)")
    }
  }

  private func giveBack(
    _ run: ScanRun, _ range: ScanRange, reason: String
  ) async throws -> WorkOutcome {
    let isOver = try await range.fail(
      run, reason: reason, limit: Self.failuresLimit, runs: runs)
    return isOver ? .poison(reason: reason) : .failed(reason: reason)
  }

  private func walk(_ run: ScanRun, _ range: ScanRange, _ job: ClaimedJob) async throws {
    var begun = SystemTime.monotonicSeconds()
    var progress = range.progress
    var stored = try await loader.stored(run, shards: range.shards)
    if !stored.stale.isEmpty {
      let again = try await review.review(run, range.shards, stored, job)
      progress.findings += again.findings
      if again.isStored { stored = try await loader.stored(run, shards: range.shards) }
    }
    var models = try await loader.models(of: run, stored)
    figures.spent(.models, since: begun)
    progress.bucketsDue = progress.bucketsScanned + models.bucketsDue
    var from = models.start
    while from <= run.through {
      let through = min(from + Self.blockBuckets - 1, run.through)
      begun = SystemTime.monotonicSeconds()
      let table = try await loader.points.values(
        of: models.series, run.granularity, from: from, through: through,
        sequence: run.ingestSequence)
      let rows = try await loader.cohorts.rows(
        run.granularity, of: models.cohorts, from: from, through: through)
      figures.spent(.points, since: begun)
      for bucket in from...through {
        if isStopping.withLock({ $0 }) {
          throw BaselineServiceError(.stopping, "the service stops")
        }
        begun = SystemTime.monotonicSeconds()
        let (batches, walked) = models.advance(
          to: bucket, points: table, cohorts: rows[bucket] ?? [])
        figures.spent(.fold, since: begun)
        for batch in batches { progress.findings += try await judge(batch, run) }
        progress.bucketsScanned += walked
      }
      try await commit(
        run, range, job, models.changes(after: from - 1), progress,
        tally: through == run.through ? models.tally : nil)
      from = through + 1
    }
    if models.start > run.through {
      try await commit(run, range, job, [], progress, tally: models.tally)
    }
  }

  private func judge(_ batch: Baselines.EvidenceBatch, _ run: ScanRun) async throws -> Int64 {
    let begun = SystemTime.monotonicSeconds()
    var request = JudgeRequest()
    request.evidence = EvidenceContract.EvidenceBatch(batch)
    request.notify = run.notifiesHistory || batch.bucket.index == run.through
    let response = try await detector.judge(
      request, options: CallOptions(timeoutMilliseconds: Self.judgeMilliseconds))
    figures.spent(.judge, since: begun)
    figures.judged(rows: batch.count, findings: response.findings)
    return response.findings
  }

  private func commit(
    _ run: ScanRun, _ range: ScanRange, _ job: ClaimedJob, _ changes: [StateChange],
    _ progress: ScanRange.Progress, tally: (scanned: Int64, skips: [String: Int64])?
  ) async throws {
    let begun = SystemTime.monotonicSeconds()
    try await runs.pool.transaction { connection in
      try runs.queue.renew(job, leaseSeconds: leaseSeconds, on: connection)
      try StateTable.store(changes, of: run, on: connection)
      try range.record(progress, to: run, on: connection)
      if let tally {
        try range.complete(run, tally.scanned, skips: tally.skips, on: connection)
        try runs.queue.complete(job, on: connection)
        try runs.finishIfDone(run, on: connection)
      }
    }
    figures.spent(.commit, since: begun)
    figures.committed(series: changes.count)
  }
}

extension RPCError {
  /// Whether waiting cures it: the other side is away, full or late.
  var isPassing: Bool {
    switch code {
    case .unavailable, .deadlineExceeded, .resourceExhausted, .cancelled, .aborted: true
    default: false
    }
  }
}

extension PostgresError {
  /// Whether waiting cures it: the database is away, full or late.
  var isPassing: Bool {
    switch code {
    case .connectionLost, .unreachable, .serialization, .timeout, .cancelled, .closed, .exhausted:
      true
    default: false
    }
  }
}
