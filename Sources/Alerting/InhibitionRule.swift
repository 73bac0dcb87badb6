/// While some anomalies are there, others need not be told.
public struct InhibitionRule: Sendable, Hashable {
  /// Where a rule holds.
  public enum Scope: Sendable, Hashable {
    /// For everyone, as with Alertmanager.
    case everywhere
    /// For one receiver.
    case receiver(String)
    /// For a route, by its path as ``RouteMatch`` has it, and for the routes below it.
    case route(String)
  }

  /// What the delivery log calls it.
  public let name: String
  /// What an anomaly must fulfil to inhibit.
  public let sourceMatchers: [Matcher]
  /// What an anomaly must fulfil to be inhibited.
  public let targetMatchers: [Matcher]
  /// Labels that must have one value in both; a missing label counts as empty.
  public let equal: [String]
  /// Where it holds.
  public let scope: Scope
  /// How many sources there must be.
  public let minimumSources: Int

  /// Checks and gathers a rule.
  ///
  /// - Throws: ``AlertingError`` `badInhibition`.
  public init(
    name: String, sourceMatchers: [Matcher], targetMatchers: [Matcher], equal: [String] = [],
    scope: Scope = .everywhere, minimumSources: Int = 1
  ) throws(AlertingError) {
    guard !name.isEmpty else {
      throw AlertingError(.badInhibition, "a rule of inhibition has no name")
    }
    guard !sourceMatchers.isEmpty || !targetMatchers.isEmpty else {
      throw AlertingError(
        .badInhibition, "rule '\(name)' has no matchers, so nothing could inhibit anything")
    }
    guard Set(equal).count == equal.count else {
      throw AlertingError(.badInhibition, "rule '\(name)' names a label twice in 'equal'")
    }
    guard minimumSources >= 1 else {
      throw AlertingError(
        .badInhibition, "rule '\(name)' inhibits from \(minimumSources) sources on: 1 is least")
    }
    self.name = name
    self.sourceMatchers = sourceMatchers
    self.targetMatchers = targetMatchers
    self.equal = equal
    self.scope = scope
    self.minimumSources = minimumSources
  }

  /// Whether it holds for what comes to a receiver by a route.
  public func holds(receiver: String, route: String) -> Bool {
    switch scope {
    case .everywhere: true
    case .receiver(let name): name == receiver
    case .route(let path): route == path || route.hasPrefix("\(path)/")
    }
  }

  func isSource(_ labels: Labels) -> Bool { sourceMatchers.allSatisfy { $0.matches(labels) } }

  func isTarget(_ labels: Labels) -> Bool { targetMatchers.allSatisfy { $0.matches(labels) } }

  func equalValues(_ labels: Labels) -> [String] { equal.map { labels[$0] ?? "" } }
}
