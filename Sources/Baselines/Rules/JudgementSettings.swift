public import SeriesModel

/// What people have set about judgement, as it was after one change.
public struct JudgementSettings: Sendable, Hashable {
  /// The most scopes with a sensitivity of their own.
  public static let sensitivityMax = 5_000

  /// The most static rules beside the shipped ones.
  public static let rulesMax = 500

  /// The number of the change; 0 before the first one.
  public var sequence: Int64

  /// How cautious judgement is, a scope each.
  public var sensitivity: [SensitivityRule]

  /// The static rules that were set, a name and scope each.
  public var rules: [StaticRule]

  /// Gathers settings; the defaults are those of a house in which nobody has set anything.
  public init(sequence: Int64 = 0, sensitivity: [SensitivityRule] = [], rules: [StaticRule] = []) {
    self.sequence = sequence
    self.sensitivity = sensitivity
    self.rules = rules
  }

  /// The shipped static rules and those that were set, which decide where both speak.
  public var staticRules: [StaticRule] { StaticRule.shipped + rules }

  /// What of it may speak of some series; the rest is of no use to those who judge them.
  ///
  /// - Parameters:
  ///   - customers: Whose series they are.
  ///   - metrics: What they measure.
  /// - Returns: The settings without those of other scopes, in the same order.
  public func present(in customers: [Customer], _ metrics: [Metric]) -> JudgementSettings {
    if sensitivity.isEmpty, rules.isEmpty { return self }
    let ids = Set(customers.map(\.externalID))
    let segments = Set(customers.map(\.segment))
    let names = Set(metrics.map(\.name) + metrics.map(\.key))
    func isPresent(_ scope: Scope) -> Bool {
      switch scope {
      case .organisation: true
      case .segment(let name): segments.contains(name)
      case .metric(let name): names.contains(name)
      case .customer(let id): ids.contains(id)
      }
    }
    return JudgementSettings(
      sequence: sequence, sensitivity: sensitivity.filter { isPresent($0.scope) },
      rules: rules.filter { rule in
        isPresent(rule.scope) && metrics.contains { rule.speaks(of: $0) }
      })
  }
}
