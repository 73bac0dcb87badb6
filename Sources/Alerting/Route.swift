/// One node of the tree that leads an anomaly to its receivers.
public struct Route: Sendable, Hashable {
  /// Who is told; nil is whoever the parent names.
  public var receiver: String?

  /// Conditions that must all hold.
  public var matchers: [Matcher]

  /// Whether the siblings that follow are asked as well.
  public var continues: Bool

  /// What is put together; nil is as the parent does.
  public var grouping: Grouping?

  /// How long a new group waits, in seconds; nil is as the parent does.
  public var groupWaitSeconds: Double?

  /// How long a told group waits, in seconds; nil is as the parent does.
  public var groupIntervalSeconds: Double?

  /// How long until the same is told again, in seconds; nil is as the parent does.
  public var repeatIntervalSeconds: Double?

  /// Schedules outside of which nothing is told.
  public var activeTimes: [String]

  /// Schedules within which nothing is told.
  public var muteTimes: [String]

  /// The escalation policy whose first step is told; nil is as the parent does.
  public var escalation: String?

  /// The digest that takes what comes here; nil is as the parent does.
  public var digest: String?

  /// Narrower routes, asked from the first to the last.
  public var children: [Route]

  /// Gathers a node.
  public init(
    receiver: String? = nil, matchers: [Matcher] = [], continues: Bool = false,
    grouping: Grouping? = nil, groupWaitSeconds: Double? = nil,
    groupIntervalSeconds: Double? = nil, repeatIntervalSeconds: Double? = nil,
    activeTimes: [String] = [], muteTimes: [String] = [], escalation: String? = nil,
    digest: String? = nil, children: [Route] = []
  ) {
    self.receiver = receiver
    self.matchers = matchers
    self.continues = continues
    self.grouping = grouping
    self.groupWaitSeconds = groupWaitSeconds
    self.groupIntervalSeconds = groupIntervalSeconds
    self.repeatIntervalSeconds = repeatIntervalSeconds
    self.activeTimes = activeTimes
    self.muteTimes = muteTimes
    self.escalation = escalation
    self.digest = digest
    self.children = children
  }

  /// The conditions in one order, such as `{segment="trial",severity="critical"}`.
  public var conditions: String {
    "{\(matchers.map(\.description).sorted().joined(separator: ","))}"
  }
}

/// A route that an anomaly came to.
public struct RouteMatch: Sendable, Hashable {
  /// The way from the root with the place of each node among its siblings:
  /// `{}/{severity="critical"}/0`.
  public let path: String

  /// The way by conditions alone, which stays the same when siblings are added or moved.
  public let key: String

  /// How the route treats what comes to it.
  public let policy: RoutePolicy

  /// Who is told.
  public var receiver: String { policy.receiver }

  /// Joins a way with what holds at its end.
  public init(path: String, key: String, policy: RoutePolicy) {
    self.path = path
    self.key = key
    self.policy = policy
  }
}
