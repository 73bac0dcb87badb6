import Classification
import SeriesModel
import Testing

@Suite("Severity")
struct SeverityTests {
  let rule = SeverityRule()

  @Test("severity never falls as the magnitude, the score or the duration grows")
  func isMonotone() {
    for intent in Intent.allCases {
      for granularity in Granularity.allCases {
        for score in [1.0, 1.3, 2, 7] {
          var below: [Severity] = []
          for magnitude in stride(from: 0.0, through: 6, by: 0.1) {
            func row(_ score: Double) -> [Severity] {
              (1...40).map {
                rule.severity(
                  magnitude: magnitude, score: score, durationBuckets: $0,
                  granularity: granularity, intent: intent)
              }
            }
            let found = row(score)
            #expect(zip(found, found.dropFirst()).allSatisfy { $0 <= $1 })
            #expect(zip(found, row(score + 0.5)).allSatisfy { $0 <= $1 })
            if !below.isEmpty { #expect(zip(below, found).allSatisfy { $0 <= $1 }) }
            below = found
          }
        }
      }
    }
  }

  @Test(
    "three tenths of the usual are a warning at once, a seventh is critical at once",
    arguments: [
      (1.19, Severity.info), (1.2, .warning), (1.99, .warning), (2, .critical),
    ])
  func linesAtOneBucket(magnitude: Double, expected: Severity) {
    let found = rule.severity(
      magnitude: magnitude, durationBuckets: 1, granularity: .day, intent: .risk)
    #expect(found == expected)
  }

  @Test("two thirds less that is clear for five days is critical, just seen on one information")
  func durationCounts() {
    func found(_ days: Int64, score: Double) -> Severity {
      rule.severity(
        magnitude: 1.0986, score: score, durationBuckets: days, granularity: .day, intent: .risk)
    }
    #expect(found(1, score: 1) == .info)
    #expect(found(5, score: 2) == .critical)
  }

  @Test("only a risk is ever critical")
  func intentBounds() {
    func found(_ intent: Intent) -> Severity {
      rule.severity(magnitude: 9, durationBuckets: 99, granularity: .day, intent: intent)
    }
    #expect(found(.opportunity) == .warning)
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
