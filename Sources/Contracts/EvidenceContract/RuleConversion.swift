public import Baselines
public import RPC
import SeriesContract

extension Baselines.StaticRule {
  /// Rules that one batch may hold: all that a house may have set, and the shipped ones.
  public static let rulesLimit = 600

  /// Reads the rules of a batch.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  static func rules(
    _ wire: [EvidenceContract.StaticRule], _ field: String
  ) throws(RPCError) -> [Baselines.StaticRule] {
    guard wire.count <= rulesLimit else {
      throw RPCError(
        .invalidArgument, field: field, reason: "too_many",
        "\(field) may hold \(rulesLimit) entries and has \(wire.count)")
    }
    var rules: [Baselines.StaticRule] = []
    for (place, rule) in wire.enumerated() {
      rules.append(try Baselines.StaticRule(rule, field: "\(field)[\(place)]"))
    }
    return rules
  }

  /// Reads a rule.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - field: What errors call it, such as `rules[0]`.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: EvidenceContract.StaticRule, field: String) throws(RPCError) {
    try WireLimits.text(wire.name, bytes: 100, "\(field).name")
    try WireLimits.text(wire.scope, bytes: 220, "\(field).scope")
    try WireLimits.text(wire.metric, bytes: 220, "\(field).metric")
    try WireLimits.text(wire.companion, bytes: 220, "\(field).companion")
    guard let scope = Scope(wire.scope) else {
      throw RPCError(
        .invalidArgument, field: "\(field).scope", reason: "unknown_scope",
        "\(field).scope must be empty, segment:NAME, metric:NAME or customer:ID")
    }
    guard let comparison = Comparison(rawValue: UInt8(clamping: wire.comparison.rawValue)) else {
      throw WireLimits.unknownEnum(wire.comparison.rawValue, "\(field).comparison")
    }
    guard let reference = Reference(rawValue: UInt8(clamping: wire.reference.rawValue)) else {
      throw WireLimits.unknownEnum(wire.reference.rawValue, "\(field).reference")
    }
    self.init(
      name: wire.name, scope: scope, metric: wire.metric, comparison: comparison,
      reference: reference, threshold: wire.threshold, minimum: wire.minimum,
      ceiling: wire.ceiling, window: Int(wire.window), hold: Int(wire.hold),
      companion: wire.companion, severity: UInt8(clamping: wire.severity), isOn: !wire.off)
    guard let fault else { return }
    throw RPCError(
      .invalidArgument, field: "\(field).\(fault.field)", reason: "out_of_range",
      "\(field).\(fault.field) \(fault.reason)")
  }
}

extension EvidenceContract.StaticRule {
  /// Writes a rule.
  public init(_ domain: Baselines.StaticRule) {
    self.init()
    name = domain.name
    scope = domain.scope.text
    metric = domain.metric
    comparison = EvidenceContract.RuleComparison(rawValue: Int32(domain.comparison.rawValue))
    reference = EvidenceContract.RuleReference(rawValue: Int32(domain.reference.rawValue))
    threshold = domain.threshold
    minimum = domain.minimum
    ceiling = domain.ceiling
    window = UInt32(domain.window)
    hold = UInt32(domain.hold)
    companion = domain.companion
    severity = UInt32(domain.severity)
    off = !domain.isOn
  }
}
