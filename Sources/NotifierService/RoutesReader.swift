internal import Alerting
internal import YAML

/// Reads a file of routes and keeps every fault with its place.
struct RoutesReader {
  let name: String
  let folder: String
  private(set) var faults: [String] = []
  /// Names that stand in the file, those of receivers that are otherwise wrong too.
  var declaredNames: Set<String> = []

  init(name: String, folder: String) {
    self.name = name
    self.folder = folder
  }

  mutating func refuse(_ node: YAMLNode, _ reason: String) {
    faults.append("\(name):\(node.line):\(node.column): \(reason)")
  }

  mutating func refuse(_ entry: YAMLNode.Entry, _ reason: String) {
    faults.append("\(name):\(entry.line):\(entry.column): \(reason)")
  }

  mutating func routes(_ document: YAMLNode) -> Routes? {
    guard let keys = mapping(document, "the file", ["receivers", "route", "directory"]) else {
      return nil
    }
    let directory = directory(keys["directory"])
    var receivers: [String: Receiver] = [:]
    for node in list(keys["receivers"], "receivers") {
      if let receiver = receiver(node, directory: directory) {
        receivers[receiver.name] = receiver
      }
    }
    guard let root = keys["route"] else {
      refuse(document, "the key 'route' is missing")
      return nil
    }
    let names = declaredNames
    guard let route = route(root.value, names: names, isRoot: true, depth: 0), faults.isEmpty else {
      return nil
    }
    do {
      return Routes(
        receivers: receivers, tree: try RouteTree(root: route, receivers: names))
    } catch {
      refuse(root, error.detail)
      return nil
    }
  }

  private mutating func route(
    _ node: YAMLNode, names: Set<String>, isRoot: Bool, depth: Int
  ) -> Route? {
    guard depth <= RouteTree.depthLimit else {
      refuse(node, "routes are nested too deeply")
      return nil
    }
    let known = ["receiver", "matchers", "continue", "routes"]
    guard let keys = mapping(node, "a route", known) else { return nil }
    var route = Route()
    if let entry = keys["receiver"] {
      route.receiver = text(entry, "receiver")
      if let receiver = route.receiver, !names.contains(receiver) {
        refuse(entry, "receiver '\(receiver)' does not exist")
      }
    } else if isRoot {
      refuse(node, "the root route needs a receiver")
    }
    for condition in list(keys["matchers"], "matchers") {
      if isRoot {
        refuse(condition, "the root route must not have matchers: it takes all")
      } else if let matcher = matcher(condition) {
        route.matchers.append(matcher)
      }
    }
    if let entry = keys["continue"] {
      if isRoot { refuse(entry, "the root route must not have 'continue'") }
      route.continues = boolean(entry, "continue") ?? false
    }
    for child in list(keys["routes"], "routes") {
      if let child = self.route(child, names: names, isRoot: false, depth: depth + 1) {
        route.children.append(child)
      }
    }
    return route
  }

  private mutating func matcher(_ node: YAMLNode) -> Matcher? {
    guard let text = node.text else {
      refuse(node, "a matcher is a text such as severity=\"critical\"")
      return nil
    }
    do {
      let matcher = try Matcher(parsing: text)
      guard Notice.labelNames.contains(matcher.name) else {
        let names = Notice.labelNames.joined(separator: ", ")
        refuse(node, "label '\(matcher.name)' does not exist; there are \(names)")
        return nil
      }
      return matcher
    } catch {
      refuse(node, error.detail)
      return nil
    }
  }

  private mutating func directory(_ entry: YAMLNode.Entry?) -> [String: String] {
    guard let entry else { return [:] }
    guard let entries = entry.value.entries else {
      refuse(entry, "'directory' must be a mapping of owners to mail addresses")
      return [:]
    }
    var directory: [String: String] = [:]
    for owner in entries {
      if let address = mailAddress(owner, "the address of '\(owner.key)'") {
        directory[owner.key] = address
      }
    }
    return directory
  }
}

// The shapes of values.
extension RoutesReader {
  /// The entries by key; every key that is not known is refused by name.
  mutating func mapping(
    _ node: YAMLNode, _ what: String, _ known: [String]
  ) -> [String: YAMLNode.Entry]? {
    guard let entries = node.entries else {
      refuse(node, "\(what) must be a mapping, not a \(node.kind)")
      return nil
    }
    var found: [String: YAMLNode.Entry] = [:]
    for entry in entries {
      if known.contains(entry.key) {
        found[entry.key] = entry
      } else {
        refuse(
          entry,
          "unknown key '\(entry.key)' in \(what); there are \(known.joined(separator: ", "))")
      }
    }
    return found
  }

  mutating func list(_ entry: YAMLNode.Entry?, _ what: String) -> [YAMLNode] {
    guard let entry, !entry.value.isNull else { return [] }
    guard let elements = entry.value.elements else {
      refuse(entry, "'\(what)' must be a list")
      return []
    }
    return elements
  }

  mutating func text(_ entry: YAMLNode.Entry, _ what: String) -> String? {
    guard let text = entry.value.text, !text.isEmpty, !entry.value.isNull else {
      refuse(entry, "'\(what)' must be a text")
      return nil
    }
    return text
  }

  mutating func boolean(_ entry: YAMLNode.Entry, _ what: String) -> Bool? {
    switch entry.value.text {
    case "true": return true
    case "false": return false
    default:
      refuse(entry, "'\(what)' must be true or false")
      return nil
    }
  }

  mutating func integer(
    _ entry: YAMLNode.Entry, _ what: String, in range: ClosedRange<Int>
  ) -> Int? {
    guard let number = entry.value.text.flatMap({ Int($0) }), range.contains(number) else {
      refuse(
        entry, "'\(what)' must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }
}
