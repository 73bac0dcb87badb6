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

  /// The scale for one series.
  public func scale(customer: Customer, metric: Metric) -> Double {
    if customers.isEmpty, metrics.isEmpty, segments.isEmpty { return organisation ?? 1 }
    return customers[customer.externalID] ?? metrics[metric.key] ?? metrics[metric.name]
      ?? segments[customer.segment] ?? organisation ?? 1
  }
}
