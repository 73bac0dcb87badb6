internal import Alerting
internal import Integration
internal import YAML

// The receivers of a file of routes.
extension RoutesReader {
  mutating func receiver(_ node: YAMLNode) -> Receiver? {
    let kinds = Receiver.integrations.map { $0.kind }
    let known =
      ["name", "minimum-severity", "send-resolved", "incident-per", "people", "budget"] + kinds
    guard let keys = shapes.mapping(node, "a receiver", known),
      let name = declare(keys, node, "a receiver", \.receivers)
    else { return nil }
    places["receiver '\(name)'"] = node
    guard name.utf8.count <= 100, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      shapes.refuse(node, "a receiver's name has at most 100 printable characters and no space")
      return nil
    }
    let ways = Receiver.integrations.filter { keys[$0.kind] != nil }
    if ways.count > 1, let second = keys[ways[1].kind] {
      shapes.refuse(second, "receiver '\(name)' has two ways; make two receivers of it")
      return nil
    }
    let rules = rules(keys, way: ways.first)
    if let entry = keys["budget"] { budgets[name] = budget(entry.value) }
    if let entry = keys["people"] {
      people[name] = selectors(entry)
      if let way = ways.first, let second = keys[way.kind] {
        shapes.refuse(
          second, "receiver '\(name)' stands for people, who are reached by their own channels")
      }
    }
    guard let integration = ways.first, let entry = keys[integration.kind] else {
      return Receiver(name: name, rules: rules, way: nil)
    }
    guard let settings = integration.init(entry.value, reader: &shapes) else { return nil }
    return Receiver(name: name, rules: rules, way: settings)
  }

  /// Whom a receiver means; that they exist is looked at when all people are known.
  private mutating func selectors(_ entry: YAMLNode.Entry) -> [PersonSelector] {
    let found = references(entry).map { reference in
      let selector: PersonSelector =
        if reference.name == "owner" {
          .owner
        } else if reference.name.hasPrefix("role:") {
          .role(String(reference.name.dropFirst(5)))
        } else {
          .name(reference.name)
        }
      selectors.append((selector, reference.node))
      return selector
    }
    if found.isEmpty { shapes.refuse(entry, "'people' names nobody") }
    return found
  }

  private mutating func budget(_ node: YAMLNode) -> ReceiverBudget? {
    let known = ["limit", "per", "critical_reserve", "digest"]
    guard let keys = shapes.mapping(node, "'budget'", known) else { return nil }
    for key in ["limit", "per", "digest"] where keys[key] == nil {
      shapes.refuse(node, "'\(key)' is missing in 'budget'")
    }
    let limit = keys["limit"].flatMap { shapes.integer($0, in: 1...1_000_000) }
    let window = keys["per"].flatMap { seconds($0, upTo: 366 * 86_400) }
    let reserve = keys["critical_reserve"].map { shapes.integer($0, in: 0...1_000_000) } ?? 0
    var digest: String?
    if let entry = keys["digest"], let name = shapes.text(entry) {
      wantedDigests.append(Reference(name: name, node: entry.value))
      digest = name
    }
    guard let limit, let window, let reserve, let digest else { return nil }
    let budget = judged(at: node) { () throws(AlertingError) in
      try AlarmBudget(limit: limit, windowSeconds: window, criticalReserve: reserve)
    }
    return budget.map { ReceiverBudget(budget: $0, digest: digest) }
  }

  private mutating func rules(
    _ keys: [String: YAMLNode.Entry], way: (any IntegrationSettings.Type)?
  ) -> ReceiverRules {
    var rules = ReceiverRules(
      pages: way?.pages ?? false, incidentScope: way?.incidentScope ?? .anomaly,
      holdsIncidents: way?.holdsIncidents ?? false)
    if let entry = keys["minimum-severity"] {
      rules.minimumSeverity = severity(entry) ?? rules.minimumSeverity
    }
    if let entry = keys["send-resolved"] {
      rules.wantsResolved = shapes.boolean(entry) ?? true
    }
    if let entry = keys["incident-per"] {
      rules.incidentScope = shapes.word(entry, IncidentScope.self) ?? rules.incidentScope
    }
    return rules
  }
}
