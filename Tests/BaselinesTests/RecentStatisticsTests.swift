import Baselines
import SeriesModel
import Testing

// Reference values printed by NumPy 2.4: np.mean, np.std(ddof=1), np.median,
// np.percentile([25, 75]), np.median(abs(v - median)).
@Suite("Statistics of the last values")
struct RecentStatisticsTests {
  /// The statistics that stand beside a bucket that follows these values.
  private func statistics(after values: [Double]) -> RecentStatistics {
    let batches = evidence(of: values + [1], kind: .gauge)
    return batches[values.count][0].recent
  }

  private func isClose(_ left: Double, _ right: Double) -> Bool {
    (left - right).magnitude <= 1e-12 * max(1, right.magnitude)
  }

  @Test func `ten values agree with NumPy`() {
    let seen = statistics(after: [12, 15, 11, 14, 90, 13, 12.5, 16, 14, 13])
    #expect(isClose(seen.mean, 21.05))
    #expect(isClose(seen.standardDeviation, 24.269837247085118))
    #expect(seen.median == 13.5)
    #expect(seen.lowerQuartile == 12.625)
    #expect(seen.upperQuartile == 14.75)
    #expect(seen.medianAbsoluteDeviation == 1.25)
  }

  @Test func `seven values agree with NumPy`() {
    let seen = statistics(after: [3, 1, 4, 1, 5, 9, 2])
    #expect(isClose(seen.mean, 3.5714285714285716))
    #expect(isClose(seen.standardDeviation, 2.819996622760558))
    #expect(seen.median == 3)
    #expect(seen.lowerQuartile == 1.5)
    #expect(seen.upperQuartile == 4.5)
    #expect(seen.medianAbsoluteDeviation == 2)
  }

  // ((np.arange(1, 71) * 37) % 101)[-56:]
  @Test func `of seventy values the last fifty-six count`() {
    let seen = statistics(after: (1...70).map { Double($0 * 37 % 101) })
    #expect(isClose(seen.mean, 52.089285714285715))
    #expect(isClose(seen.standardDeviation, 28.98355445026418))
    #expect(seen.median == 52.5)
    #expect(seen.lowerQuartile == 27.5)
    #expect(seen.upperQuartile == 76.75)
    #expect(seen.medianAbsoluteDeviation == 25.5)
  }

  @Test func `a missing bucket is no value`() {
    let with = statistics(after: [3, .nan, 1, 4, .nan, 1, 5, 9, 2])
    let without = statistics(after: [3, 1, 4, 1, 5, 9, 2])
    #expect(with == without)
  }
}
