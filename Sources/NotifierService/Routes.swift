public import Alerting
internal import ServiceRuntime
internal import YAML

/// The receivers and the tree of routes that leads to them.
public struct Routes: Sendable {
  /// By name.
  public let receivers: [String: Receiver]

  /// Nil where nothing is configured: then every anomaly is logged as without route.
  public let tree: RouteTree?

  /// Nobody is told of anything.
  public static let none = Routes(receivers: [:], tree: nil)

  /// Joins receivers with a tree over their names.
  public init(receivers: [String: Receiver], tree: RouteTree?) {
    self.receivers = receivers
    self.tree = tree
  }

  /// Reads a file of routes, with the secrets that it names.
  ///
  /// - Throws: ``RoutesError`` with every fault and its place.
  public init(file path: String) throws(RoutesError) {
    let bytes: [UInt8]
    do {
      bytes = try SettingsFile.bytes(path)
    } catch {
      throw RoutesError(error.faults)
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    try self.init(parsing: bytes, name: path, folder: folder)
  }

  /// Reads the text of a file of routes.
  ///
  /// - Parameters:
  ///   - bytes: YAML.
  ///   - name: What faults call the file.
  ///   - folder: Where the files that it names are, with a slash at its end; empty is the present
  ///     one.
  /// - Throws: ``RoutesError`` with every fault and its place.
  public init(parsing bytes: [UInt8], name: String, folder: String) throws(RoutesError) {
    let document: YAMLNode
    do {
      document = try YAMLNode(parsing: bytes)
    } catch {
      throw RoutesError(["\(name):\(error.line):\(error.column): \(error.detail)"])
    }
    var reader = RoutesReader(name: name, folder: folder)
    let routes = reader.routes(document)
    guard reader.faults.isEmpty, let routes else { throw RoutesError(reader.faults) }
    self = routes
  }
}

/// All that is wrong with a file of routes.
public struct RoutesError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One a fault: `file:line:column: what`, without secrets.
  public let faults: [String]

  /// Gathers faults.
  public init(_ faults: [String]) { self.faults = faults }

  /// All faults, safe to log.
  public var description: String { "routes: " + faults.joined(separator: "; ") }
}
