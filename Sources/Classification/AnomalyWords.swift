public import Detection
public import SeriesModel

/// What kind of anomaly it is; each has exactly one.
public enum AnomalyType: UInt8, Sendable, Hashable, CaseIterable {
  /// Less than normal for a short time.
  case drop = 1
  /// More than normal for a short time.
  case spike = 2
  /// Less than normal for so long that it looks like a new level.
  case levelDown = 3
  /// More than normal for so long that it looks like a new level.
  case levelUp = 4
  /// Less and less over weeks.
  case gradualDecline = 5
  /// The usual total, spread over the season in another way.
  case seasonalChange = 6
  /// Not used any more.
  case abandonment = 7
  /// The same value again and again, as at a limit.
  case plateau = 8
  /// Used for the first time, or again after long disuse.
  case adoption = 9
  /// A growth of long standing that has come to an end.
  case growthStall = 10
  /// The usual total of a customer, spread over its metrics in another way.
  case mixShift = 11
  /// All customers, or all of a cohort, at once: hardly any customer's own doing.
  case platformOutage = 12

  /// The type that a finding speaks for.
  public init(_ kind: FindingKind) {
    self =
      switch kind {
      case .drop: .drop
      case .spike: .spike
      case .levelDown: .levelDown
      case .levelUp: .levelUp
      case .gradualDecline: .gradualDecline
      case .seasonalChange: .seasonalChange
      case .abandonment: .abandonment
      case .plateau: .plateau
      case .adoption: .adoption
      case .growthStall: .growthStall
      case .mixShift: .mixShift
      }
  }

  /// The word used in settings, files, columns and answers.
  public var name: String {
    switch self {
    case .drop: "drop"
    case .spike: "spike"
    case .levelDown: "level_down"
    case .levelUp: "level_up"
    case .gradualDecline: "gradual_decline"
    case .seasonalChange: "seasonal_change"
    case .abandonment: "abandonment"
    case .plateau: "plateau"
    case .adoption: "adoption"
    case .growthStall: "growth_stall"
    case .mixShift: "mix_shift"
    case .platformOutage: "platform_outage"
    }
  }

  /// Which way the values went.
  public var direction: Direction {
    switch self {
    case .drop, .levelDown, .gradualDecline, .abandonment, .growthStall, .platformOutage: .down
    case .spike, .levelUp, .adoption: .up
    case .seasonalChange, .plateau, .mixShift: .neither
    }
  }

  /// Whether it is a lasting change.
  public var isLasting: Bool { self != .drop && self != .spike && self != .platformOutage }

  /// How far an anomaly of one side has gone: what is open takes on a later type, never an
  /// earlier one.
  ///
  /// A slow decline that falls further becomes a lower level, and one that ends at nothing an
  /// abandonment.
  var stage: Int {
    switch self {
    case .drop, .spike: 0
    case .gradualDecline, .growthStall, .levelUp: 1
    case .levelDown, .adoption: 2
    case .abandonment: 3
    case .seasonalChange, .plateau, .mixShift, .platformOutage: 0
    }
  }
}

/// Which way values went.
public enum Direction: UInt8, Sendable, Hashable, CaseIterable {
  case down = 1
  case up = 2
  /// Another shape of what is neither more nor less.
  case neither = 3

  /// -1 for down, 1 for up, 0 for neither.
  public var sign: Double {
    switch self {
    case .down: -1
    case .up: 1
    case .neither: 0
    }
  }
}

/// How much an anomaly matters.
public enum Severity: UInt8, Sendable, Hashable, Comparable, CaseIterable {
  case info = 1
  case warning = 2
  case critical = 3

  /// The word used in settings, files, columns and answers.
  public var name: String {
    switch self {
    case .info: "info"
    case .warning: "warning"
    case .critical: "critical"
    }
  }

