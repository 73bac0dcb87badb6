/// How much a log line matters.
public enum LogLevel: UInt8, Sendable, Hashable, Comparable, CaseIterable {
  /// Normal work, one call or one job.
  case debug = 0
  /// A state that changed once.
  case info = 1
  /// Something works worse than it should.
  case warning = 2
  /// Something was lost or wrongly refused.
  case error = 3
  /// The process is about to end.
  case critical = 4

  /// The word written in lines and settings.
  public var name: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    case .critical: "critical"
    }
  }

  /// The level of that word, or nil for another word.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  /// By importance.
  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// How log lines are written.
public enum LogFormat: String, Sendable, Hashable, CaseIterable {
  /// `name=value` pairs.
  case logfmt
  /// One JSON object a line.
  case json
}
