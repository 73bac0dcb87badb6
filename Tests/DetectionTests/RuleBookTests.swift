import Baselines
import Detection
import SeriesModel
import TestSupport
import Testing

@Suite("Which rules stand")
struct RuleBookTests {
  private let customer = Customer(
    id: CustomerID(high: 0, low: 1), externalID: "acme", segment: "large")
  private let metric = Metric(
    id: MetricID(1), name: "calls", dimensions: [Dimension(name: "site", value: "a")],
    granularity: .day, kind: .count)

  private func rule(
    _ scope: Scope, _ threshold: Double, name: String = "fall", metric: String = "calls",
    isOn: Bool = true
  ) -> StaticRule {
    StaticRule(
      name: name, scope: scope, metric: metric, comparison: .dropPercent, threshold: threshold,
      isOn: isOn)
  }

  private func thresholds(_ rules: [StaticRule]) -> [Double] {
    RuleBook(rules, metrics: [metric]).rules(customer: customer, metric: metric, at: 0)
      .map(\.threshold)
  }

  @Test("of one name the narrowest scope decides", arguments: 1...5)
  func precedence(count: Int) {
    let rules = [
      rule(.organisation, 1), rule(.segment("large"), 2), rule(.metric("calls"), 3),
      rule(.metric("calls{site=a}"), 4), rule(.customer("acme"), 5),
    ]
    #expect(thresholds(Array(rules.prefix(count))) == [Double(count)])
    #expect(thresholds(rules.prefix(count).reversed()) == [Double(count)])
  }

  @Test func `rules of several names stand, and one that is off does not`() {
    #expect(thresholds([rule(.organisation, 1), rule(.organisation, 2, name: "other")]) == [1, 2])
    #expect(
      thresholds([rule(.organisation, 1), rule(.customer("acme"), 1, isOn: false)]).isEmpty)
    #expect(
      thresholds([rule(.organisation, 1), rule(.customer("other"), 1, isOn: false)]) == [1])
  }

  @Test func `rules of other metrics, customers and segments do not stand`() {
    #expect(
      thresholds([
        rule(.organisation, 1, metric: "mails"), rule(.customer("other"), 2),
        rule(.segment("small"), 3), rule(.metric("calls{site=b}"), 4),
      ]).isEmpty)
    #expect(thresholds([rule(.organisation, 1, metric: "")]) == [1])
  }

  private func batch(_ rules: [StaticRule], drop: Double = 4) -> EvidenceBatch {
    var values = workingWeek(days: 200, level: 100, seed: 21)
    values[150] = drop
    var batch = evidence(of: values)[150]
    batch.rules = rules
    return batch
  }

  @Test func `a rule of percent against mean, season and last value is measured as it says`() {
    func statistic(_ reference: StaticRule.Reference, window: Int = 1) -> Double? {
      let rule = StaticRule(
        name: "r", comparison: .dropPercent, reference: reference, threshold: 50, window: window)
      let batch = batch([rule])
      return judge(batch, notify: false).findings.first?.tests.first { $0.test == .rule }?.statistic
    }
    let ring = batch([]).ringObserved
    func isClose(_ found: Double?, _ reference: Double) -> Bool {
      ((found ?? 0) - 100 * (4 - reference) / reference).magnitude < 1e-9
    }
    #expect(isClose(statistic(.previous), ring[19]))
    #expect(isClose(statistic(.season), ring[13]))
    let mean = ring[15..<20].reduce(0, +) / 5
    #expect(isClose(statistic(.mean, window: 5), mean))
  }

  @Test func `what a model found stands and takes the tests of the rules along`() throws {
    let plain = try #require(judge(batch([]), notify: false).findings.first)
    let rule = StaticRule(
      name: "floor", comparison: .below, threshold: 10, window: 1, severity: 3)
    let ruled = judge(batch([rule]), notify: false).findings
    #expect(ruled.count == 1)
    let found = try #require(ruled.first)
    #expect(found.kind == plain.kind)
    #expect(found.score == plain.score)
    #expect(found.rule == "floor")
    #expect(found.severityFloor == 3)
    #expect(found.tests.count == plain.tests.count + 1)
  }

  @Test func `a kind that is muted is not told, and a rule still is`() {
    let mute = StaticRule(name: "quiet", comparison: .mute, companion: "drop")
    #expect(judge(batch([mute]), notify: false).findings.isEmpty)
    let below = StaticRule(name: "floor", comparison: .below, threshold: 10)
    #expect(judge(batch([mute, below]), notify: false).findings.first?.rule == "floor")
    let other = StaticRule(name: "quiet", comparison: .mute, companion: "spike")
    #expect(judge(batch([other]), notify: false).findings.count == 1)
  }

  @Test func `a rule needs all the buckets that it asks for, and a minimum`() {
    func fires(hold: Int, minimum: Double = 0) -> Bool {
      var values = workingWeek(days: 200, level: 100, seed: 21)
      for day in 149...150 { values[day] = 4 }
      var batch = evidence(of: values)[150]
      batch.rules = [
        StaticRule(
          name: "r", comparison: .dropPercent, reference: .mean, threshold: 50, minimum: minimum,
          window: 7, hold: hold)
      ]
      return judge(batch, notify: false).findings.first?.rule == "r"
    }
    #expect(fires(hold: 2))
    #expect(!fires(hold: 3))
    #expect(!fires(hold: 1, minimum: 1_000))
  }

  @Test func `rules are part of what a row was judged with`() {
    let plain = judge(batch([]), notify: false).evidenceHash
    let rule = StaticRule(name: "r", comparison: .below, threshold: 1)
    let ruled = judge(batch([rule]), notify: false).evidenceHash
    #expect(plain != ruled)
    var other = rule
    other.threshold = 2
    #expect(judge(batch([other]), notify: false).evidenceHash != ruled)
  }
}
