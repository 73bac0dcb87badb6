public import Baselines
public import SeriesModel

/// The scale that holds for each series: the narrowest scope with a rule decides.
///
/// Customer before metric (with its dimensions before its bare name), metric before segment,
/// segment before the organisation; without any rule the scale is 1.
public struct SensitivityScales: Sendable {
  private var organisation: Double?
  private var segments: [String: Double] = [:]
  private var metrics: [String: Double] = [:]
  private var customers: [String: Double] = [:]

  /// Gathers the rules; the last of two for one scope holds.
  public init(_ rules: [SensitivityRule]) {
    for rule in rules {
      switch rule.scope {
      case .organisation: organisation = rule.scale
      case .segment(let name): segments[name] = rule.scale
      case .metric(let name): metrics[name] = rule.scale
      case .customer(let name): customers[name] = rule.scale
      }
    }
  }

  /// The scale of all series where no rule speaks of some; nil otherwise.
  var common: Double? {
    customers.isEmpty && metrics.isEmpty && segments.isEmpty ? organisation ?? 1 : nil
  }

  /// The scale for one series.
  public func scale(customer: Customer, metric: Metric) -> Double {
    if let common { return common }
    return rule(customer: customer, metric: metric)?.scale ?? 1
  }

  /// The rule that holds for one series, or nil where nobody made one.
  public func rule(customer: Customer, metric: Metric) -> SensitivityRule? {
    if let scale = customers[customer.externalID] {
      return SensitivityRule(scope: .customer(customer.externalID), scale: scale)
    }
    for name in [metric.key, metric.name] {
      if let scale = metrics[name] { return SensitivityRule(scope: .metric(name), scale: scale) }
    }
    if let scale = segments[customer.segment] {
      return SensitivityRule(scope: .segment(customer.segment), scale: scale)
    }
    return organisation.map { SensitivityRule(scope: .organisation, scale: $0) }
  }
}
