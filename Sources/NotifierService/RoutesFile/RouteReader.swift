internal import Alerting
internal import Integration
internal import YAML

// The tree of a file of routes.
extension RoutesReader {
  static let routeKeys = [
    "receiver", "matchers", "continue", "routes", "group_by", "group_wait", "group_interval",
    "repeat_interval", "mute_time_intervals", "active_time_intervals", "escalation", "digest",
  ]

  mutating func route(_ node: YAMLNode, isRoot: Bool, depth: Int) -> Route? {
    guard depth <= RouteTree.depthLimit else {
      shapes.refuse(node, "routes are nested too deeply")
      return nil
    }
    guard let keys = shapes.mapping(node, "a route", Self.routeKeys) else { return nil }
    routeNodes.append(node)
    var route = Route()
    route.receiver = name(keys["receiver"], "receiver", names.receivers)
    route.escalation = name(keys["escalation"], "escalation policy", names.escalations)
    route.digest = name(keys["digest"], "digest", names.digests)
    if isRoot, keys["receiver"] == nil, keys["escalation"] == nil {
      shapes.refuse(node, "the root route needs a receiver")
    }
    route.matchers = matchers(keys["matchers"], isForbidden: isRoot)
    if let entry = keys["continue"] {
      if isRoot { shapes.refuse(entry, "the root route must not have 'continue'") }
      route.continues = shapes.boolean(entry) ?? false
    }
    route.grouping = keys["group_by"].flatMap { grouping($0) }
    route.groupWaitSeconds = keys["group_wait"].flatMap { timer($0, from: 0) }
    route.groupIntervalSeconds = keys["group_interval"].flatMap { timer($0, from: 1) }
    route.repeatIntervalSeconds = keys["repeat_interval"].flatMap { timer($0, from: 1) }
    route.muteTimes = times(keys["mute_time_intervals"], isRoot: isRoot)
    route.activeTimes = times(keys["active_time_intervals"], isRoot: isRoot)
    for child in shapes.list(keys["routes"], "routes") {
      if let child = self.route(child, isRoot: false, depth: depth + 1) {
        route.children.append(child)
      }
    }
    return route
  }

  private mutating func name(
    _ entry: YAMLNode.Entry?, _ kind: String, _ known: Set<String>
  ) -> String? {
    guard let entry, let name = shapes.text(entry) else { return nil }
    if !known.contains(name) { shapes.refuse(entry, "\(kind) '\(name)' does not exist") }
    return name
  }

  private mutating func timer(_ entry: YAMLNode.Entry, from least: Int64) -> Double? {
    duration(entry, in: least...Int64.max).map { Double($0) / 1_000 }
  }

  private mutating func times(_ entry: YAMLNode.Entry?, isRoot: Bool) -> [String] {
    if isRoot, let entry { shapes.refuse(entry, "the root route must not have time intervals") }
    let found = references(entry)
    for time in found { require(time.name, in: names.intervals, "time interval", time.node) }
    return found.map(\.name)
  }

  private mutating func grouping(_ entry: YAMLNode.Entry) -> Grouping? {
    let found = references(entry)
    if found.contains(where: { $0.name == "..." }) {
      if found.count > 1 { shapes.refuse(entry, "'...' in 'group_by' means all labels: alone") }
      return .all
    }
    return .labels(labels(found, in: "group_by"))
  }

  /// Names of labels that exist, each once.
  mutating func labels(_ found: [Reference], in key: String) -> [String] {
    var seen: Set<String> = []
    for label in found {
      if !Notice.labelNames.contains(label.name) { refuseLabel(label.name, label.node) }
      if !seen.insert(label.name).inserted {
        shapes.refuse(label.node, "'\(label.name)' stands twice in '\(key)'")
      }
    }
    return found.map(\.name)
  }

  mutating func matchers(_ entry: YAMLNode.Entry?, isForbidden: Bool = false) -> [Matcher] {
    var found: [Matcher] = []
    for condition in shapes.list(entry, entry?.key ?? "") {
      if isForbidden {
        shapes.refuse(condition, "the root route must not have matchers: it takes all")
      } else if let matcher = matcher(condition) {
        found.append(matcher)
      }
    }
    return found
  }

  private mutating func matcher(_ node: YAMLNode) -> Matcher? {
    guard let text = node.text else {
      shapes.refuse(node, "a matcher is a text such as severity=\"critical\"")
      return nil
    }
    let found = judged(at: node) { () throws(AlertingError) in try Matcher(parsing: text) }
    guard let found else { return nil }
    guard Notice.labelNames.contains(found.name) else {
      refuseLabel(found.name, node)
      return nil
    }
    return found
  }

  private mutating func refuseLabel(_ name: String, _ node: YAMLNode) {
    let names = Notice.labelNames.joined(separator: ", ")
    shapes.refuse(node, "label '\(name)' does not exist; there are \(names)")
  }
}
