internal import Alerting
internal import Integration
internal import YAML

// Inhibition and escalation.
extension RoutesReader {
  mutating func inhibitions(_ entry: YAMLNode.Entry?, _ tree: RouteTree?) -> [InhibitionRule] {
    shapes.list(entry, "inhibit_rules").enumerated().compactMap { number, node in
      inhibition(node, number: number, tree)
    }
  }

  private mutating func inhibition(
    _ node: YAMLNode, number: Int, _ tree: RouteTree?
  ) -> InhibitionRule? {
    let known = [
      "name", "source_matchers", "target_matchers", "equal", "scope", "minimum_sources",
    ]
    guard let keys = shapes.mapping(node, "an inhibition rule", known) else { return nil }
    // Alertmanager's rules have no names.
    var name: String? = "inhibit_rules[\(number)]"
    if keys["name"] != nil { name = declare(keys, node, "an inhibition rule", \.rules) }
    let sources = matchers(keys["source_matchers"])
    let targets = matchers(keys["target_matchers"])
    let equal = labels(references(keys["equal"]), in: "equal")
    let scope = keys["scope"].map { self.scope($0.value, tree) } ?? .everywhere
    let least = keys["minimum_sources"].map { shapes.integer($0, in: 1...100_000) } ?? 1
    guard let name, let scope, let least else { return nil }
    return judged(at: node) { () throws(AlertingError) in
      try InhibitionRule(
        name: name, sourceMatchers: sources, targetMatchers: targets, equal: equal, scope: scope,
        minimumSources: least)
    }
  }

  private mutating func scope(_ node: YAMLNode, _ tree: RouteTree?) -> InhibitionRule.Scope? {
    guard let keys = shapes.mapping(node, "'scope'", ["receiver", "route"]) else { return nil }
    guard keys.count == 1 else {
      shapes.refuse(node, "'scope' has either 'receiver' or 'route'")
      return nil
    }
    if let entry = keys["receiver"], let name = shapes.text(entry) {
      require(name, in: names.receivers, "receiver", entry.value)
      return .receiver(name)
    }
    guard let entry = keys["route"], let text = shapes.text(entry) else { return nil }
    // Without a tree there are other faults, which are told first.
    guard let tree else { return .route(text) }
    let found = tree.places.filter { $0.path == text || $0.key == text }
    guard found.count == 1, let place = found.first else {
      let why =
        found.isEmpty
        ? "does not exist; `tidemark routes test` shows the path of each"
        : "may be any of \(found.map(\.path).joined(separator: ", "))"
      shapes.refuse(entry.value, "route '\(text)' \(why)")
      return nil
    }
    return .route(place.path)
  }

  mutating func escalations(_ entry: YAMLNode.Entry?) -> [String: EscalationPolicy] {
    var found: [String: EscalationPolicy] = [:]
    for node in shapes.list(entry, "escalation_policies") {
      if let policy = escalation(node) { found[policy.name] = policy }
    }
    return found
  }

  private mutating func escalation(_ node: YAMLNode) -> EscalationPolicy? {
    let known = ["name", "steps", "repeats"]
    guard let keys = shapes.mapping(node, "an escalation policy", known),
      let name = declare(keys, node, "an escalation policy", \.escalations)
    else { return nil }
    places["escalation policy '\(name)'"] = node
    let nodes = shapes.list(keys["steps"], "steps")
    let steps = nodes.compactMap { step($0) }
    let repeats =
      keys["repeats"].map { shapes.integer($0, in: 0...EscalationPolicy.repeatsLimit) } ?? 0
    // A step that cannot be read has its own fault already.
    guard steps.count == nodes.count, let repeats else { return nil }
    return judged(at: node) { () throws(AlertingError) in
      try EscalationPolicy(name: name, steps: steps, repeats: repeats)
    }
  }

  private mutating func step(_ node: YAMLNode) -> EscalationStep? {
    let known = ["receivers", "delivery_slo", "acknowledge_within"]
    guard let keys = shapes.mapping(node, "a step", known) else { return nil }
    let receivers = references(keys["receivers"])
    for receiver in receivers {
      require(receiver.name, in: names.receivers, "receiver", receiver.node)
    }
    if receivers.isEmpty { shapes.refuse(node, "a step needs 'receivers'") }
    let most = EscalationPolicy.deadlineSecondsLimit
    let delivery = keys["delivery_slo"].flatMap { seconds($0, upTo: most) }
    let answer = keys["acknowledge_within"].flatMap { seconds($0, upTo: most) }
    if keys["delivery_slo"] == nil && keys["acknowledge_within"] == nil {
      shapes.refuse(node, "a step needs 'delivery_slo', 'acknowledge_within' or both")
    }
    // Where one time is known each side has that long.
    guard let first = delivery ?? answer, let second = answer ?? delivery, !receivers.isEmpty
    else { return nil }
    return EscalationStep(
      receivers: receivers.map(\.name), deliverySLOSeconds: first,
      acknowledgeDeadlineSeconds: second)
  }
}
