/// The names that a tree of routes may use.
public struct RouteNames: Sendable, Hashable {
  /// Receivers.
  public var receivers: Set<String>
  /// Time schedules.
  public var schedules: Set<String>
  /// Escalation policies.
  public var escalations: Set<String>
  /// Digests.
  public var digests: Set<String>

  /// Gathers names.
  public init(
    receivers: Set<String>, schedules: Set<String> = [], escalations: Set<String> = [],
    digests: Set<String> = []
  ) {
    self.receivers = receivers
    self.schedules = schedules
    self.escalations = escalations
    self.digests = digests
  }
}

/// A whole tree whose rules have been checked.
public struct RouteTree: Sendable, Hashable {
  /// Deepest nesting of routes.
  public static let depthLimit = 50

  /// The node that takes what no other takes.
  public let root: Route

  /// Checks a tree.
  ///
  /// - Parameters:
  ///   - root: Has a receiver or an escalation, no matchers and no schedules, and does not
  ///     continue.
  ///   - names: The names that routes may use.
  /// - Throws: ``AlertingError`` `badRoute` or `unknownReceiver`.
  public init(root: Route, names: RouteNames) throws(AlertingError) {
    guard root.receiver != nil || root.escalation != nil else {
      throw AlertingError(.badRoute, "the root route needs a receiver")
    }
    guard root.matchers.isEmpty else {
      throw AlertingError(.badRoute, "the root route must not have matchers: it takes all")
    }
    guard !root.continues else {
      throw AlertingError(.badRoute, "the root route must not have 'continue'")
    }
    guard root.activeTimes.isEmpty && root.muteTimes.isEmpty else {
      throw AlertingError(.badRoute, "the root route must not have time intervals")
    }
    self.root = root
    try Self.check(root, names, path: "{}", depth: 0)
  }

  private static func check(
    _ route: Route, _ names: RouteNames, path: String, depth: Int
  ) throws(AlertingError) {
    guard depth <= depthLimit else { throw AlertingError(.badRoute, "routes nested too deeply") }
    if let receiver = route.receiver, !names.receivers.contains(receiver) {
      throw AlertingError(
        .unknownReceiver, "route \(path) names receiver '\(receiver)', which does not exist")
    }
    for schedule in route.activeTimes + route.muteTimes where !names.schedules.contains(schedule) {
      throw AlertingError(
        .badRoute, "route \(path) names time interval '\(schedule)', which does not exist")
    }
    if let escalation = route.escalation, !names.escalations.contains(escalation) {
      throw AlertingError(
        .badRoute, "route \(path) names escalation policy '\(escalation)', which does not exist")
    }
    if let digest = route.digest, !names.digests.contains(digest) {
      throw AlertingError(.badRoute, "route \(path) names digest '\(digest)', which does not exist")
    }
    if case .labels(let labels)? = route.grouping, Set(labels).count != labels.count {
      throw AlertingError(.badRoute, "route \(path) groups by a label twice")
    }
    try checkTimers(route, path)
    for (number, child) in route.children.enumerated() {
      try check(child, names, path: step(path, child, number), depth: depth + 1)
    }
  }

  private static func checkTimers(_ route: Route, _ path: String) throws(AlertingError) {
    let timers = [
      ("group_interval", route.groupIntervalSeconds),
      ("repeat_interval", route.repeatIntervalSeconds),
    ]
    for (name, seconds) in timers where seconds.map({ !($0 > 0) }) ?? false {
      throw AlertingError(.badRoute, "route \(path): \(name) must be above zero")
    }
    if let wait = route.groupWaitSeconds, !(wait >= 0) {
      throw AlertingError(.badRoute, "route \(path): group_wait must not be negative")
    }
  }

  /// The routes that the labels come to, from the first to the last.
  ///
  /// Depth first: a node must match; then its children are asked in order, up to the first that
  /// matches and does not continue; a node none of whose children match is itself the result.
  public func matches(_ labels: Labels) -> [RouteMatch] {
    let top = RoutePolicy(receiver: root.receiver ?? "").narrowed(by: root)
    return Self.matches(root, labels, policy: top, path: "{}", key: "{}")
  }

  private static func matches(
    _ route: Route, _ labels: Labels, policy: RoutePolicy, path: String, key: String
  ) -> [RouteMatch] {
    guard route.matchers.allSatisfy({ $0.matches(labels) }) else { return [] }
    var found: [RouteMatch] = []
    for (number, child) in route.children.enumerated() {
      let below = matches(
        child, labels, policy: policy.narrowed(by: child), path: step(path, child, number),
        key: "\(key)/\(child.conditions)")
      found += below
      if !below.isEmpty && !child.continues { break }
    }
    return found.isEmpty ? [RouteMatch(path: path, key: key, policy: policy)] : found
  }

  /// Every route, each before those below it: its way, and its way by conditions alone.
  public var places: [(path: String, key: String)] { Self.places(root, path: "{}", key: "{}") }

  private static func places(
    _ route: Route, path: String, key: String
  ) -> [(path: String, key: String)] {
    var found = [(path: path, key: key)]
    for (number, child) in route.children.enumerated() {
      found += places(
        child, path: step(path, child, number), key: "\(key)/\(child.conditions)")
    }
    return found
  }

  static func step(_ path: String, _ route: Route, _ number: Int) -> String {
    "\(path)/\(route.conditions)/\(number)"
  }
}
