internal import Alerting
internal import Integration
internal import YAML

/// Reads a file of routes and keeps every fault with its place.
struct RoutesReader {
  /// Reads values and keeps the faults.
  var shapes: SettingsReader
  /// Names that stand in the file, those of receivers that are otherwise wrong too.
  var declaredNames: Set<String> = []

  init(name: String, folder: String) {
    shapes = SettingsReader(name: name, folder: folder)
  }

  var faults: [String] { shapes.faults }

  mutating func routes(_ document: YAMLNode) -> Routes? {
    guard
      let keys = shapes.mapping(document, "the file", ["receivers", "route", "directory"])
    else { return nil }
    shapes.directory = directory(keys["directory"])
    var receivers: [String: Receiver] = [:]
    for node in shapes.list(keys["receivers"], "receivers") {
      if let receiver = receiver(node) {
        receivers[receiver.name] = receiver
      }
    }
    guard let root = keys["route"] else {
      shapes.refuse(document, "the key 'route' is missing")
      return nil
    }
    let names = declaredNames
    guard let route = route(root.value, names: names, isRoot: true, depth: 0), faults.isEmpty else {
      return nil
    }
    do {
      return Routes(
        receivers: receivers, tree: try RouteTree(root: route, names: RouteNames(receivers: names)))
    } catch {
      shapes.refuse(root, error.detail)
      return nil
    }
  }

  private mutating func route(
    _ node: YAMLNode, names: Set<String>, isRoot: Bool, depth: Int
  ) -> Route? {
    guard depth <= RouteTree.depthLimit else {
      shapes.refuse(node, "routes are nested too deeply")
      return nil
    }
    let known = ["receiver", "matchers", "continue", "routes"]
    guard let keys = shapes.mapping(node, "a route", known) else { return nil }
    var route = Route()
    if let entry = keys["receiver"] {
      route.receiver = shapes.text(entry, "receiver")
      if let receiver = route.receiver, !names.contains(receiver) {
        shapes.refuse(entry, "receiver '\(receiver)' does not exist")
      }
    } else if isRoot {
      shapes.refuse(node, "the root route needs a receiver")
    }
    for condition in shapes.list(keys["matchers"], "matchers") {
      if isRoot {
        shapes.refuse(condition, "the root route must not have matchers: it takes all")
      } else if let matcher = matcher(condition) {
        route.matchers.append(matcher)
      }
    }
    if let entry = keys["continue"] {
      if isRoot { shapes.refuse(entry, "the root route must not have 'continue'") }
      route.continues = shapes.boolean(entry, "continue") ?? false
    }
    for child in shapes.list(keys["routes"], "routes") {
      if let child = self.route(child, names: names, isRoot: false, depth: depth + 1) {
        route.children.append(child)
      }
    }
    return route
  }

  private mutating func matcher(_ node: YAMLNode) -> Matcher? {
    guard let text = node.text else {
      shapes.refuse(node, "a matcher is a text such as severity=\"critical\"")
      return nil
    }
    do {
      let matcher = try Matcher(parsing: text)
      guard Notice.labelNames.contains(matcher.name) else {
        let names = Notice.labelNames.joined(separator: ", ")
        shapes.refuse(node, "label '\(matcher.name)' does not exist; there are \(names)")
        return nil
      }
      return matcher
    } catch {
      shapes.refuse(node, error.detail)
      return nil
    }
  }

  private mutating func directory(_ entry: YAMLNode.Entry?) -> [String: String] {
    guard let entry else { return [:] }
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
