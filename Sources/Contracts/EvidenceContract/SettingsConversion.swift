public import Baselines
public import RPC
internal import SeriesContract

extension JudgementSettings {
  /// Reads settings.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: TakeSettingsRequest) throws(RPCError) {
    guard wire.sequence >= 0 else {
      throw RPCError(
        .invalidArgument, field: "sequence", reason: "out_of_range", "sequence may not be negative")
    }
    self.init(
      sequence: wire.sequence,
      sensitivity: try Self.sensitivity(
        wire.sensitivity, "sensitivity", limit: Self.sensitivityMax),
      rules: try Self.rules(wire.rules, "rules"))
  }

  /// Reads sensitivities, a scope each.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public static func sensitivity(
    _ wire: [EvidenceContract.SensitivityRule], _ field: String, limit: Int
  ) throws(RPCError) -> [Baselines.SensitivityRule] {
    try count(wire.count, limit: limit, field)
    var rules: [Baselines.SensitivityRule] = []
    var scopes: Set<Scope> = []
    for (place, entry) in wire.enumerated() {
      let rule = try Baselines.SensitivityRule(entry, field: "\(field)[\(place)]")
      guard scopes.insert(rule.scope).inserted else {
        throw duplicate("\(field)[\(place)].scope")
      }
      rules.append(rule)
    }
    return rules
  }

  /// Reads static rules, a name and scope each.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public static func rules(
    _ wire: [EvidenceContract.StaticRule], _ field: String
  ) throws(RPCError) -> [Baselines.StaticRule] {
    try count(wire.count, limit: rulesMax, field)
    var rules: [Baselines.StaticRule] = []
    var known: Set<[String]> = []
    for (place, entry) in wire.enumerated() {
      let rule = try Baselines.StaticRule(entry, field: "\(field)[\(place)]")
      guard known.insert([rule.name, rule.scope.text]).inserted else {
        throw duplicate("\(field)[\(place)].name")
      }
      rules.append(rule)
    }
    return rules
  }

  /// Refuses more entries than a call may hold.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public static func count(_ count: Int, limit: Int, _ field: String) throws(RPCError) {
    guard count > limit else { return }
    throw RPCError(
      .invalidArgument, field: field, reason: "too_many",
      "\(field) may hold \(limit) entries and has \(count)")
  }

  private static func duplicate(_ field: String) -> RPCError {
    RPCError(
      .invalidArgument, field: field, reason: "duplicate_row", "\(field) stands twice")
  }
}

extension TakeSettingsRequest {
  /// Writes settings.
  public init(_ domain: JudgementSettings) {
    self.init()
    sequence = domain.sequence
    sensitivity = domain.sensitivity.map(EvidenceContract.SensitivityRule.init)
    rules = domain.rules.map(EvidenceContract.StaticRule.init)
  }
}
