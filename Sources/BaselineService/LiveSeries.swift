import Baselines
import Explaining
import RPC
import SeriesModel
import SeriesStore

/// One series of the house, judged once more in memory as its runs judged it.
struct LiveSeries: Sendable {
  /// Buckets that are read at once.
  private static let blockBuckets: Int32 = 256

  let customer: Customer
  let metric: Metric
  let runs: ScanRunTable
  let reader: SeriesReader
  let calendar: ScanCalendar
  let cohorts: CohortTable
  let settings: SettingsTable
  /// When nobody waits for the answer any more.
  let deadline: Deadline

  private var points: PinnedPoints { PinnedPoints(pool: runs.pool, reader: reader) }

  /// Explains a bucket by the points, cohort rows, calendar and settings of the run that judged it.
  ///
  /// - Returns: The explanation, and the run.
  /// - Throws: FAILED_PRECONDITION or NOT_FOUND that says why there is nothing to explain, and
  ///   DEADLINE_EXCEEDED when history is longer than the caller waits.
  func explanation(of bucket: Bucket) async throws -> (Explanation, ScanRunID) {
    guard let run = try await runs.judging(bucket), try await isJudged(bucket, in: run) else {
      throw try await notJudged(bucket)
    }
    let list = try await reader.series(
      metric.granularity, shards: customer.id.shard..<customer.id.shard + 1)
    let own = list.series.filter { $0.customer == customer.id }
    let present = Set(own.map(\.metric))
    let metrics = try await reader.metrics().filter { present.contains($0.id) }
    let places = Dictionary(uniqueKeysWithValues: zip(metrics.map(\.id), metrics.indices))
    guard let watched = own.firstIndex(of: SeriesKey(customer.id, metric.id)),
      let first = try await reader.firstBucket(metric.granularity, of: [customer.id])
    else {
      throw RPCError(
        .notFound, field: "metric", reason: "no_series",
        "metric: \(customer.externalID) has no points of \(metric.key)")
    }
    var walk = ExplanationWalk(
      customer: customer, metrics: metrics, series: own.compactMap { places[$0.metric] },
      watched: watched,
      calendar: try await calendar.table.calendar(asOf: run.calendarSequence),
      zone: calendar.zone(customer.zone))
    try await advance(&walk, own, from: min(first, bucket.index), to: bucket.index, run)
    guard let explanation = walk.explanation else {
      preconditionFailure("a walk over a bucket has something to say of it")
    }
    return (explanation, run.id)
  }

  private func advance(
    _ walk: inout ExplanationWalk, _ series: [SeriesKey], from first: Int32, to last: Int32,
    _ run: ScanRun
  ) async throws {
    var rest = try await runs.settingsTaken(metric.granularity, .min...run.through)[...]
    var known: Int64 = 0
    var from = first
    while from <= last {
      let through = min(from + Self.blockBuckets - 1, last)
      let table = try await points.values(
        of: series, metric.granularity, from: from, through: through,
        sequence: run.ingestSequence)
      let rows = try await cohorts.rows(
        metric.granularity, of: [customer.cohort], from: from, through: through)
      for index in from...through {
        try goOn(at: Bucket(metric.granularity, index))
        while let taken = rest.first, taken.through < index { rest = rest.dropFirst() }
        if let taken = rest.first, taken.sequence != known {
          known = taken.sequence
          walk.use(try await settings.settings(asOf: known))
        }
        walk.advance(
          to: index, isLast: index == last, values: { table[$0, index] },
          cohorts: rows[index] ?? [])
      }
      from = through + 1
    }
  }

  /// Ends the walk once nobody waits for it.
  private func goOn(at bucket: Bucket) throws(RPCError) {
    guard deadline.hasPassed || Task.isCancelled else { return }
    throw RPCError(
      .deadlineExceeded,
      "the history of \(customer.externalID) was walked to \(momentText(bucket)) when the time for the"
        + " answer was up")
  }

  /// Whether the run has come to the bucket.
  private func isJudged(_ bucket: Bucket, in run: ScanRun) async throws -> Bool {
    guard run.state == .running else { return true }
    let key = SeriesKey(customer.id, metric.id)
    return try await StateTable.find(key, in: runs.pool).map { $0.through >= bucket.index } ?? false
  }

  /// Why nobody has judged the bucket.
  private func notJudged(_ bucket: Bucket) async throws -> RPCError {
    let moment = momentText(bucket)
    let name = metric.granularity.name
    guard let closed = try await reader.closed(metric.granularity) else {
      return RPCError(
        .failedPrecondition, field: "moment", reason: "nothing_closed",
        "moment: no \(name) is closed yet, so none has been judged")
    }
    if closed.through.index < bucket.index {
      return RPCError(
        .failedPrecondition, field: "moment", reason: "not_closed",
        "moment: \(moment) is not closed yet; the last \(name) that is closed is"
          + " \(momentText(closed.through))")
    }
    return RPCError(
      .failedPrecondition, field: "moment", reason: "not_judged",
      "moment: no scan has judged \(moment) yet; `tidemark scan` starts one")
  }
}