  /// The lesser before the worse.
  public static func < (left: Severity, right: Severity) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// What an anomaly means for whoever looks after the customer.
public enum Intent: UInt8, Sendable, Hashable, CaseIterable {
  /// The customer may be in trouble.
  case risk = 1
  /// The customer may want more.
  case opportunity = 2
  /// The figures themselves are doubtful.
  case dataQuality = 3
  /// A change that is neither good nor bad in itself.
  case neutral = 4

  /// The word used in settings, files and answers.
  public var name: String {
    switch self {
    case .risk: "risk"
    case .opportunity: "opportunity"
    case .dataQuality: "data_quality"
    case .neutral: "neutral"
    }
  }

  /// What a change in that direction means for a metric of that polarity.
  public init(_ direction: Direction, _ polarity: Polarity) {
    self =
      switch (polarity, direction) {
      case (.neutral, _), (_, .neither): .neutral
      case (.upIsGood, .up), (.downIsGood, .down): .opportunity
      case (.upIsGood, .down), (.downIsGood, .up): .risk
      }
  }

  /// What an anomaly of that type means for a metric of that polarity.
  ///
  /// When all customers fall at once, the trouble is ours, whatever the metric.
  public init(_ type: AnomalyType, _ polarity: Polarity) {
    self = type == .platformOutage ? .risk : Intent(type.direction, polarity)
  }
}

/// Where an anomaly stands in its life.
public enum AnomalyState: UInt8, Sendable, Hashable, CaseIterable {
  /// It lasts and nobody has taken it on.
  case open = 1
  /// It lasts and somebody has taken it on.
  case acknowledged = 2
  /// The series is back inside its band, not yet for long enough.
  case recovering = 3
  /// It is over.
  case resolved = 4
  /// A person said that it is no problem.
  case dismissed = 5
  /// A correction of the points took its ground away.
  case withdrawn = 6

  /// The word used in files, answers and messages.
  public var name: String {
    switch self {
    case .open: "open"
    case .acknowledged: "acknowledged"
    case .recovering: "recovering"
    case .resolved: "resolved"
    case .dismissed: "dismissed"
    case .withdrawn: "withdrawn"
    }
  }

  /// Whether it has not come to an end yet.
  public var isActive: Bool { self == .open || self == .acknowledged || self == .recovering }
}

/// What a person may do about an anomaly.
public enum SuggestedAction: String, Sendable, Hashable, CaseIterable {
  case investigate
  case contactCustomer = "contact_customer"
  case scheduleTraining = "schedule_training"
  case exploreExpansion = "explore_expansion"
  case sendCongratulations = "send_congratulations"

  /// What stands on the button.
  public var label: String {
    switch self {
    case .investigate: "Investigate"
    case .contactCustomer: "Contact Customer"
    case .scheduleTraining: "Schedule Training"
    case .exploreExpansion: "Explore Expansion"
    case .sendCongratulations: "Send Congratulations"
    }
  }

  /// What to suggest for an anomaly of that type and intent, the first thing to do first.
  public static func suggested(for type: AnomalyType, _ intent: Intent) -> [SuggestedAction] {
    switch (intent, type) {
    case (_, .platformOutage): [.investigate]
    case (.risk, .abandonment): [.scheduleTraining, .investigate]
    case (.risk, .levelDown), (.risk, .gradualDecline), (.risk, .growthStall):
      [.investigate, .contactCustomer, .scheduleTraining]
    case (.risk, _): [.investigate, .contactCustomer]
    case (.opportunity, .spike), (.opportunity, .levelUp), (.opportunity, .adoption):
      [.exploreExpansion, .sendCongratulations]
    case (.opportunity, _): [.sendCongratulations]
    // Whoever stands at a limit may want a higher one.
    case (.neutral, .plateau): [.investigate, .exploreExpansion]
    case (.neutral, .seasonalChange), (.neutral, .mixShift): [.investigate, .contactCustomer]
    case (.dataQuality, _), (.neutral, _): [.investigate]
    }
  }
}
