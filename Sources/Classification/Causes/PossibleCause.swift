/// One thing that may be behind an anomaly; a suggestion, never a claim.
public struct PossibleCause: Sendable, Hashable {
  /// What kind of thing it is, those outside the customer first.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// All customers, or all of a cohort, are down.
    case platformEvent = "platform_event"
    /// Many customers of the same segment moved together.
    case sharedMovement = "shared_movement"
    /// Values have not come in yet.
    case lateData = "late_data"
    /// A holiday, or something that people knew would come.
    case knownEvent = "known_event"
    /// Another figure of the customer moved first.
    case leadingMetric = "leading_metric"
    /// One figure carries most of the change.
    case concentration
    /// Most figures of the customer moved together.
    case movedTogether = "moved_together"
    /// What is behind such an anomaly as a rule.
    case typical
  }

  /// What kind of thing it is.
  public var kind: Kind
  /// How much of the change it could account for, 0 to 1; 0 where experience alone speaks for it.
  public var strength: Double
  /// One plain sentence with the numbers, without the full stop.
  public var sentence: String

  /// Gathers a cause.
  public init(_ kind: Kind, strength: Double, sentence: String) {
    self.kind = kind
    self.strength = strength.isNaN ? 0 : min(max(strength, 0), 1)
    self.sentence = sentence
  }

  /// Whether it lies outside the customer, so that nothing need be looked for inside.
  var isOutside: Bool {
    switch kind {
    case .platformEvent, .sharedMovement, .lateData, .knownEvent: true
    case .leadingMetric, .concentration, .movedTogether, .typical: false
    }
  }
}
