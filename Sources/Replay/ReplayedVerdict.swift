public import Classification

/// A person's word that something that was found is no problem.
public struct ReplayedVerdict: Sendable, Hashable {
  /// Of whom it speaks.
  public enum Scope: Sendable, Hashable {
    /// Of one series, by its place among those of the replay.
    case series(Int)
    /// Of a customer as a whole, by its place among those of the replay.
    case customer(Int)
    /// Of all of a cohort at once, by its name; empty for all customers.
    case cohort(String)
  }

  /// Of whom it speaks.
  public var scope: Scope
  /// The buckets in which it was seen; an anomaly that shares one of them is meant.
  public var buckets: ClosedRange<Int32>
  /// The side that is meant; nil for any.
  public var direction: Direction?

  /// Gathers what is needed to find the anomaly that is meant.
  public init(scope: Scope, buckets: ClosedRange<Int32>, direction: Direction? = nil) {
    self.scope = scope
    self.buckets = buckets
    self.direction = direction
  }

  /// Whether it speaks of an anomaly of its scope.
  func means(_ episode: Episode) -> Bool {
    (direction == nil || direction == episode.direction)
      && buckets.lowerBound <= episode.endBucket && buckets.upperBound >= episode.startBucket
  }
}

extension Episode {
  /// Takes a person's word that it is no problem; false where its state does not allow that.
  mutating func dismiss() -> Bool {
    switch transitionPlan(.dismiss, state: state, isAcknowledged: isAcknowledged) {
    case .move(let state, let isAcknowledged, kind: _):
      self.state = state
      self.isAcknowledged = isAcknowledged
      return true
    case .unchanged: return true
    case .conflict: return false
    }
  }
}
