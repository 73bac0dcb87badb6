import Baselines
import Detection
import SeriesModel
import TestSupport
import Testing

/// What no threshold sees and what every threshold stumbles over, on the noise of real counts.
@Suite("Long histories")
struct LongHistoryTests {
  /// Counts with a working week whose variance is well beyond Poisson's.
  private func history(
    days: Int, level: (Int) -> Double, weekend: Double, seed: UInt64
  ) -> [Double] {
    var numbers = SeededNumbers(seed)
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

  /// As ``history(days:level:weekend:seed:)``, with one per cent less a day from a day on.
  private func decliningHistory(from start: Int, level: Double, seed: UInt64) -> [Double] {
    var factor = 1.0
    return history(
      days: start + 60,
      level: { day in
        if day >= start { factor *= 0.99 }
        return level * factor
      }, weekend: 0.4, seed: seed)
  }

  @Test("one per cent less a day is found within sixty days", arguments: [60.0, 100, 400, 5_000])
  func slowDecline(level: Double) {
    var missed: [UInt64] = []
    for seed in 1...12 as ClosedRange<UInt64> {
      // On each day of the week in turn, since declines are looked for once a week.
      let start = 200 + Int(seed) % 7
      let found = places(decliningHistory(from: start, level: level, seed: seed))
        .filter { $0.place >= start }
      guard let first = found.first else {
        missed.append(seed)
        continue
      }
      #expect(!first.finding.kind.isUp)
    }
    #expect(missed.isEmpty, "level \(level): \(missed)")
  }

  @Test("a level that stays is no decline", arguments: [20.0, 60, 400])
  func steadyLevel(level: Double) {
    for seed in 1...12 as ClosedRange<UInt64> {
      let values = history(days: 420, level: { _ in level }, weekend: 0.4, seed: seed)
      let found = places(values).filter { $0.finding.kind == .gradualDecline }
      #expect(found.isEmpty, "level \(level), seed \(seed): \(found.map(\.place))")
    }
  }

  @Test(
    "a weekly pattern raises nothing on the weekends of 52 weeks",
    arguments: [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5], [5.0, 20, 40, 100, 1_000])
  func weekends(weekend: Double, level: Double) {
    for seed in 1...5 as ClosedRange<UInt64> {
      let values = history(days: 56 + 364, level: { _ in level }, weekend: weekend, seed: seed)
      let found = places(values).filter { $0.place >= 56 && $0.place % 7 >= 5 }
      #expect(found.isEmpty, "level \(level), seed \(seed): \(found.map(\.place))")
    }
  }

  @Test("a weekend that is hardly used raises nothing on the days between either")
  func weeksAroundIdleWeekends() {
    for seed in 1...10 as ClosedRange<UInt64> {
      let values = history(days: 56 + 364, level: { _ in 40 }, weekend: 0.01, seed: seed)
      let found = places(values).filter { $0.place >= 56 }
      #expect(found.isEmpty, "seed \(seed): \(found.map(\.place))")
    }
  }
}
