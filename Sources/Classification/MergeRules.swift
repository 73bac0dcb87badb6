public import SeriesModel

/// When an excursion belongs to an anomaly that is known already, and when that one is over.
public struct MergeRules: Sendable, Hashable {
  /// How severity follows from magnitude and duration.
  public var severity: SeverityRule

  /// How dismissals raise the bar for what is like them.
  public var dismissal: DismissalRule

  /// When one bucket alone is no news.
  public var oneOff: OneOffRule

  /// Deviations of a bucket alone, towards the anomaly's side, up to which it is inside the band.
  public var bandDeviations: Double

  /// One in so many buckets of a joined anomaly must be out of the ordinary.
  public var joinedShare: Int64

  /// Days in a row inside the band that end an anomaly of days: a week, so that every weekday was
  /// seen once.
  public var calmDays: Int32

  /// Sets the rules.
  public init(
    severity: SeverityRule = SeverityRule(), dismissal: DismissalRule = DismissalRule(),
    oneOff: OneOffRule = OneOffRule(), bandDeviations: Double = 2.5, joinedShare: Int64 = 3,
    calmDays: Int32 = 7
  ) {
    self.calmDays = calmDays
    self.dismissal = dismissal
    self.oneOff = oneOff
    self.severity = severity
    self.bandDeviations = bandDeviations
    self.joinedShare = joinedShare
  }

  /// Within how many buckets of an anomaly's end an excursion to the same side joins it: three
  /// hours of 5 minutes, a day of hours, a week of days, three weeks.
  public func joinBuckets(_ granularity: Granularity) -> Int32 {
    switch granularity {
    case .fiveMinutes: 36
    case .hour: 24
    case .day: 7
    case .week: 3
    }
  }

  /// How many buckets in a row inside the band end an anomaly: half an hour of 5 minutes, a day of
  /// hours, a week of days, two weeks.
  public func calmBuckets(_ granularity: Granularity) -> Int32 {
    switch granularity {
    case .fiveMinutes: 6
    case .hour: 24
    case .day: calmDays
    case .week: 2
    }
  }

  /// How many buckets after its level has followed what lasts is normal: two rounds of what ends an
  /// anomaly.
  public func newLevelBuckets(_ granularity: Granularity) -> Int32 { 2 * calmBuckets(granularity) }

  /// How many buckets after its last one a platform event is over: it ends for all at once.
  public func outageCalmBuckets(_ granularity: Granularity) -> Int32 {
    switch granularity {
    case .fiveMinutes: 6
    case .hour: 6
    case .day: 3
    case .week: 2
    }
  }
}

/// What is to be done about the anomaly of one side of a series.
public enum MergeAction: String, Sendable, Hashable, CaseIterable {
  /// A new anomaly begins.
  case open
  /// It goes on, and no one needs to hear of that.
  case extend
  /// It goes on and has become worse or lasting.
  case escalate
  /// It is back inside its band for the first time.
  case startRecovering
  /// It stays inside its band, not yet for long enough.
  case keepRecovering
  /// It has left its band again before it was over.
  case resume
  /// It has been inside its band for long enough.
  case resolve
  /// It was over and has begun again.
  case reopen
  /// A correction took its ground away.
  case withdraw
  /// Nothing changes.
  case nothing
}

/// Why it is to be done.
public enum MergeReason: String, Sendable, Hashable, CaseIterable {
  /// A test fired and no anomaly to that side is near.
  case firstFinding
  /// A test fired in a series that is out of its band.
  case outOfBand
  /// No test fired, but the bucket alone is out of the band.
  case outOfBandAlone
  /// Magnitude or duration reached the next line.
  case worse
  /// The excursion began near the end of one that was over.
  case joined
  /// The bucket is inside the band.
  case insideBand
  /// The buckets inside the band are enough.
  case calm
  /// One bucket was out of the ordinary, and the series returned.
  case oneOffOver
  /// One bucket is out of the ordinary, as one was before that was over in the next.
  case likeOneOff
  /// The level has followed, and the series stays there.
  case newLevel
  /// It has stayed at its new level for long enough to be what is normal.
  case newNormal
  /// A longer window still holds what is over.
  case echo
  /// A person has said that it is no problem, and it goes on.
  case dismissed
  /// A test fired, but no more clearly than on what a person has said is no problem.
  case likeDismissed
  /// The bucket has no value.
  case missing
  /// A correction confirms what was known.
  case confirmed
  /// A correction leaves nothing of it.
  case corrected
  /// A correction speaks of buckets before the anomaly that is followed now.
  case beforeFollowed
  /// No test fired and no anomaly lasts.
  case quiet
}

/// What is to be done, why, and what the anomaly's numbers are then.
public struct MergeDecision: Sendable, Hashable {
  /// What is to be done.
  public var action: MergeAction
  /// Why.
  public var reason: MergeReason
  /// The numbers afterwards; nil where there is no anomaly.
  public var episode: Episode?

  /// Gathers a decision.
  public init(_ action: MergeAction, _ reason: MergeReason, _ episode: Episode?) {
    self.action = action
    self.reason = reason
    self.episode = episode
  }
}
