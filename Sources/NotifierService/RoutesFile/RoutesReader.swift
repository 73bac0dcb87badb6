internal import Alerting
internal import Integration
internal import SeriesModel
internal import SeriesStore
internal import YAML

/// Reads a file of routes and keeps every fault with its place.
struct RoutesReader {
  /// Names that stand in the file, those of things that are otherwise wrong too.
  struct Names {
    var receivers: Set<String> = []
    var intervals: Set<String> = []
    var escalations: Set<String> = []
    var digests: Set<String> = []
    var rules: Set<String> = []
    var people: Set<String> = []
    var roles: Set<String> = []
  }

  /// Something that is named, and where.
  struct Reference {
    var name: String
    var node: YAMLNode
  }

  static let keys = [
    "receivers", "route", "directory", "zone", "time_intervals", "inhibit_rules",
    "escalation_policies", "people", "digests", "templates",
  ]

  /// Reads values and keeps the faults.
  var shapes: SettingsReader
  /// The time zones of the system.
  let zones: ZoneFiles
  /// Whose clock counts where nobody says otherwise.
  var zone: Zone
  var names = Names()
  /// The time intervals as they were read.
  var intervals: [String: ReadInterval] = [:]
  /// The selectors of receivers that stand for people, held against the people at the end.
  var selectors: [(selector: PersonSelector, node: YAMLNode)] = []
  /// The digests of budgets, held against the digests at the end.
  var wantedDigests: [Reference] = []
  var people: [String: [PersonSelector]] = [:]
  var budgets: [String: ReceiverBudget] = [:]
  /// The nodes of the routes, each before those below it.
  var routeNodes: [YAMLNode] = []
  /// Where things that may go unused stand, by `kind 'name'`.
  var places: [String: YAMLNode] = [:]

  init(name: String, folder: String, zone: Zone, zones: ZoneFiles) {
    shapes = SettingsReader(name: name, folder: folder)
    self.zone = zone
    self.zones = zones
  }

  var faults: [String] { shapes.faults }

  mutating func routes(_ document: YAMLNode) -> Routes? {
    guard let keys = shapes.mapping(document, "the file", Self.keys) else { return nil }
    if let entry = keys["zone"], let zone = zone(of: entry) { self.zone = zone }
    shapes.directory = directory(keys["directory"])
    for node in shapes.list(keys["time_intervals"], "time_intervals") { timeInterval(node) }
    var receivers: [String: Receiver] = [:]
    for node in shapes.list(keys["receivers"], "receivers") {
      if let receiver = receiver(node) { receivers[receiver.name] = receiver }
    }
    let digests = self.digests(keys["digests"], receivers)
    let escalations = self.escalations(keys["escalation_policies"])
    let directory = self.directory(ofPeople: keys["people"], receivers)
    let templates = templates(keys["templates"])
    checkReferences(digests)
    guard let root = keys["route"] else {
      shapes.refuse(document, "the key 'route' is missing")
      return nil
    }
    let route = self.route(root.value, isRoot: true, depth: 0)
    let tree = route.flatMap { self.tree($0, root) }
    let inhibitions = self.inhibitions(keys["inhibit_rules"], tree)
    guard faults.isEmpty, let tree else { return nil }
    let silent = receivers.values.filter { $0.way == nil && people[$0.name] == nil }
    let alerting = AlertingConfiguration(
      tree: tree, receivers: receivers.mapValues(\.rules), people: people, budgets: budgets,
      silentReceivers: Set(silent.map(\.name)),
      schedules: intervals.mapValues(\.schedule), inhibitions: inhibitions,
      escalations: escalations, digests: digests, directory: directory, templates: templates)
    return Routes(
      receivers: receivers, alerting: alerting, warnings: warnings(of: alerting, receivers))
  }

  private mutating func tree(_ route: Route, _ root: YAMLNode.Entry) -> RouteTree? {
    guard faults.isEmpty else { return nil }
    do {
      return try RouteTree(
        root: route,
        names: RouteNames(
          receivers: names.receivers, schedules: names.intervals, escalations: names.escalations,
          digests: names.digests))
    } catch {
      shapes.refuse(root, error.detail)
      return nil
    }
  }

