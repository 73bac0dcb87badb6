public import SeriesModel

/// Why something is judged again.
public enum ReviewCause: UInt8, Sendable, Hashable, CaseIterable {
  /// A holiday or a known event was entered, changed or removed.
  case calendar = 1
  /// Points came late or were corrected.
  case correction = 2
}

/// An anomaly as it was held before its evidence changed.
public struct HeldAnomaly: Sendable, Hashable {
  /// The identity.
  public var id: AnomalyID
  /// The metric; for more than one series the one that stands for all.
  public var metric: MetricID
  /// How much of the house it speaks of.
  public var scope: AnomalyScope
  /// Its numbers.
  public var episode: Episode
  /// What a person said of it last, or nil.
  public var word: TransitionVerb?

  /// Gathers what is held.
  public init(
    id: AnomalyID, metric: MetricID, scope: AnomalyScope, episode: Episode,
    word: TransitionVerb? = nil
  ) {
    self.id = id
    self.metric = metric
    self.scope = scope
    self.episode = episode
    self.word = word
  }
}

/// An anomaly as the new evidence bears it.
public struct BorneAnomaly: Sendable, Hashable {
  /// The identity that it would have been given.
  public var id: AnomalyID
  /// The metric; for more than one series the one that stands for all.
  public var metric: MetricID
  /// How much of the house it speaks of.
  public var scope: AnomalyScope
  /// Its numbers.
  public var episode: Episode

  /// Gathers what is borne.
  public init(id: AnomalyID, metric: MetricID, scope: AnomalyScope, episode: Episode) {
    self.id = id
    self.metric = metric
    self.scope = scope
    self.episode = episode
  }
}

/// What becomes of an anomaly when its evidence has changed.
public struct ReviewDecision: Sendable, Hashable {
  /// Under which identity it goes on.
  public var id: AnomalyID
  /// Whether it was held before.
  public var isHeld: Bool
  /// The one that the evidence bears; nil where it bears this one no more.
  public var borne: AnomalyID?
  /// The numbers afterwards.
  public var episode: Episode
  /// What people are told, or nil.
  public var told: AnomalyChangeKind?

  /// Gathers a decision.
  public init(
    id: AnomalyID, isHeld: Bool, borne: AnomalyID?, episode: Episode, told: AnomalyChangeKind?
  ) {
    self.id = id
    self.isHeld = isHeld
    self.borne = borne
    self.episode = episode
    self.told = told
  }
}
