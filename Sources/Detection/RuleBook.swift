public import Baselines
public import SeriesModel

/// The static rules that hold for each series of a batch.
///
/// Of one name the narrowest scope decides: customer before metric (with its dimensions before its
/// bare name), metric before segment, segment before the organisation; of two rules of one name and
/// scope the last. A rule that is off there does not stand.
public struct RuleBook: Sendable {
  /// By place of the metric: the rules that may speak of it, in their order.
  private let candidates: [[StaticRule]]

  /// The same of rules that speak of a customer's features together.
  private let mixCandidates: [[StaticRule]]

  /// Sorts the rules by the metrics of a batch.
  public init(_ rules: [StaticRule], metrics: [Metric]) {
    let known = metrics.map { metric in rules.filter { $0.speaks(of: metric) } }
    candidates = known.map { $0.filter { $0.comparison != .mixShift } }
    mixCandidates = known.map { $0.filter { $0.comparison == .mixShift } }
  }

  /// The rules that stand for one series, in the order in which their names came first.
  ///
  /// - Parameters:
  ///   - customer: Whose series it is.
  ///   - metric: What it measures.
  ///   - place: The place of the metric in the batch.
  /// - Returns: One rule a name.
  public func rules(customer: Customer, metric: Metric, at place: Int) -> [StaticRule] {
    Self.standing(candidates[place], customer, metric)
  }

  private static func standing(
    _ candidates: [StaticRule], _ customer: Customer, _ metric: Metric
  ) -> [StaticRule] {
    if candidates.isEmpty { return [] }
    var standing: [(rule: StaticRule, rank: Int)] = []
    for rule in candidates {
      guard let rank = rank(rule.scope, customer, metric) else { continue }
      guard let known = standing.firstIndex(where: { $0.rule.name == rule.name }) else {
        standing.append((rule, rank))
        continue
      }
      if rank >= standing[known].rank { standing[known] = (rule, rank) }
    }
    return standing.filter(\.rule.isOn).map(\.rule)
  }

  /// The rules that stand for the series of a row.
  func rules(ofRow row: Int, in evidence: EvidenceBatch) -> [StaticRule] {
    let place = Int(evidence.metricIndex[row])
    if candidates[place].isEmpty { return [] }
    return rules(
      customer: evidence.customers[Int(evidence.customerIndex[row])],
      metric: evidence.metrics[place], at: place)
  }

  /// The rule of a customer's mix that stands for the series of a row.
  func mixRule(ofRow row: Int, in evidence: EvidenceBatch) -> StaticRule? {
    let place = Int(evidence.metricIndex[row])
    return Self.standing(
      mixCandidates[place], evidence.customers[Int(evidence.customerIndex[row])],
      evidence.metrics[place]
    ).first
  }

  /// How narrow a scope is, or nil where it does not hold.
  private static func rank(_ scope: Scope, _ customer: Customer, _ metric: Metric) -> Int? {
    switch scope {
    case .organisation: 0
    case .segment(let name): name == customer.segment ? 1 : nil
    case .metric(let name): name == metric.key ? 3 : name == metric.name ? 2 : nil
    case .customer(let name): name == customer.externalID ? 4 : nil
    }
  }
}
