/// What a person may do to an anomaly.
public enum TransitionVerb: UInt8, Sendable, Hashable, CaseIterable {
  case acknowledge = 1
  case dismiss = 2
  case resolve = 3
  case reopen = 4

  /// The word used in messages and files.
  public var name: String {
    switch self {
    case .acknowledge: "acknowledge"
    case .dismiss: "dismiss"
    case .resolve: "resolve"
    case .reopen: "reopen"
    }
  }
}

/// What happened to an anomaly that people are told of.
public enum AnomalyChangeKind: UInt8, Sendable, Hashable, CaseIterable {
  case opened = 1
  /// Type or severity.
  case changed = 2
  case resolved = 3
  case dismissed = 4
  case withdrawn = 5
  case reopened = 6

  /// The change that an action of the merge makes, or nil where nobody needs to hear of it.
  public init?(_ action: MergeAction) {
    switch action {
    case .open: self = .opened
    case .escalate: self = .changed
    case .resolve: self = .resolved
    case .reopen: self = .reopened
    case .withdraw: self = .withdrawn
    case .extend, .startRecovering, .keepRecovering, .resume, .nothing: return nil
    }
  }
}

/// A change of an anomaly, with all that the next stage needs.
public struct AnomalyChange: Sendable, Hashable {
  /// What happened.
  public var kind: AnomalyChangeKind
  /// The anomaly afterwards.
  public var anomaly: Anomaly
  /// When, in microseconds since 1970.
  public var changedUnixMicroseconds: Int64

  /// Gathers a change.
  public init(kind: AnomalyChangeKind, anomaly: Anomaly, changedUnixMicroseconds: Int64) {
    self.kind = kind
    self.anomaly = anomaly
    self.changedUnixMicroseconds = changedUnixMicroseconds
  }
}

/// What a person's wish does to an anomaly.
public enum TransitionPlan: Sendable, Hashable {
  /// The anomaly moves on; people are told when the kind is not nil.
  case move(to: AnomalyState, acknowledged: Bool, kind: AnomalyChangeKind?)
  /// It is so already.
  case unchanged
  /// The present state does not allow it.
  case conflict
}

/// Decides what a person's wish does, from the present state alone.
///
/// Repeating a wish changes nothing. What was withdrawn never existed, so nobody may act on it.
public func transitionPlan(
  _ verb: TransitionVerb, state: AnomalyState, isAcknowledged: Bool
) -> TransitionPlan {
  switch (verb, state) {
  case (_, .withdrawn): .conflict
  case (.acknowledge, .open): .move(to: .acknowledged, acknowledged: true, kind: .changed)
  case (.acknowledge, .recovering) where !isAcknowledged:
    .move(to: .recovering, acknowledged: true, kind: nil)
  case (.acknowledge, .acknowledged), (.acknowledge, .recovering): .unchanged
  case (.acknowledge, .resolved), (.acknowledge, .dismissed): .conflict
  case (.dismiss, .dismissed): .unchanged
  case (.dismiss, _): .move(to: .dismissed, acknowledged: isAcknowledged, kind: .dismissed)
  case (.resolve, .resolved): .unchanged
  case (.resolve, .dismissed): .conflict
  case (.resolve, _): .move(to: .resolved, acknowledged: isAcknowledged, kind: .resolved)
  case (.reopen, .resolved), (.reopen, .dismissed):
    .move(to: .open, acknowledged: false, kind: .reopened)
  case (.reopen, _): .unchanged
  }
}
