import SeriesModel
import Testing

@Suite("Values in words")
struct WordsTests {
  @Test(
    arguments: [
      (0, "0"), (-0.0, "0"), (45_000, "45,000"), (999.6, "1,000"), (99.96, "100"), (12.34, "12.3"),
      (-1_234_567, "-1,234,567"), (0.0456, "0.046"), (0.5, "0.5"), (-0.25, "-0.25"), (1, "1"),
      (-0.0001, "0"), (1e12, "1,000,000,000,000"),
    ] as [(Double, String)])
  func `numbers are written for people`(value: Double, text: String) {
    #expect(numberWords(value) == text)
  }

  @Test(
    arguments: [
      (1, .day, "1 day"), (2, .week, "2 weeks"), (3, .fiveMinutes, "15 minutes"),
      (1, .hour, "1 hour"),
    ] as [(Int64, Granularity, String)])
  func `durations are counted in words`(count: Int64, granularity: Granularity, text: String) {
    #expect(durationWords(count, granularity) == text)
  }
}
