import Classification
import SeriesModel
import Testing

@Suite("Severity")
struct SeverityTests {
  let rule = SeverityRule()

  @Test("severity never falls as the magnitude or the duration grows")
  func isMonotone() {
    for intent in Intent.allCases {
      for granularity in Granularity.allCases {
        var below: [Severity] = []
        for magnitude in stride(from: 0.0, through: 6, by: 0.05) {
          let row = (1...80).map {
            rule.severity(
              magnitude: magnitude, durationBuckets: $0, granularity: granularity, intent: intent)
          }
          #expect(zip(row, row.dropFirst()).allSatisfy { $0 <= $1 })
          if !below.isEmpty { #expect(zip(below, row).allSatisfy { $0 <= $1 }) }
          below = row
        }
      }
    }
  }

  @Test(
    "half the usual is a warning at once, a fifth is critical at once",
    arguments: [
      (0.49, Severity.info), (0.6931471805599453, .warning), (1.6, .warning), (1.61, .critical),
    ])
  func linesAtOneBucket(magnitude: Double, expected: Severity) {
    let found = rule.severity(
      magnitude: magnitude, durationBuckets: 1, granularity: .day, intent: .risk)
    #expect(found == expected)
  }

  @Test("two thirds less for five days is critical, for one day a warning")
  func durationCounts() {
    func found(_ days: Int64) -> Severity {
      rule.severity(
        magnitude: 1.0986, durationBuckets: days, granularity: .day, intent: .risk)
    }
    #expect(found(1) == .warning)
    #expect(found(5) == .critical)
  }

  @Test("good news is information however large, and a neutral change is never critical")
  func intentBounds() {
    func found(_ intent: Intent) -> Severity {
      rule.severity(magnitude: 9, durationBuckets: 99, granularity: .day, intent: intent)
    }
    #expect(found(.opportunity) == .info)
    #expect(found(.neutral) == .warning)
    #expect(found(.dataQuality) == .warning)
    #expect(found(.risk) == .critical)
  }

  @Test("a magnitude that is no number is information; an infinite one is critical")
  func oddMagnitudes() {
    func found(_ magnitude: Double) -> Severity {
      rule.severity(magnitude: magnitude, durationBuckets: 1, granularity: .day, intent: .risk)
    }
    #expect(found(.nan) == .info)
    #expect(found(.infinity) == .critical)
  }

  @Test("an hour of 5-minute buckets weighs as much as one hour")
  func shortBuckets() {
    let five = rule.effect(magnitude: 1, durationBuckets: 12, granularity: .fiveMinutes)
    let hour = rule.effect(magnitude: 1, durationBuckets: 1, granularity: .hour)
    #expect(five == hour)
  }

  @Test(
    "intent follows from the side and from which way is good",
    arguments: [
      (Direction.down, Polarity.upIsGood, Intent.risk), (.up, .upIsGood, .opportunity),
      (.up, .downIsGood, .risk), (.down, .downIsGood, .opportunity), (.up, .neutral, .neutral),
      (.down, .neutral, .neutral), (.neither, .upIsGood, .neutral),
    ])
  func intent(direction: Direction, polarity: Polarity, expected: Intent) {
    #expect(Intent(direction, polarity) == expected)
  }
}
