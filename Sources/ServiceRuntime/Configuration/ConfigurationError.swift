/// All that is wrong with the settings of a process.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence a fault; each names its setting, none holds a secret.
  public let faults: [String]

  /// Gathers faults.
  public init(_ faults: [String]) { self.faults = faults }

  /// All faults, separated by semicolons, safe to log.
  public var description: String { "configuration: " + faults.joined(separator: "; ") }
}
