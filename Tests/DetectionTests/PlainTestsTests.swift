import Baselines
import Detection
import Testing

// Reference values by NumPy 2.4 over v = [12, 15, 11, 14, 90, 13, 12.5, 16, 14, 13]:
// (40 - v.mean()) / v.std(ddof=1); q1, q3 = np.percentile(v, [25, 75]); (40 - q3) / (q3 - q1);
// (5 - q1) / (q3 - q1).
@Suite("Textbook tests")
struct PlainTestsTests {
  private let statistics = RecentStatistics(
    mean: 21.05, standardDeviation: 24.269837247085118, median: 13.5,
    medianAbsoluteDeviation: 1.25, lowerQuartile: 12.625, upperQuartile: 14.75)

  @Test func `z-score and interquartile distance agree with NumPy`() throws {
    let score = try #require(statistics.zScore(of: 40))
    #expect((score - 0.7808045767705324).magnitude < 1e-12)
    let above = try #require(statistics.interquartileDistance(of: 40))
    #expect((above - 11.882352941176471).magnitude < 1e-12)
    let below = try #require(statistics.interquartileDistance(of: 5))
    #expect((below + 3.588235294117647).magnitude < 1e-12)
    #expect(statistics.interquartileDistance(of: 14) == 0)
  }

  @Test func `without spread there is no statistic`() {
    let flat = RecentStatistics(
      mean: 4, standardDeviation: 0, median: 4, medianAbsoluteDeviation: 0, lowerQuartile: 4,
      upperQuartile: 4)
    #expect(flat.zScore(of: 9) == nil)
    #expect(flat.interquartileDistance(of: 9) == nil)
    #expect(RecentStatistics().zScore(of: 9) == nil)
  }

  @Test func `the ratio needs a value one season before`() {
    #expect(PlainTests.ratio(15, against: 45) == -2.0 / 3)
    #expect(PlainTests.ratio(15, against: 0) == nil)
    #expect(PlainTests.ratio(15, against: .nan) == nil)
  }
}
