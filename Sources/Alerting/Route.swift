/// One node of the tree that leads an anomaly to its receivers.
public struct Route: Sendable, Hashable {
  /// Who is told; nil is whoever the parent names.
  public var receiver: String?

  /// Conditions that must all hold.
  public var matchers: [Matcher]

  /// Whether the siblings that follow are asked as well.
  public var continues: Bool

  /// Narrower routes, asked from the first to the last.
  public var children: [Route]

  /// Gathers a node.
  public init(
    receiver: String? = nil, matchers: [Matcher] = [], continues: Bool = false,
    children: [Route] = []
  ) {
    self.receiver = receiver
    self.matchers = matchers
    self.continues = continues
    self.children = children
  }
}

/// A route that an anomaly came to.
public struct RouteMatch: Sendable, Hashable {
  /// Who is told.
  public let receiver: String

  /// The way from the root: `{}/{severity="critical"}/0`, as Alertmanager writes it.
  public let path: String

  /// Pairs a receiver with the way to it.
  public init(receiver: String, path: String) {
    self.receiver = receiver
    self.path = path
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
  ///   - root: Has a receiver, no matchers, and does not continue.
  ///   - receivers: The names that routes may use.
  /// - Throws: ``AlertingError`` `badRoute` or `unknownReceiver`.
  public init(root: Route, receivers: Set<String>) throws(AlertingError) {
    guard root.receiver != nil else {
      throw AlertingError(.badRoute, "the root route needs a receiver")
    }
    guard root.matchers.isEmpty else {
      throw AlertingError(.badRoute, "the root route must not have matchers: it takes all")
    }
    guard !root.continues else {
      throw AlertingError(.badRoute, "the root route must not have 'continue'")
    }
    self.root = root
    try Self.check(root, receivers, path: "{}", depth: 0)
  }

  private static func check(
    _ route: Route, _ receivers: Set<String>, path: String, depth: Int
  ) throws(AlertingError) {
    guard depth <= depthLimit else { throw AlertingError(.badRoute, "routes nested too deeply") }
    if let receiver = route.receiver, !receivers.contains(receiver) {
      throw AlertingError(
        .unknownReceiver, "route \(path) names receiver '\(receiver)', which does not exist")
    }
    for (number, child) in route.children.enumerated() {
      try check(child, receivers, path: step(path, child, number), depth: depth + 1)
    }
  }

  /// The routes that the labels come to, from the first to the last.
  ///
  /// Depth first: a node must match; then its children are asked in order, up to the first that
  /// matches and does not continue; a node none of whose children match is itself the result.
  public func matches(_ labels: Labels) -> [RouteMatch] {
    Self.matches(root, labels, inherited: "", path: "{}")
  }

  private static func matches(
    _ route: Route, _ labels: Labels, inherited: String, path: String
  ) -> [RouteMatch] {
    guard route.matchers.allSatisfy({ $0.matches(labels) }) else { return [] }
    let receiver = route.receiver ?? inherited
    var found: [RouteMatch] = []
    for (number, child) in route.children.enumerated() {
      let below = matches(child, labels, inherited: receiver, path: step(path, child, number))
      found += below
      if !below.isEmpty && !child.continues { break }
    }
    return found.isEmpty ? [RouteMatch(receiver: receiver, path: path)] : found
  }

  private static func step(_ path: String, _ route: Route, _ number: Int) -> String {
    let conditions = route.matchers.map(\.description).sorted().joined(separator: ",")
    return "\(path)/{\(conditions)}/\(number)"
  }
}
