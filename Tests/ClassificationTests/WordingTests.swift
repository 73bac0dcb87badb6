import Classification
import SeriesModel
import Testing

@Suite("Words")
struct WordingTests {
  @Test(
    "a change is told as people say it",
    arguments: [
      (AnomalyType.drop, 45_000.0, 15_000.0, "67% drop in API calls"),
      (.spike, 40, 100, "150% increase in API calls"),
      (.spike, 2, 24, "12 times the usual API calls"),
      (.spike, 10, 99, "890% increase in API calls"),
      (.drop, 100, 0, "100% drop in API calls"),
      (.drop, 10_000, 2, "over 99% drop in API calls"),
      (.levelDown, 100, 65, "35% drop in API calls"),
      (.spike, 0, 45, "increase in API calls from none to 45/day"),
      (.spike, 0.05, 17, "increase in API calls from 0.05 to 17/day"),
      (.spike, -4, 38.25, "increase in API calls from -4 to 38.3/day"),
    ])
  func summary(type: AnomalyType, baseline: Double, actual: Double, expected: String) {
    let found = Wording.summary(
      type: type, metric: .fixture(), actual: actual, baseline: baseline)
    #expect(found == expected)
  }

  @Test(
    "what no single bucket shows has words of its own",
    arguments: [
      (
        AnomalyType.gradualDecline, 100.0, 62.0, 56,
        "gradual decline of 38% over 8 weeks in API calls"
      ),
      (.abandonment, 120, 0, 6, "API calls stopped: none for 6 days, 120/day usual"),
      (.abandonment, 120, 2, 6, "API calls hardly used any more: 2/day, 120/day usual"),
      (.adoption, 0, 12, 7, "started using API calls: 12/day"),
      (.seasonalChange, 100, 100, 21, "weekly pattern of API calls changed"),
      (.plateau, 480, 500, 9, "API calls stuck at 500 for 9 days (possible cap)"),
      (.growthStall, 500, 400, 30, "growth of API calls has stalled at 400/day"),
      (.mixShift, 10, 10, 9, "mix of API calls changed"),
      (.platformOutage, 100, 45, 1, "platform event: 55% drop in all figures"),
    ])
  func slowChange(
    type: AnomalyType, baseline: Double, actual: Double, days: Int64, expected: String
  ) {
    let found = Wording.summary(
      type: type, metric: .fixture(), actual: actual, baseline: baseline, durationBuckets: days)
    #expect(found == expected)
  }

  @Test("a customer as a whole is told by how many of its metrics took part")
  func wholeCustomer() {
    func found(_ type: AnomalyType, _ actual: Double) -> String {
      Wording.summary(
        type: type, metric: .everything(.day), actual: actual, baseline: 100,
        reach: Reach(scope: .customer, memberCount: 5, seriesCount: 7))
    }
    #expect(found(.levelDown, 60) == "40% drop in 5 of 7 metrics")
    #expect(found(.spike, 250) == "150% increase in 5 of 7 metrics")
    #expect(found(.gradualDecline, 70) == "gradual 30% drop in 5 of 7 metrics")
    #expect(found(.abandonment, 0) == "5 of 7 metrics stopped")
    #expect(found(.abandonment, 20) == "80% drop in 5 of 7 metrics")
  }

  @Test("every type has actions and a cause for every intent", arguments: AnomalyType.allCases)
  func complete(type: AnomalyType) {
    for polarity in Polarity.allCases {
      let metric = Metric.fixture(polarity: polarity)
      #expect(!SuggestedAction.suggested(for: type, Intent(type, polarity)).isEmpty)
      #expect(!Wording.possibleCause(type: type, metric: metric).isEmpty)
    }
  }

  @Test("a level that was near zero is told by its values")
  func levels() {
    let delay = Metric.fixture(kind: .gauge, unit: "minutes", displayName: "Departure delay")
    func found(_ baseline: Double, _ actual: Double) -> String {
      Wording.summary(type: .spike, metric: delay, actual: actual, baseline: baseline)
    }
    #expect(found(0.06, 79.2) == "increase in departure delay from 0.06 to 79.2 minutes")
    #expect(found(10, 28) == "180% increase in departure delay")
  }

  @Test("dimensions stand behind the name, places with at")
  func dimensions() {
    let metric = Metric.fixture(
      name: "cancelled_departures",
      dimensions: [
        Dimension(name: "origin", value: "JFK"), Dimension(name: "fare_class", value: "Y"),
      ], displayName: "Cancelled departures")
    #expect(Wording.metricPhrase(metric) == "cancelled departures for fare class Y at JFK")
    #expect(Wording.metricPhrase(.fixture(displayName: "")) == "api calls")
    #expect(Wording.metricPhrase(.fixture(displayName: "API calls")) == "API calls")
  }

  @Test(
    "a duration is told in the unit that fits",
    arguments: [
      (1, Granularity.day, "1 day"), (5, .day, "5 days"), (10, .day, "10 days"),
      (14, .day, "2 weeks"), (15, .day, "15 days"), (3, .week, "3 weeks"), (1, .hour, "1 hour"),
      (47, .hour, "47 hours"), (72, .hour, "3 days"), (5, .fiveMinutes, "25 minutes"),
      (36, .fiveMinutes, "3 hours"),
    ])
  func duration(buckets: Int64, granularity: Granularity, expected: String) {
    #expect(durationWords(buckets, granularity) == expected)
  }

  @Test(
    "numbers keep the digits that say something",
    arguments: [
      (45_000.0, "45,000"), (1_234_567.8, "1,234,568"), (100.4, "100"), (99.96, "100"),
      (12.34, "12.3"), (12.0, "12"), (0.5, "0.5"), (0.125, "0.13"), (0.0123, "0.012"),
      (0, "0"), (-0.0001, "0"), (-3.25, "-3.3"), (999_999.5, "1,000,000"), (.nan, "unknown"),
    ])
  func numbers(value: Double, expected: String) {
    #expect(numberWords(value) == expected)
  }

  @Test("a deviation is negative for less, and absent where nothing was expected")
  func deviation() {
    #expect(deviationPercent(actual: 15, baseline: 45).map { Int($0) } == -66)
    #expect(deviationPercent(actual: 5, baseline: 0) == nil)
    #expect(deviationPercent(actual: 4, baseline: -4) == 200)
    #expect(deviationPercent(actual: -8, baseline: -4) == -100)
    #expect(deviationPercent(actual: .nan, baseline: 1) == nil)
  }

  @Test("values carry their rate or their unit")
  func values() {
    #expect(Wording.valueWords(45_000, .fixture()) == "45,000/day")
    let money = Metric.fixture(granularity: .week, kind: .money, unit: "GBP")
    #expect(Wording.valueWords(1_200.4, money) == "1,200 GBP/week")
    #expect(Wording.valueWords(12.44, .fixture(kind: .gauge, unit: "minutes")) == "12.4 minutes")
  }

  @Test("a cause that many customers share comes before the customer's own")
  func sharedCause() {
    let shared = SharedMovement(
      seriesMoved: 4, seriesJudged: 6, customersMoved: 12, customersJudged: 14, segment: "large")
    #expect(
      Wording.possibleCause(type: .drop, metric: .fixture(), shared: shared)
        == "Shared cause: 12 of 14 customers of segment large went down at the same time")
    let own = SharedMovement(
      seriesMoved: 4, seriesJudged: 6, customersMoved: 1, customersJudged: 14, segment: "large")
    #expect(
      Wording.possibleCause(type: .drop, metric: .fixture(), shared: own)
        == "Integration issue or migration; 4 of 6 of the customer's figures went down together")
  }
}
