import Baselines
import Detection
import SeriesModel
import TestSupport
import Testing

/// Series of one customer that stand in one batch a day, judged with rules.
func ruledBatches(
  _ series: [(metric: Metric, values: [Double])], rules: [StaticRule] = StaticRule.shipped
) -> [EvidenceBatch] {
  var models = series.map { SeriesBaseline(kind: $0.metric.kind, granularity: .day) }
  return (0..<(series.first?.values.count ?? 0)).map { day in
    var batch = EvidenceBatch.fixture(bucket: Bucket(.day, 4 + Int32(day)))
    batch.metrics = series.map(\.metric)
    batch.rules = rules
    for place in series.indices {
      _ = models[place].advance(
        to: batch.bucket.index, value: series[place].values[day], customerIndex: 0,
        metricIndex: UInt32(place), into: &batch)
    }
    return batch
  }
}

extension Metric {
  static func ruled(
    _ name: String, number: Int32 = 1, kind: MetricKind = .gauge, unit: String = ""
  ) -> Metric {
    Metric(id: MetricID(number), name: name, granularity: .day, kind: kind, unit: unit)
  }
}

@Suite("Static rules")
struct StaticRuleTests {
  /// A score that wanders widely and then stands at `level` or just below it for a week.
  private func restless(level: Double, then values: [Double]) -> [Double] {
    var numbers = SeededNumbers(5)
    let before = (0..<90).map { _ in (10 * (level - 40 * numbers.share())).rounded() / 10 }
    return before + [0, 1.3, 0.4, 2.1, 0.2, 1.7, 0].map { level - $0 } + values
  }

  private func last(
    _ values: [Double], name: String = "health_score", kind: MetricKind = .gauge,
    unit: String = "", rules: [StaticRule] = StaticRule.shipped
  ) -> FindingsBatch {
    let series = [(metric: Metric.ruled(name, kind: kind, unit: unit), values: values)]
    return judge(ruledBatches(series, rules: rules)[values.count - 1], notify: true)
  }

  @Test(
    "a drop of more than 20 points fires and one of 20 does not, whatever binary makes of them",
    arguments: [
      (80.0, 60.0, false), (80, 59.99, true), (70.1, 50.1, false), (70.1, 50.09, true),
      (82, 60, true), (60.3, 40.3, false), (60.3, 40.29, true),
    ])
  func healthDrop(from: Double, to: Double, fires: Bool) throws {
    let found = last(restless(level: from, then: [to])).findings.filter { $0.rule == "health_drop" }
    #expect(found.isEmpty == !fires)
    guard fires else { return }
    let finding = try #require(found.first)
    #expect(finding.kind == .drop)
    #expect(finding.observed == to)
    #expect(finding.expected == from)
    #expect(finding.severityFloor == 2)
    let test = try #require(finding.tests.first { $0.test == .rule && $0.fired })
    #expect(test.statistic == to - from)
    #expect(test.threshold == 20)
  }

  @Test func `a drop in two steps within a week counts, and after a gap the last score`() {
    let steps = last(restless(level: 80, then: [70, 59.9])).findings
    #expect(steps.contains { $0.rule == "health_drop" })
    let gap = Array(repeating: Double.nan, count: 9)
    let after = last(restless(level: 80, then: gap + [59.9])).findings
    #expect(after.contains { $0.rule == "health_drop" })
  }

  @Test func `a rise of more than 20 points above the mean of a week is a spike`() throws {
    let found = last(restless(level: 60, then: [79.2])).findings
    let rise = try #require(found.first { $0.rule == "health_rise" }, "\(found)")
    #expect(rise.kind == .spike)
    let none = last(restless(level: 60, then: [79.18])).findings
    #expect(!none.contains { $0.rule == "health_rise" })
  }

