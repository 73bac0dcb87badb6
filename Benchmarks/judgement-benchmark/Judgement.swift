import Baselines
import Detection
import Glibc
import Replay
import SeriesModel

/// The ways over the points that are measured, each on one thread, bucket after bucket over all
/// series as a scan walks.
struct Judgement {
  /// Series that are walked over together, as `tidemark backtest` does.
  static let partSeries = 64

  let work: Workload

  private var parts: [Range<Int>] {
    stride(from: 0, to: work.seriesCount, by: Self.partSeries).map {
      $0..<min($0 + Self.partSeries, work.seriesCount)
    }
  }

  private var models: [SeriesBaseline] {
    Array(
      repeating: SeriesBaseline(kind: .count, granularity: .day), count: work.seriesCount)
  }

  /// Reads every point in the order in which it is judged, and adds it up.
  func sum() -> Double {
    var sum = 0.0
    for day in 0..<work.days {
      for series in 0..<work.seriesCount { sum += work.value(series, day) }
    }
    return sum
  }

  /// From points to what people would hear of, the cohorts among them.
  ///
  /// - Returns: How many changes there are, and the rows of the cohorts by day.
  func judged() -> (changes: Int, cohorts: [[CohortRow]]) {
    let parts = parts
    var replays = parts.map { part in
      HistoryReplay(
        granularity: .day,
        customers: Array(
          work.customers[
            part.lowerBound / Workload.metricsEach..<part.upperBound / Workload.metricsEach]),
        metrics: work.metrics,
        members: part.indices.map {
          HistoryReplay.Member(
            customer: ($0 - part.lowerBound) / Workload.metricsEach,
            metric: $0 % Workload.metricsEach)
        })
    }
    var memory = CohortHistory(granularity: .day)
    var cohorts: [[CohortRow]] = []
    var changes = 0
    for day in 0..<work.days {
      let bucket = Workload.first + Int32(day)
      var tally = CohortTally()
      for (place, part) in parts.enumerated() {
        tally.join(
          replays[place].tally(of: bucket) { work.value(part.lowerBound + $0, day) })
      }
      let rows = memory.rows(of: bucket, tally)
      cohorts.append(rows)
      for (place, part) in parts.enumerated() {
        changes +=
          replays[place].advance(
            to: bucket, values: { work.value(part.lowerBound + $0, day) }, cohorts: rows
          ).count
      }
    }
    return (changes, cohorts)
  }

  /// The models alone, with rows of cohorts that were made before.
  func learned(_ cohorts: [[CohortRow]]) -> [SeriesBaseline] {
    var models = models
    let segments = work.customers.map(\.segment)
    for day in 0..<work.days {
      let bucket = Workload.first + Int32(day)
      let rows = Dictionary(uniqueKeysWithValues: cohorts[day].map { ($0.cohort, $0) })
      let ownRows = segments.map { rows[$0] ?? CohortRow(cohort: "") }
      for series in models.indices {
        models[series].advance(
          to: bucket, value: work.value(series, day),
          cohort: ownRows[series / Workload.metricsEach])
      }
    }
    return models
  }

  /// One more day from stored bytes and back: what every morning costs a series.
  ///
  /// - Returns: How many findings there are, and how many bytes were written.
  func advanced(_ states: [[UInt8]], to bucket: Int32) throws -> (findings: Int, bytes: Int) {
    var models: [SeriesBaseline] = []
    models.reserveCapacity(states.count)
    for state in states { models.append(try SeriesBaseline(decoding: state)) }
    var fold = ModelFold(
      runID: ScanRunID(high: 0, low: 0), granularity: .day, ingestSequence: 0,
      customers: work.customers, metrics: work.metrics,
      members: models.indices.map {
        ModelFold.Member(
          customer: $0 / Workload.metricsEach, metric: $0 % Workload.metricsEach,
          model: models[$0], through: bucket - 1, silentThrough: bucket - 1)
      })
    models.removeAll()
    let (batches, _) = fold.advance(to: bucket, values: { work.value($0, 7) })
    let findings = batches.reduce(0) { $0 + judge($1.evidence, notify: true).findings.count }
    return (findings, fold.models.reduce(0) { $0 + $1.encoded.count })
  }
}

/// The processor time of this thread, in seconds: other work on the machine does not count.
func coreSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The median processor time of some rounds, and what the last one came to.
func median<Result>(of rounds: Int, _ body: () throws -> Result) rethrows -> (
  seconds: Double, result: Result
) {
  var seconds: [Double] = []
  var result: Result
  repeat {
    let started = coreSeconds()
    result = try body()
    seconds.append(coreSeconds() - started)
  } while seconds.count < rounds
  return (seconds.sorted()[seconds.count / 2], result)
}
