/// What became of one decision about a side of a series.
public struct SettledDecision: Sendable, Hashable {
  /// What a decision comes to; each is exactly one of them.
  public enum Outcome: String, Sendable, Hashable, CaseIterable {
    /// People hear of an anomaly that they did not know to be there.
    case opened
    /// It is part of what the customer goes through as a whole.
    case joined
    /// A platform event explains it.
    case held
    /// It changes an anomaly that is known, or nothing.
    case update
  }

  /// The decision, with the standing of its anomaly.
  public var made: RowDecision
  /// What it came to.
  public var outcome: Outcome
  /// What people are told of the series' own anomaly, or nil.
  public var told: AnomalyChangeKind?

  /// Gathers what became of a decision.
  public init(made: RowDecision, outcome: Outcome, told: AnomalyChangeKind?) {
    self.made = made
    self.outcome = outcome
    self.told = told
  }
}

/// What is to be done about the anomaly of a customer as a whole.
public struct WideDecision: Sendable, Hashable {
  /// The incident afterwards, with the anomaly's numbers.
  public var incident: Incident
  /// What is to be done, and why.
  public var decision: MergeDecision
  /// What people are told, or nil.
  public var told: AnomalyChangeKind?
  /// Whether it goes on in the place of the leader's anomaly, which becomes a part of it.
  public var takesOverLeader: Bool
  /// The row of the batch that shows it best; nil where none of its series is out of the ordinary.
  public var row: Int?

  /// Gathers a decision.
  public init(
    incident: Incident, decision: MergeDecision, told: AnomalyChangeKind?, takesOverLeader: Bool,
    row: Int?
  ) {
    self.incident = incident
    self.decision = decision
    self.told = told
    self.takesOverLeader = takesOverLeader
    self.row = row
  }
}

/// What a bucket comes to for one customer.
public struct CustomerSettlement: Sendable, Hashable {
  /// What became of each decision, in the order in which they came.
  public var settled: [SettledDecision] = []
  /// The incidents that are new or have changed, at most one a side.
  public var incidents: [Incident] = []
  /// The anomalies of the customer as a whole that are new or have changed, at most one a side.
  public var wide: [WideDecision] = []

  /// Begins with nothing.
  public init() {}
}
