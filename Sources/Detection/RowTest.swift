import Baselines
import SeriesModel

/// The tests of one row.
struct RowTest {
  let evidence: EvidenceBatch
  let row: Int
  let scale: Double
  let parameters: ModelParameters
  /// By window of the batch; nil where the model has no rule for its length.
  let rules: [WindowRule?]

  /// A window that passed its threshold.
  private struct Excess {
    let place: Int
    let ratio: Double
    let change: Double
  }

  /// What was found, or nil.
  func finding() -> Finding? {
    guard !evidence.flags[row].contains(.missing), let best = bestWindow() else { return nil }
    let length = evidence.windows[best.place]
    let cell = row * evidence.windows.count + best.place
    let valid = Double(evidence.windowValid[cell])
    let ring = row * EvidenceBatch.ringLength..<(row + 1) * EvidenceBatch.ringLength
    return Finding(
      row: row, kind: kind(place: best.place, isUp: best.change > 0),
      startBucket: start(length: length), endBucket: evidence.bucket.index,
      observed: evidence.windowSum[cell] / valid, expected: evidence.windowExpected[cell] / valid,
      score: best.ratio, logRatio: best.change, tests: tests(),
      ringObserved: Array(evidence.ringObserved[ring]),
      ringExpected: Array(evidence.ringExpected[ring]))
  }

  /// The window that is furthest beyond its threshold.
  private func bestWindow() -> Excess? {
    var best: Excess?
    let kind = metricKind
    for place in evidence.windows.indices {
      let cell = row * evidence.windows.count + place
      guard let rule = rules[place], evidence.windowValid[cell] > 0 else { continue }
      let ratio = statistic(cell).magnitude / threshold(rule)
      guard ratio > max(1, best?.ratio ?? 1) else { continue }
      let sum = evidence.windowSum[cell]
      let expected = evidence.windowExpected[cell]
      let valid = Int(evidence.windowValid[cell])
      let deviation = evidence.deviation[row]
      guard
        rule.isLargeEnough(
          sum: sum, expected: expected, deviation: deviation, valid: valid, kind: kind)
      else { continue }
      let change = WindowRule.change(
        sum: sum, expected: expected, deviation: deviation, valid: valid, kind: kind)
      best = Excess(place: place, ratio: ratio, change: change)
    }
    return best
  }

  private var metricKind: MetricKind { evidence.metrics[Int(evidence.metricIndex[row])].kind }

  /// The window's sum less what was expected, in deviations.
  private func statistic(_ cell: Int) -> Double {
    let deviation = evidence.windowDeviation[cell]
    guard deviation > 0 else { return 0 }
    return (evidence.windowSum[cell] - evidence.windowExpected[cell]) / deviation
  }

  /// A young series is judged by gross changes only.
  private func threshold(_ rule: WindowRule) -> Double {
    let gross = evidence.flags[row].contains(.learning) ? parameters.grossScale : 1
    return rule.threshold(
      age: Int(evidence.age[row]), ageInflation: parameters.ageInflation, scale: scale * gross)
  }

  /// The longest window speaks of a level, the others of a drop or a spike.
  private func kind(place: Int, isUp: Bool) -> FindingKind {
    let isLevel = place == evidence.windows.count - 1 && evidence.windows.count > 1
    if isLevel { return isUp ? .levelUp : .levelDown }
    return isUp ? .spike : .drop
  }

  private func start(length: Int) -> Int32 {
    let start = Int64(evidence.bucket.index) - Int64(length) + 1
    return Int32(clamping: start)
  }

  /// Every test with its numbers; one whose statistic is undefined is left out.
  private func tests() -> [TestResult] {
    var results: [TestResult] = []
    results.reserveCapacity(evidence.windows.count + 3)
    for place in evidence.windows.indices {
      let cell = row * evidence.windows.count + place
      guard let rule = rules[place], evidence.windowValid[cell] > 0 else { continue }
      add(.score, evidence.windows[place], statistic(cell), threshold(rule), to: &results)
    }
    let statistics = RecentStatistics(
      mean: evidence.mean[row], standardDeviation: evidence.standardDeviation[row],
      median: evidence.median[row],
      medianAbsoluteDeviation: evidence.medianAbsoluteDeviation[row],
      lowerQuartile: evidence.lowerQuartile[row], upperQuartile: evidence.upperQuartile[row])
    let observed = evidence.observed[row]
    add(.zScore, 1, statistics.zScore(of: observed), PlainTests.zScoreThreshold, to: &results)
    add(
      .interquartile, 1, statistics.interquartileDistance(of: observed),
      PlainTests.interquartileThreshold, to: &results)
    add(
      .ratio, 1, PlainTests.ratio(observed, against: evidence.previousSeason[row]),
      PlainTests.ratioThreshold, to: &results)
    return results
  }

  private func add(
    _ test: TestResult.Test, _ window: Int, _ statistic: Double?, _ threshold: Double,
    to results: inout [TestResult]
  ) {
    guard let statistic, statistic.isFinite else { return }
    results.append(
      TestResult(
        test: test, window: window, statistic: statistic, threshold: threshold,
        fired: statistic.magnitude > threshold))
  }
}
