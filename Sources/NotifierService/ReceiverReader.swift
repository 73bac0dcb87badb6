internal import Alerting
internal import Integration
internal import YAML

// The receivers of a file of routes.
extension RoutesReader {
  mutating func receiver(_ node: YAMLNode) -> Receiver? {
    let kinds = Receiver.integrations.map { $0.kind }
    let known = ["name", "minimum-severity", "send-resolved", "incident-per"] + kinds
    guard let keys = shapes.mapping(node, "a receiver", known) else { return nil }
    guard let name = keys["name"].flatMap({ shapes.text($0) }) else {
      if keys["name"] == nil { shapes.refuse(node, "a receiver needs a name") }
      return nil
    }
    guard declaredNames.insert(name).inserted else {
      shapes.refuse(node, "receiver '\(name)' stands twice")
      return nil
    }
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
    guard let integration = ways.first, let entry = keys[integration.kind] else {
      return Receiver(name: name, rules: rules, way: nil)
    }
    guard let settings = integration.init(entry.value, reader: &shapes) else { return nil }
    return Receiver(name: name, rules: rules, way: settings)
  }

  private mutating func rules(
    _ keys: [String: YAMLNode.Entry], way: (any IntegrationSettings.Type)?
  ) -> ReceiverRules {
    var rules = ReceiverRules(
      pages: way?.pages ?? false, incidentScope: way?.incidentScope ?? .anomaly,
      holdsIncidents: way?.holdsIncidents ?? false)
    if let entry = keys["minimum-severity"] {
      if let severity = entry.value.text.flatMap({ NoticeSeverity(name: $0) }) {
        rules.minimumSeverity = severity
      } else {
        shapes.refuse(entry, "'minimum-severity' must be info, warning or critical")
      }
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
