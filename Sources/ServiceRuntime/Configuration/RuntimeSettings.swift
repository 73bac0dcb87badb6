/// The settings that every service has.
public struct RuntimeSettings: Sendable, Hashable {
  /// Where health and figures are served, `host:port`; port 0 is a free one.
  public let adminAddress: String

  /// Lines below it are dropped.
  public let logLevel: LogLevel

  /// How lines are written.
  public let logFormat: LogFormat

  /// How long the service may drain, in seconds.
  public let drainSeconds: Double

  /// The organisation's IANA time zone.
  public let zone: String

  /// Reads `admin-address`, `log-level`, `log-format`, `drain-seconds` and `zone`.
  public init(reading reader: ConfigurationReader) {
    adminAddress = reader.listenAddress(
      "admin-address", default: "127.0.0.1:0", help: "health and metrics, host:port")
    let words = LogLevel.allCases.map(\.name).joined(separator: ", ")
    let level =
      reader.look(
        "log-level", help: "one of \(words)", fallback: LogLevel.info.name,
        sharedVariable: "TIDEMARK_LOG_LEVEL")?.first ?? LogLevel.info.name
    if LogLevel(name: level) == nil { reader.addFault("log-level must be one of \(words)") }
    logLevel = LogLevel(name: level) ?? .info
    let formats = LogFormat.allCases.map(\.rawValue).joined(separator: ", ")
    let format =
      reader.look(
        "log-format", help: "one of \(formats)", fallback: LogFormat.logfmt.rawValue,
        sharedVariable: "TIDEMARK_LOG_FORMAT")?.first ?? LogFormat.logfmt.rawValue
    if LogFormat(rawValue: format) == nil {
      reader.addFault("log-format must be one of \(formats)")
    }
    logFormat = LogFormat(rawValue: format) ?? .logfmt
    drainSeconds = reader.seconds(
      "drain-seconds", default: ServiceGroup.drainSecondsDefault, in: 0...600,
      help: "how long to finish what was begun after a SIGTERM")
    zone = reader.text("zone", default: "UTC", help: "the organisation's IANA time zone")
  }

  /// Sets all of them.
  public init(
    adminAddress: String = "127.0.0.1:0", logLevel: LogLevel = .info,
    logFormat: LogFormat = .logfmt, drainSeconds: Double = ServiceGroup.drainSecondsDefault,
    zone: String = "UTC"
  ) {
    self.adminAddress = adminAddress
    self.logLevel = logLevel
    self.logFormat = logFormat
    self.drainSeconds = drainSeconds
    self.zone = zone
  }
}
