/// What the anomalies of one route are put together by.
public enum Grouping: Sendable, Hashable {
  /// By the values of these labels; none of them is one group for all.
  case labels([String])
  /// By all labels that an anomaly keeps as long as it lasts, as `group_by: ['...']` says.
  case all

  /// The labels of a group that an anomaly belongs to.
  public func labels(of labels: Labels) -> Labels {
    switch self {
    case .labels(let names): labels.filter { names.contains($0.key) && !$0.value.isEmpty }
    case .all: labels.filter { !Notice.changingLabelNames.contains($0.key) && !$0.value.isEmpty }
    }
  }
}

/// How a route treats what comes to it, with all that it inherits; Alertmanager's names and
/// meanings.
public struct RoutePolicy: Sendable, Hashable {
  /// Who is told.
  public var receiver: String

  /// What is put together.
  public var grouping: Grouping

  /// How long a new group waits for more, in seconds.
  public var groupWaitSeconds: Double

  /// How long a group waits after it was told before it is told of changes, in seconds.
  public var groupIntervalSeconds: Double

  /// How long until what has not changed is told again, in seconds.
  public var repeatIntervalSeconds: Double

  /// Outside all of these schedules nothing is told.
  ///
  /// None of them is always. Not inherited.
  public var activeTimes: [String]

  /// Within one of these schedules nothing is told.
  ///
  /// Not inherited.
  public var muteTimes: [String]

  /// The escalation policy whose first step takes the receiver's place; nil is none.
  public var escalation: String?

  /// The digest that takes what comes here in place of an interruption; nil is none.
  public var digest: String?

  /// Alertmanager's defaults for a root.
  public init(
    receiver: String, grouping: Grouping = .labels([]), groupWaitSeconds: Double = 30,
    groupIntervalSeconds: Double = 300, repeatIntervalSeconds: Double = 14_400,
    activeTimes: [String] = [], muteTimes: [String] = [], escalation: String? = nil,
    digest: String? = nil
  ) {
    self.receiver = receiver
    self.grouping = grouping
    self.groupWaitSeconds = groupWaitSeconds
    self.groupIntervalSeconds = groupIntervalSeconds
    self.repeatIntervalSeconds = repeatIntervalSeconds
    self.activeTimes = activeTimes
    self.muteTimes = muteTimes
    self.escalation = escalation
    self.digest = digest
  }

  /// The policy of a child that sets some of it.
  func narrowed(by route: Route) -> RoutePolicy {
    var policy = self
    // A receiver of its own ends the parent's escalation, whose first step would replace it.
    if let receiver = route.receiver {
      policy.receiver = receiver
      policy.escalation = nil
    }
    if let escalation = route.escalation { policy.escalation = escalation }
    if let digest = route.digest { policy.digest = digest }
    if let grouping = route.grouping { policy.grouping = grouping }
    policy.groupWaitSeconds = route.groupWaitSeconds ?? groupWaitSeconds
    policy.groupIntervalSeconds = route.groupIntervalSeconds ?? groupIntervalSeconds
    policy.repeatIntervalSeconds = route.repeatIntervalSeconds ?? repeatIntervalSeconds
    policy.activeTimes = route.activeTimes
    policy.muteTimes = route.muteTimes
    return policy
  }
}
