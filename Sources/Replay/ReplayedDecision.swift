public import Classification
public import Detection

/// What a replay decided of one series in one bucket, with all that it rests on.
public struct ReplayedDecision: Sendable, Hashable {
  /// Every test and every condition.
  public var record: DecisionRecord
  /// What merging made of it, a side each; empty where nothing was there to merge.
  public var settled: [SettledDecision] = []
  /// What may be behind its anomaly, the best explanation first; empty where none changes.
  public var causes: [PossibleCause] = []
  /// The latest anomaly to each side, as it was known before.
  public var known: [Episode]
  /// What the customer went through as a whole, as it was known before.
  public var incidents: [Incident]
  /// The platform events that had not ended before.
  public var events: [PlatformEvent]
}
