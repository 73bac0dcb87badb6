import Baselines
import SeriesModel

/// The numbers that travel with a finding.
extension RowTest {
  /// Every test with its numbers; one whose statistic is undefined is left out.
  func tests() -> [TestResult] {
    var results: [TestResult] = []
    results.reserveCapacity(evidence.windows.count + 3)
    for place in evidence.windows.indices {
      let cell = detail * evidence.windows.count + place
      guard let rule = rules[place], evidence.windowValid[cell] > 0 else { continue }
      add(.score, evidence.windows[place], statistic(cell), threshold(rule), to: &results)
    }
    let statistics = evidence.statistics(at: detail)
    let observed = evidence.observed[row]
    add(.zScore, 1, statistics.zScore(of: observed), PlainTests.zScoreThreshold, to: &results)
    add(
      .interquartile, 1, statistics.interquartileDistance(of: observed),
      PlainTests.interquartileThreshold, to: &results)
    add(
      .ratio, 1, PlainTests.ratio(observed, against: evidence.previousSeason[detail]),
      PlainTests.ratioThreshold, to: &results)
    addShapes(to: &results)
    addStream(to: &results)
    return results
  }

  func add(
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
