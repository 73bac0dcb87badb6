import Baselines
import Detection
import SeriesModel
import TestSupport
import Testing

@Suite("Young series")
struct YouthTests {
  private func findings(of values: [Double]) -> [(place: Int, finding: Finding)] {
    evidence(of: values).enumerated().flatMap { place, batch in
      judge(batch, notify: false).findings.map { (place, $0) }
    }
  }

  /// A feature that is used on some days and not at all on others.
  private func nowAndThen(_ seed: UInt64, share: Double) -> [Double] {
    var numbers = SeededNumbers(seed)
    return (0..<28).map { _ in numbers.share() < share ? 0 : numbers.count(mean: 400) }
  }

  /// Where zeros are three of ten days, one series in twenty has not shown three in nineteen days.
  ///
  /// No one can tell it from a steady one then.
  @Test("a habit of zeros that is not learned yet is no fall", arguments: [0.3, 0.45, 0.6])
  func habit(share: Double) {
    var told: [UInt64] = []
    for seed in 1...40 as ClosedRange<UInt64> {
      let values = nowAndThen(seed, share: share)
      guard let first = findings(of: values).first else { continue }
      #expect(values[..<first.place].count { $0 == 0 } < 3, "seed \(seed), day \(first.place)")
      told.append(seed)
    }
    #expect(told.count <= (share < 0.4 ? 2 : 0), "\(told)")
  }

  @Test("a steady series that falls in its third week is found", arguments: [15, 17, 20])
  func fall(day: Int) throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      var values = workingWeek(days: 28, level: 200, seed: seed)
      for place in day..<28 { values[place] = 2 }
      let first = try #require(findings(of: values).first, "seed \(seed)")
      #expect((day...day + 4).contains(first.place))
      #expect(!first.finding.kind.isUp)
    }
  }

  @Test func `the condition stands in the record`() throws {
    // One zero in a fortnight is none; a third of the days is a habit.
    let steady = workingWeek(days: 20, level: 200, seed: 3) + [0]
    var gaps = steady
    for place in [2, 5, 8, 12] { gaps[place] = 0 }
    func gate(_ values: [Double]) throws -> Gate {
      let batch = try #require(evidence(of: values).last)
      let trial = try #require(
        decide(batch, row: 0).trials.first { $0.name == .window && $0.window == 1 })
      return try #require(trial.gates.first { $0.name == .steadyUse })
    }
    #expect(try gate(steady).isPassed)
    let failed = try gate(gaps)
    #expect(!failed.isPassed)
    #expect(failed.value >= failed.needed)
  }
}

@Suite("A sudden fall")
struct SuddenFallTests {
  @Test func `a fall by two thirds is a drop for five days and a level from the sixth`() {
    for seed in 1...10 as ClosedRange<UInt64> {
      var numbers = SeededNumbers(seed)
      let values = (0..<127).map { day in
        (day < 120 ? 45_000.0 : 15_000) * (1 + 0.02 * numbers.normal())
      }
      let kinds = evidence(of: values).dropFirst(120)
        .map { judge($0, notify: false).findings.first?.kind }
      #expect(kinds.prefix(5).allSatisfy { $0 == .drop }, "seed \(seed): \(kinds)")
      #expect(kinds.dropFirst(5).contains(.levelDown), "seed \(seed): \(kinds)")
    }
  }
}
