import TestSupport
import Testing

@Suite("Seeded numbers")
struct SeededNumbersTests {
  @Test("neighbouring seeds share no number, in whichever place")
  func seedsAreApart() {
    var seen: Set<UInt64> = []
    for seed in 0..<64 as Range<UInt64> {
      var numbers = SeededNumbers(seed)
      for _ in 0..<1_000 { #expect(seen.insert(numbers.next()).inserted) }
    }
  }

  @Test("the same seed gives the same numbers")
  func seedIsAll() {
    #expect(workingWeek(days: 30, level: 40, seed: 3) == workingWeek(days: 30, level: 40, seed: 3))
  }
}
