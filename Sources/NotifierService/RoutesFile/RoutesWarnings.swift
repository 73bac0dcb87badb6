internal import Alerting
internal import Integration
internal import YAML

// What is allowed in the file and surprises.
extension RoutesReader {
  func warnings(
    of alerting: AlertingConfiguration, _ receivers: [String: Receiver]
  ) -> [String] {
    var found: [(node: YAMLNode?, text: String)] = []
    found += treeWarnings(alerting)
    found += unused(alerting, receivers).map { (places[$0], "\($0) is never used") }
    for digest in alerting.digests.values.sorted(by: { $0.name < $1.name })
    where alerting.receivers[digest.receiver]?.pages == true {
      found.append(
        (
          places["digest '\(digest.name)'"],
          "digest '\(digest.name)' goes to a receiver that wakes people"
        ))
    }
    for person in alerting.directory?.people ?? [] {
      found += personWarnings(person).map { (places["person '\(person.name)'"], $0) }
    }
    let placed = found.map { warning in
      warning.node.map { "\(shapes.name):\($0.line):\($0.column): \(warning.text)" }
        ?? "\(shapes.name): \(warning.text)"
    }
    var seen: Set<String> = []
    return placed.filter { seen.insert($0).inserted }
  }

  private func treeWarnings(
    _ alerting: AlertingConfiguration
  ) -> [(node: YAMLNode?, text: String)] {
    guard let tree = alerting.tree else { return [] }
    // The nodes were kept in the order in which the tree lists its routes.
    let nodes = Dictionary(uniqueKeysWithValues: zip(tree.places.map(\.path), routeNodes))
    let first = alerting.escalations.mapValues { $0.steps.first?.receivers ?? [] }
    var found: [(node: YAMLNode?, text: String)] = []
    for warning in tree.placedWarnings(receiversOfEscalation: first) {
      found.append((nodes[warning.path], warning.text))
    }
    for (place, (route, inEffect)) in zip(tree.places, Self.inEffect(tree.root, nil, nil)) {
      let node = nodes[place.path]
      if let receiver = route.receiver, let escalation = route.escalation,
        first[escalation]?.contains(receiver) != true
      {
        found.append(
          (
            node,
            "route \(place.path): the first step of escalation policy '\(escalation)' takes the "
              + "place of receiver '\(receiver)', which is not told"
          ))
      }
      if inEffect.digest != nil, inEffect.escalation != nil,
        route.digest != nil || route.escalation != nil
      {
        found.append(
          (
            node,
            "route \(place.path): what goes into a digest is never escalated"
          ))
      }
      if let interval = route.groupIntervalSeconds, let again = route.repeatIntervalSeconds,
        again < interval
      {
        found.append(
          (
            node,
            "route \(place.path): repeat_interval is shorter than group_interval, by which it "
              + "is rounded up"
          ))
      }
    }
    return found
  }

  /// Every route with the escalation and the digest that hold there.
  private static func inEffect(
    _ route: Route, _ escalation: String?, _ digest: String?
  ) -> [(Route, (escalation: String?, digest: String?))] {
    // A receiver of its own ends the escalation above.
    let here = route.escalation ?? (route.receiver == nil ? escalation : nil)
    let digest = route.digest ?? digest
    return [(route, (here, digest))] + route.children.flatMap { inEffect($0, here, digest) }
  }

  private static func routes(of route: Route) -> [Route] {
    [route] + route.children.flatMap { routes(of: $0) }
  }

  private func personWarnings(_ person: Person) -> [String] {
    var found: [String] = []
    let isMeant = selectors.contains { selector, _ in
      switch selector {
      case .owner: true
      case .role(let role): person.roles.contains(role)
      case .name(let name): name == person.name
      }
    }
    if !isMeant { found.append("no receiver's 'people' ever means '\(person.name)'") }
    if person.digest == nil && person.immediateSeverity != .warning {
      found.append("'immediate_severity' of '\(person.name)' has no effect without a 'digest'")
    }
    return found
  }

  private func unused(
    _ alerting: AlertingConfiguration, _ receivers: [String: Receiver]
  ) -> [String] {
    let routes = alerting.tree.map { Self.routes(of: $0.root) } ?? []
    let persons = alerting.directory?.people ?? []
    var used: Set<String> = []
    used.formUnion(routes.compactMap(\.receiver).map { "receiver '\($0)'" })
    used.formUnion(routes.compactMap(\.escalation).map { "escalation policy '\($0)'" })
    used.formUnion(routes.compactMap(\.digest).map { "digest '\($0)'" })
    for name in routes.flatMap({ $0.muteTimes + $0.activeTimes }) {
      used.insert("time interval '\(name)'")
    }
    used.formUnion(alerting.budgets.values.map { "digest '\($0.digest)'" })
    used.formUnion(alerting.digests.values.map { "receiver '\($0.receiver)'" })
    for step in alerting.escalations.values.flatMap(\.steps) {
      used.formUnion(step.receivers.map { "receiver '\($0)'" })
    }
    for person in persons {
      used.formUnion(person.channels.map { "receiver '\($0)'" })
      if let quiet = person.quietHours { used.insert("time interval '\(quiet.name)'") }
    }
    let kinds = ["receiver", "escalation policy", "digest", "time interval"]
    return places.keys.sorted().filter { place in
      kinds.contains { place.hasPrefix("\($0) '") } && !used.contains(place)
    }
  }
}