  private mutating func directory(_ entry: YAMLNode.Entry?) -> [String: String] {
    guard let entry, !entry.value.isNull else { return [:] }
    guard let entries = entry.value.entries else {
      shapes.refuse(entry, "'directory' must be a mapping of owners to mail addresses")
      return [:]
    }
    var directory: [String: String] = [:]
    for owner in entries {
      if let address = shapes.mailAddress(owner, "the address of '\(owner.key)'") {
        directory[owner.key] = address
      }
    }
    return directory
  }
}

// What all parts of the file read alike.
extension RoutesReader {
  /// The name of something that must have one, once among its kind.
  mutating func declare(
    _ keys: [String: YAMLNode.Entry], _ node: YAMLNode, _ kind: String,
    _ declared: WritableKeyPath<Names, Set<String>>
  ) -> String? {
    guard let entry = keys["name"] else {
      shapes.refuse(node, "\(kind) needs a name")
      return nil
    }
    guard let name = shapes.text(entry) else { return nil }
    guard names[keyPath: declared].insert(name).inserted else {
      shapes.refuse(
        node,
        "\(kind.split(separator: " ").dropFirst().joined(separator: " "))"
          + " '\(name)' stands twice")
      return nil
    }
    return name
  }

  /// Refuses a name that nothing in the file has.
  mutating func require(_ name: String, in known: Set<String>, _ kind: String, _ node: YAMLNode) {
    if !known.contains(name) { shapes.refuse(node, "\(kind) '\(name)' does not exist") }
  }

  /// The names of a list with their places; a text alone is a list of one.
  mutating func references(_ entry: YAMLNode.Entry?) -> [Reference] {
    guard let entry, !entry.value.isNull else { return [] }
    var found: [Reference] = []
    for node in entry.value.elements ?? [entry.value] {
      if let text = node.text, !text.isEmpty, !node.isNull {
        found.append(Reference(name: text, node: node))
      } else {
        shapes.refuse(node, "'\(entry.key)' is a list of texts")
      }
    }
    return found
  }

  /// A duration as Prometheus writes it, in milliseconds.
  mutating func duration(
    _ entry: YAMLNode.Entry, in range: ClosedRange<Int64> = 0...Int64.max
  ) -> Int64? {
    guard let found = entry.value.text.flatMap({ milliseconds(ofDuration: $0) }) else {
      shapes.refuse(entry, "'\(entry.key)' must be a duration such as 30s, 5m, 4h, 1d or 1h30m")
      return nil
    }
    guard range.contains(found) else {
      let least = durationText(milliseconds: range.lowerBound)
      let most =
        range.upperBound == .max ? "" : " to \(durationText(milliseconds: range.upperBound))"
      shapes.refuse(entry, "'\(entry.key)' must be from \(least)\(most)")
      return nil
    }
    return found
  }

  /// A duration in whole seconds.
  mutating func seconds(_ entry: YAMLNode.Entry, upTo most: Int64) -> Int64? {
    guard let found = duration(entry, in: 1_000...most * 1_000) else { return nil }
    guard found % 1_000 == 0 else {
      shapes.refuse(entry, "'\(entry.key)' must be whole seconds")
      return nil
    }
    return found / 1_000
  }

  /// A time zone of the system.
  mutating func zone(of entry: YAMLNode.Entry) -> Zone? {
    guard let name = shapes.text(entry) else { return nil }
    guard let zone = zones.zone(name) else {
      shapes.refuse(entry, "the time zone '\(name)' is not on this system")
      return nil
    }
    return zone
  }

  /// A piece of settings that the room of decisions judges.
  mutating func judged<Value>(
    at node: YAMLNode, _ make: () throws(AlertingError) -> Value
  ) -> Value? {
    do {
      return try make()
    } catch {
      shapes.refuse(node, error.detail)
      return nil
    }
  }
}
