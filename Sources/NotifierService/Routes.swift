public import Alerting
public import SeriesStore
internal import ServiceRuntime
internal import YAML

/// The whole file of routes: who can be told, and all that decides who is told what and when.
public struct Routes: Sendable {
  /// By name.
  public let receivers: [String: Receiver]

  /// All that decides; without a tree every anomaly is logged as without route.
  public let alerting: AlertingConfiguration

  /// What is allowed and surprises, one sentence each with its place where it has one:
  /// `file:line:column: what`.
  public let warnings: [String]

  /// The tree alone; nil where nothing is configured.
  public var tree: RouteTree? { alerting.tree }

  /// Nobody is told of anything.
  public static let none = Routes(receivers: [:], tree: nil)

  /// Joins receivers with all that decides about them.
  public init(
    receivers: [String: Receiver], alerting: AlertingConfiguration, warnings: [String] = []
  ) {
    self.receivers = receivers
    self.alerting = alerting
    self.warnings = warnings
  }

  /// Joins receivers with a tree over their names; those without a way are known and not told.
  public init(receivers: [String: Receiver], tree: RouteTree?) {
    self.init(
      receivers: receivers,
      alerting: AlertingConfiguration(
        tree: tree, receivers: receivers.mapValues(\.rules),
        silentReceivers: Set(receivers.values.filter { $0.way == nil }.map(\.name))))
  }

  /// Reads a file of routes, with the secrets that it names.
  ///
  /// - Parameters:
  ///   - path: Of the file.
  ///   - zone: The organisation's time zone, for digests and people that name none.
  ///   - zones: The time zones of the system.
  /// - Throws: ``RoutesError`` with every fault and its place.
  public init(
    file path: String, zone: String = "UTC",
    zones: ZoneFiles = ZoneFiles(directory: Self.usualZoneDirectory)
  ) throws(RoutesError) {
    let bytes: [UInt8]
    do {
      bytes = try SettingsFile.bytes(path)
    } catch {
      throw RoutesError(error.faults)
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    try self.init(parsing: bytes, name: path, folder: folder, zone: zone, zones: zones)
  }

  /// Reads the text of a file of routes.
  ///
  /// - Parameters:
  ///   - bytes: YAML.
  ///   - name: What faults call the file.
  ///   - folder: Where the files that it names are, with a slash at its end; empty is the present
  ///     one.
  ///   - zone: The organisation's time zone, for digests and people that name none.
  ///   - zones: The time zones of the system.
  /// - Throws: ``RoutesError`` with every fault and its place.
  public init(
    parsing bytes: [UInt8], name: String, folder: String, zone: String = "UTC",
    zones: ZoneFiles = ZoneFiles(directory: Self.usualZoneDirectory)
  ) throws(RoutesError) {
    let document: YAMLNode
    do {
      document = try YAMLNode(parsing: bytes)
    } catch {
      throw RoutesError(["\(name):\(error.line):\(error.column): \(error.detail)"])
    }
    guard let organisation = zones.zone(zone) else {
      throw RoutesError(["\(name):1:1: the time zone '\(zone)' is not on this system"])
    }
    var reader = RoutesReader(name: name, folder: folder, zone: organisation, zones: zones)
    let routes = reader.routes(document)
    guard reader.faults.isEmpty, let routes else { throw RoutesError(reader.faults) }
    self = routes
  }

  /// Where the compiled time zones of most systems are.
  public static let usualZoneDirectory = "/usr/share/zoneinfo"
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
