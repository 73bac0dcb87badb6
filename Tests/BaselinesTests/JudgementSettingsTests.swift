import Baselines
import SeriesModel
import Testing

@Suite("Settings of judgement")
struct JudgementSettingsTests {
  private static let customers = [
    Customer(id: CustomerID(high: 0, low: 1), externalID: "acme", segment: "large")
  ]
  private static let metrics = [
    Metric(
      id: MetricID(1), name: "calls", dimensions: [Dimension(name: "origin", value: "JFK")],
      granularity: .day, kind: .count)
  ]

  @Test(
    "only what may speak of a series goes along with it",
    arguments: [
      ("", true), ("segment:large", true), ("segment:small", false), ("customer:acme", true),
      ("customer:other", false), ("metric:calls", true), ("metric:calls{origin=JFK}", true),
      ("metric:calls{origin=LGA}", false),
    ])
  func present(text: String, isPresent: Bool) throws {
    let scope = try #require(Scope(text))
    let settings = JudgementSettings(
      sequence: 3, sensitivity: [SensitivityRule(scope: scope, scale: 2)],
      rules: [StaticRule(name: "low", scope: scope, metric: "calls", comparison: .below)])
    let present = settings.present(in: Self.customers, Self.metrics)
    #expect(present.sequence == 3)
    #expect(present.sensitivity.count == (isPresent ? 1 : 0))
    #expect(present.rules.count == (isPresent ? 1 : 0))
  }

  @Test func `a rule of another metric stays behind, and shipped rules stand before set ones`() {
    let settings = JudgementSettings(
      rules: [
        StaticRule(name: "low", metric: "logins", comparison: .below),
        StaticRule(name: "high", metric: "calls", comparison: .above),
      ])
    let present = settings.present(in: Self.customers, Self.metrics)
    #expect(present.rules.map(\.name) == ["high"])
    #expect(present.staticRules == StaticRule.shipped + present.rules)
  }
}
