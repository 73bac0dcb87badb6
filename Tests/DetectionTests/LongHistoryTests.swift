import Baselines
import Detection
import SeriesModel
import Testing

/// What no threshold sees and what every threshold stumbles over, on the noise of real counts.
@Suite("Long histories")
struct LongHistoryTests {
  /// Counts with a working week whose variance is well beyond Poisson's.
  private func history(
    days: Int, level: (Int) -> Double, weekend: Double, seed: UInt64
  ) -> [Double] {
    // Far apart, since neighbouring seeds give the same numbers one place later.
    var numbers = SeededNumbers(seed &* 1_000_003)
    return (0..<days).map { day in
      let shape = day % 7 < 5 ? [1.05, 1.1, 1.12, 1.08, 0.95][day % 7] : weekend
      let restless = max(0.2, 1 + 0.08 * numbers.normal())
      return numbers.count(mean: level(day) * shape * restless)
    }
  }

  private func places(_ values: [Double]) -> [(place: Int, finding: Finding)] {
    evidence(of: values).enumerated().flatMap { place, batch in
      judge(batch, notify: false).findings.map { (place, $0) }
    }
  }

  @Test("one per cent less a day is found within sixty days", arguments: [60.0, 400, 5_000])
  func slowDecline(level: Double) throws {
    var missed: [UInt64] = []
    for seed in 1...5 as ClosedRange<UInt64> {
      var factor = 1.0
      let values = history(
        days: 260,
        level: { day in
          if day >= 200 { factor *= 0.99 }
          return level * factor
        }, weekend: 0.4, seed: seed)
      let found = places(values).filter { $0.place >= 200 }
      guard let first = found.first else {
        missed.append(seed)
        continue
      }
      #expect(!first.finding.kind.isUp)
    }
    // At 60 a day chance alone is 13 %, and one history in five hides the decline in it.
    #expect(missed.count <= (level < 100 ? 1 : 0), "level \(level): \(missed)")
  }

  @Test(
    "a weekly pattern raises nothing on the weekends of 52 weeks",
    arguments: [0.2, 0.5], [40.0, 1_000])
  func weekends(weekend: Double, level: Double) {
    for seed in 1...5 as ClosedRange<UInt64> {
      let values = history(days: 56 + 364, level: { _ in level }, weekend: weekend, seed: seed)
      let found = places(values).filter { $0.place >= 56 && $0.place % 7 >= 5 }
      #expect(found.isEmpty, "level \(level), seed \(seed): \(found.map(\.place))")
    }
  }

  @Test("a weekend with hardly anything raises nothing either", arguments: [40.0, 1_000])
  func idleWeekends(level: Double) {
    for seed in 1...5 as ClosedRange<UInt64> {
      let values = history(days: 56 + 364, level: { _ in level }, weekend: 0.02, seed: seed)
      let found = places(values).filter { $0.place >= 56 && $0.place % 7 >= 5 }
      withKnownIssue("less than one a day is still told on some weekends", isIntermittent: true) {
        #expect(found.isEmpty, "level \(level), seed \(seed): \(found.map(\.place))")
      }
    }
  }
}
