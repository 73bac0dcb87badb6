import Baselines
import Detection
import SeriesModel
import TestSupport
import Testing

@Suite("Sensitivity")
struct SensitivityTests {
  private let customer = Customer(
    id: CustomerID(high: 0, low: 1), externalID: "acme", segment: "large")
  private let metric = Metric(
    id: MetricID(1), name: "calls", dimensions: [Dimension(name: "site", value: "a")],
    granularity: .day, kind: .count)
  private let rules = [
    SensitivityRule(scope: .organisation, scale: 2),
    SensitivityRule(scope: .segment("large"), scale: 3),
    SensitivityRule(scope: .metric("calls"), scale: 4),
    SensitivityRule(scope: .metric("calls{site=a}"), scale: 5),
    SensitivityRule(scope: .customer("acme"), scale: 6),
  ]

  @Test("the narrowest scope with a rule decides", arguments: 0...5)
  func precedence(count: Int) {
    let scales = SensitivityScales(Array(rules.prefix(count)))
    #expect(scales.scale(customer: customer, metric: metric) == Double(count + 1))
  }

  @Test func `rules of other customers, metrics and segments do not hold`() {
    let scales = SensitivityScales([
      SensitivityRule(scope: .segment("small"), scale: 3),
      SensitivityRule(scope: .metric("mails"), scale: 4),
      SensitivityRule(scope: .customer("other"), scale: 6),
    ])
    #expect(scales.scale(customer: customer, metric: metric) == 1)
  }

  @Test("a scope reads back from its text", arguments: ["", "segment:x", "metric:a", "customer:é"])
  func scopes(text: String) throws {
    #expect(try #require(Scope(text)).text == text)
  }

  @Test("a text that is no scope is refused", arguments: ["x", "segment:", "region:x", ":"])
  func badScopes(text: String) {
    #expect(Scope(text) == nil)
  }

  @Test func `a larger scale needs a larger departure`() {
    var values = workingWeek(days: 200, level: 100, seed: 21)
    values[150] = 4
    var batch = evidence(of: values)[150]
    #expect(judge(batch, notify: false).findings.count == 1)
    batch.sensitivity = [SensitivityRule(scope: .customer("acme"), scale: 3)]
    #expect(judge(batch, notify: false).findings.isEmpty)
  }
}
