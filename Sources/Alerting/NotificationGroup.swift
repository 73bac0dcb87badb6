public import SeriesModel

/// What a receiver was last told of one anomaly, queued messages included.
public struct Told: Sendable, Hashable {
  /// How it stands for the receiver.
  public enum State: Int16, Sendable, Hashable {
    /// The receiver holds it for open.
    case firing = 1
    /// The receiver knows that somebody has taken it on.
    case acknowledged = 2
    /// The receiver knows that it is over.
    case over = 3
    /// It went into a digest, so nothing is open at the other side.
    case digested = 4
  }

  /// How it stands for the receiver.
  public var state: State
  /// The type that was told.
  public var type: String
  /// The severity that was told.
  public var severity: NoticeSeverity
  /// The revision that was told.
  public var revision: UInt32

  /// Gathers what was told.
  public init(state: State, type: String, severity: NoticeSeverity, revision: UInt32) {
    self.state = state
    self.type = type
    self.severity = severity
    self.revision = revision
  }

  /// What is told of a notice.
  public init(_ notice: Notice, state: State) {
    self.init(
      state: state, type: notice.type, severity: notice.severity, revision: notice.revision)
  }

  /// Whether something is open at the receiver's side.
  public var isOpen: Bool { state == .firing || state == .acknowledged }
}

/// One anomaly in one group.
public struct GroupMember: Sendable, Hashable {
  /// The anomaly as it stands now.
  public var notice: Notice
  /// When it joined, in microseconds since 1970.
  public var joinedUnixMicroseconds: Int64
  /// What was told of it; nil is nothing.
  public var told: Told?
  /// Whether routes lead elsewhere by now, so that only whoever was told hears how it goes on.
  public var isMovedAway: Bool
  /// Why it is to be told though nothing about it is new; nil where only news counts.
  public var prompt: NotificationReason?

  /// Gathers a member.
  public init(
    notice: Notice, joinedUnixMicroseconds: Int64, told: Told? = nil, isMovedAway: Bool = false,
    prompt: NotificationReason? = nil
  ) {
    self.notice = notice
    self.joinedUnixMicroseconds = joinedUnixMicroseconds
    self.told = told
    self.isMovedAway = isMovedAway
    self.prompt = prompt
  }

  /// Whether the anomaly lasts.
  var isFiring: Bool { !notice.kind.isEnd }
}

/// What a group's thread speaks of.
public enum ThreadScope: Sendable, Hashable {
  /// One anomaly.
  case anomaly(AnomalyReference)
  /// One customer of the group.
  case customer(CustomerID)
  /// All of the group.
  case group
}

/// The anomalies that one receiver is told of together.
public struct NotificationGroup: Sendable, Hashable {
  /// What the group shares by the route's grouping.
  public var labels: Labels
  /// How its route treats it.
  public var policy: RoutePolicy
  /// What the receiver is for.
  public var rules: ReceiverRules
  /// Its anomalies.
  public var members: [GroupMember]
  /// When a thread was last sent, in microseconds since 1970.
  public var lastSent: [ThreadScope: Int64]

  /// Gathers a group.
  public init(
    labels: Labels = [:], policy: RoutePolicy, rules: ReceiverRules = ReceiverRules(),
    members: [GroupMember] = [], lastSent: [ThreadScope: Int64] = [:]
  ) {
    self.labels = labels
    self.policy = policy
    self.rules = rules
    self.members = members
    self.lastSent = lastSent
  }

  /// The thread that speaks of an anomaly.
  public func scope(of notice: Notice) -> ThreadScope {
    switch rules.incidentScope {
    case .anomaly: .anomaly(notice.anomaly)
    case .customer: .customer(notice.customer.id)
    case .group: .group
    }
  }

  /// When a group is first told: after its wait, at once where that is over already.
  public static func firstFlush(
    policy: RoutePolicy, detectedUnixMicroseconds: Int64, now: Int64
  ) -> Int64 {
    let wait = Int64(policy.groupWaitSeconds * 1_000_000)
    return detectedUnixMicroseconds + wait <= now ? now : now + wait
  }

  /// The first moment of the group's beat that is not before `moment`.
  public static func beat(
    after lastFlush: Int64, policy: RoutePolicy, notBefore moment: Int64
  ) -> Int64 {
    let interval = max(1, Int64(policy.groupIntervalSeconds * 1_000_000))
    if moment <= lastFlush + interval { return lastFlush + interval }
    let beats = (moment - lastFlush + interval - 1) / interval
    return lastFlush + beats * interval
  }
}
