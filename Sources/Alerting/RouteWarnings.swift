/// What is allowed in a tree and surprises.
public struct RouteWarning: Sendable, Hashable {
  /// The route that it is about, as ``RouteMatch/path`` has it.
  public var path: String
  /// One sentence.
  public var text: String

  /// Gathers a warning.
  public init(path: String, text: String) {
    self.path = path
    self.text = text
  }
}

extension RouteTree {
  /// What a reader of the file would want to be warned of, one sentence each.
  ///
  /// - Parameter receiversOfEscalation: The receivers of the first step by escalation policy.
  /// - Returns: The warnings in the order of the tree.
  public func warnings(receiversOfEscalation: [String: [String]] = [:]) -> [String] {
    placedWarnings(receiversOfEscalation: receiversOfEscalation).map(\.text)
  }

  /// The same with the routes that they are about.
  ///
  /// - Parameter receiversOfEscalation: The receivers of the first step by escalation policy.
  /// - Returns: The warnings in the order of the tree.
  public func placedWarnings(
    receiversOfEscalation: [String: [String]] = [:]
  ) -> [RouteWarning] {
    var found: [RouteWarning] = []
    let top = RoutePolicy(receiver: root.receiver ?? "").narrowed(by: root)
    Self.warn(root, policy: top, path: "{}", &found)
    let steps = receiversOfEscalation
    Self.warnOfTwice(root, policy: top, path: "{}", steps: steps, &found)
    return found
  }

  private static func warn(
    _ route: Route, policy: RoutePolicy, path: String, _ found: inout [RouteWarning]
  ) {
    for (number, child) in route.children.enumerated() {
      let place = step(path, child, number)
      let before = route.children.prefix(number).enumerated().first { _, other in
        !other.continues && Set(other.matchers).isSubset(of: Set(child.matchers))
      }
      if let before {
        let other = step(path, before.element, before.offset)
        found.append(
          RouteWarning(
            path: place,
            text: "route \(place) is never reached: \(other) before "
              + "it takes all that it would take, and does not continue"))
      }
      if !child.muteTimes.isEmpty || !child.activeTimes.isEmpty, !child.continues {
        found.append(
          RouteWarning(
            path: place,
            text: "route \(place) is silent at times and does not continue: "
              + "what comes to it then waits until it speaks again, and nobody else is told"))
      }
      warn(child, policy: policy.narrowed(by: child), path: place, &found)
    }
  }

  /// Two routes that one anomaly can come to and that tell the same receiver.
  private static func warnOfTwice(
    _ route: Route, policy: RoutePolicy, path: String, steps: [String: [String]],
    _ found: inout [RouteWarning]
  ) {
    for (number, child) in route.children.enumerated() where child.continues {
      let own = receivers(of: child, policy: policy.narrowed(by: child), steps: steps)
      for (other, later) in route.children.enumerated().dropFirst(number + 1) {
        let others = receivers(of: later, policy: policy.narrowed(by: later), steps: steps)
        for receiver in own.intersection(others).sorted() where !excludes(child, later) {
          let (first, second) = (step(path, child, number), step(path, later, other))
          found.append(
            RouteWarning(
              path: second,
              text: "receiver '\(receiver)' may be told twice: by \(first), which "
                + "continues, and by \(second)"))
        }
      }
    }
    for (number, child) in route.children.enumerated() {
      warnOfTwice(
        child, policy: policy.narrowed(by: child), path: step(path, child, number), steps: steps,
        &found)
    }
  }

  private static func receivers(
    of route: Route, policy: RoutePolicy, steps: [String: [String]]
  ) -> Set<String> {
    var found = Set(policy.escalation.flatMap { steps[$0] } ?? [policy.receiver])
    for child in route.children {
      found.formUnion(receivers(of: child, policy: policy.narrowed(by: child), steps: steps))
    }
    return found
  }

  /// Whether two siblings ask one label for two different values.
  private static func excludes(_ left: Route, _ right: Route) -> Bool {
    left.matchers.contains { one in
      right.matchers.contains { other in
        guard one.name == other.name, let a = one.exactValue, let b = other.exactValue else {
          return false
        }
        return a != b
      }
    }
  }
}