  @Test func `a recovery faster than any rise before is told once it has held for three days`() {
    let calm = (0..<40).map { 75 + Double($0 % 3) * 0.5 }
    let fall = [74, 60.0, 47, 46, 46, 45.5]
    func rules(_ values: [Double]) -> Bool {
      let found = last(values, rules: StaticRule.shipped.filter { $0.name == "recovery_unusual" })
      return found.findings.contains { $0.tests.contains { $0.test == .rule && $0.fired } }
    }
    #expect(!rules(calm + fall + [72, 73]))
    #expect(rules(calm + fall + [72, 73, 73]))
    #expect(!rules(calm + fall + [72, 50, 73]))
    #expect(!rules(calm + [76, 77, 95]))
  }

  @Test func `a score that stands still below its ceiling is a plateau of little weight`() throws {
    let low = (0..<30).map { 41 + Double($0 * 7 % 5) * 0.4 }
    let found = last((0..<60).map { 90 - Double($0) * 0.8 } + low).findings
    let plateau = try #require(found.first { $0.rule == "health_plateau" })
    #expect(plateau.severityFloor == 1)
    let high = last((0..<60).map { 40 + Double($0) * 0.8 } + low.map { $0 + 40 }).findings
    #expect(!high.contains { $0.rule == "health_plateau" })
  }

  @Test(
    "revenue is held against the forecast of the same customer",
    arguments: [(110.0, false), (110.01, true), (90, false), (89.99, true)])
  func variance(actual: Double, fires: Bool) throws {
    var numbers = SeededNumbers(8)
    let forecast = (0..<60).map { _ in (80 + 40 * numbers.share()).rounded() } + [100]
    let values = forecast.dropLast().map { $0 * (0.75 + 0.5 * numbers.share()) } + [actual]
    let batches = ruledBatches([
      (.ruled("revenue_actual", kind: .money), values),
      (.ruled("revenue_forecast", number: 2, kind: .money), forecast),
    ])
    let found = judge(batches[60], notify: true).findings.filter { $0.rule == "revenue_variance" }
    #expect(found.isEmpty == !fires)
    let finding = found.first
    #expect(finding == nil || finding?.kind == (actual > 100 ? .spike : .drop))
    #expect(finding == nil || finding?.expected == 100)
  }

  @Test func `without its forecast, or with one of 0, revenue is not held against any`() {
    let values = (0..<60).map { 100 + Double($0 * 7 % 11) * 3 }
    let alone = judge(ruledBatches([(.ruled("revenue_actual"), values)])[59], notify: true)
    #expect(alone.findings.isEmpty)
    let batches = ruledBatches([
      (.ruled("revenue_actual"), values),
      (.ruled("revenue_forecast", number: 2), values.map { _ in 0 }),
    ])
    #expect(judge(batches[59], notify: true).findings.allSatisfy { $0.rule.isEmpty })
  }

  @Test(
    "a churn rate fires only when its exact band lies above the usual rate",
    arguments: [(3.0, false), (5, false), (12, true)])
  func churnRate(leavers: Double, fires: Bool) {
    // Two of a hundred leave as a rule; a band of 99 % begins above 2 % from nine leavers on, and
    // somewhat later where the usual share is known from counts.
    let left = (0..<60).map { Double([1, 3, 2, 2, 1, 3, 2][$0 % 7]) } + [leavers]
    let batches = ruledBatches([
      (.ruled("churned_customers", kind: .count), left),
      (.ruled("customers_at_risk", number: 2, kind: .count), left.map { _ in 100 }),
    ])
    let found = judge(batches[60], notify: true).findings.filter { $0.rule == "churn_rate" }
    #expect(found.isEmpty == !fires)
  }

  @Test(
    "a churn risk above 80 per cent fires, as a share and as a percentage",
    arguments: [
      (0.8, MetricKind.ratio, "", false), (0.8001, .ratio, "", true), (80, .ratio, "%", false),
      (80.01, .ratio, "%", true), (80, .gauge, "", false), (80.01, .gauge, "", true),
    ])
  func churnRisk(value: Double, kind: MetricKind, unit: String, fires: Bool) {
    let scale = value > 1 ? 100.0 : 1
    let before = (0..<40).map { scale * (0.5 + 0.29 * Double($0 * 7 % 11) / 10) }
    let found = last(before + [value], name: "churn_risk", kind: kind, unit: unit).findings
    #expect(found.contains { $0.rule == "churn_risk" } == fires)
  }
}
