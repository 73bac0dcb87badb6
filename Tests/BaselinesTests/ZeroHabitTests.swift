import Baselines
import SeriesModel
import TestSupport
import Testing

/// Zeros that come now and then, beside those of days on which nothing ever comes.
@Suite("Habit of zeros")
struct ZeroHabitTests {
  private let days = 56..<280

  private func hurdles(_ values: [Double]) -> [Int] {
    let batches = evidence(of: values)
    return days.filter { batches[$0].flags[0].contains(.hurdle) }
  }

  private func values(
    seed: UInt64, zeros: Double, weekend: Double, level: Double = 40
  ) -> [Double] {
    var numbers = SeededNumbers(seed)
    return (0..<days.upperBound).map { day in
      let value = numbers.count(mean: level * (day % 7 < 5 ? 1 : weekend))
      return numbers.share() < zeros ? 0 : value
    }
  }

  @Test(
    "the zeros of empty weekends are the season's shape", arguments: [0, 0.005, 0.02, 0.05],
    [10.0, 40, 400])
  func emptyWeekends(weekend: Double, level: Double) {
    for seed in 1...5 as ClosedRange<UInt64> {
      #expect(hurdles(values(seed: seed, zeros: 0, weekend: weekend, level: level)).isEmpty)
    }
  }

  @Test("zeros on any day are a habit", arguments: [0.3, 0.5, 0.7])
  func anyDay(zeros: Double) {
    for seed in 1...5 as ClosedRange<UInt64> {
      let values = values(seed: seed, zeros: zeros, weekend: 1)
      let zeroDays = days.filter { values[$0] == 0 }
      #expect(hurdles(values).count * 10 >= zeroDays.count * 9)
    }
  }

  @Test("both at once: the weekend's zeros are values, those of the days between are missing")
  func both() {
    for seed in 1...5 as ClosedRange<UInt64> {
      let values = values(seed: seed, zeros: 0.3, weekend: 0)
      let found = hurdles(values)
      let later = found.filter { $0 >= 140 }
      #expect(later.allSatisfy { $0 % 7 < 5 })
      let zeroDays = days.filter { $0 % 7 < 5 && values[$0] == 0 }
      #expect(found.filter { $0 % 7 < 5 }.count * 10 >= zeroDays.count * 8)
    }
  }
}
