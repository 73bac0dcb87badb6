import Baselines
import Detection
import SeriesModel
import TestSupport
import Testing

@Suite("Mix of a customer's features")
struct MixShiftTests {
  /// A working week of three features, whose shares go from one to the other after so many days.
  private func batches(
    to shares: [Double], total: Double = 1, seed: UInt64 = 4
  ) -> [EvidenceBatch] {
    var numbers = SeededNumbers(seed)
    let before = [0.6, 0.3, 0.1]
    var series: [[Double]] = [[], [], []]
    for day in 0..<230 {
      let way = min(max(Double(day - 160) / 28, 0), 1)
      let level = 3_000 * (1 + way * (total - 1)) * (day % 7 < 5 ? 1.1 : 0.75)
      for place in 0..<3 {
        let share = before[place] + way * (shares[place] - before[place])
        series[place].append(numbers.count(mean: level * share))
      }
    }
    return ruledBatches(
      series.enumerated().map {
        (.ruled("feature_\($0.offset)", number: Int32($0.offset + 1), kind: .count), $0.element)
      })
  }

  /// The days on which the mix is said to have moved, with the rows.
  private func moved(_ batches: [EvidenceBatch]) -> [(day: Int, row: Int)] {
    batches.enumerated().flatMap { day, batch in
      judge(batch, notify: true).findings.filter {
        $0.tests.contains { $0.test == .rule && $0.fired }
      }.map { (day, $0.row) }
    }
  }

  @Test func `another mix of the same total is found, on the feature that moved most`() throws {
    let found = moved(batches(to: [0.1, 0.3, 0.6]))
    let first = try #require(found.first)
    #expect((165...215).contains(first.day))
    #expect(found.allSatisfy { $0.row != 1 && $0.day % 7 == 0 })
  }

  @Test func `a mix that stays as it is raises nothing, and neither does a growing total`() {
    for seed in 1...3 as ClosedRange<UInt64> {
      #expect(moved(batches(to: [0.6, 0.3, 0.1], seed: seed)).isEmpty)
      #expect(moved(batches(to: [0.6, 0.3, 0.1], total: 3, seed: seed)).isEmpty)
    }
  }
}
