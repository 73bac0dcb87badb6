/// Writes one line for one event.
///
/// The message is a constant sentence in the past tense; facts are fields. A value copied to other
/// services of the same process costs nothing.
public struct Logger: Sendable {
  /// Fields of one line, in the order written.
  public typealias Fields = KeyValuePairs<String, String>

  /// The name of the service in each line.
  public let service: String

  /// Lines below this level are dropped.
  public let level: LogLevel

  /// How lines are written.
  public let format: LogFormat

  private let fixed: [(String, String)]
  private let nowUnixMicroseconds: @Sendable () -> Int64
  private let write: @Sendable ([UInt8]) -> Void

  /// A logger that writes to standard error.
  public init(service: String, level: LogLevel = .info, format: LogFormat = .logfmt) {
    self.init(
      service: service, level: level, format: format,
      nowUnixMicroseconds: SystemTime.unixMicroseconds, write: StandardError.write)
  }

  /// A logger with its own clock and its own place to write whole lines to, as tests need it.
  public init(
    service: String, level: LogLevel = .debug, format: LogFormat = .logfmt,
    nowUnixMicroseconds: @escaping @Sendable () -> Int64,
    write: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.init(
      service: service, level: level, format: format, fixed: [],
      nowUnixMicroseconds: nowUnixMicroseconds, write: write)
  }

  private init(
    service: String, level: LogLevel, format: LogFormat, fixed: [(String, String)],
    nowUnixMicroseconds: @escaping @Sendable () -> Int64,
    write: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.service = service
    self.level = level
    self.format = format
    self.fixed = fixed
    self.nowUnixMicroseconds = nowUnixMicroseconds
    self.write = write
  }

  /// The same logger with fields that each of its lines has.
  public func with(_ fields: Fields) -> Logger {
    Logger(
      service: service, level: level, format: format,
      fixed: fixed + fields.map { ($0.key, $0.value) },
      nowUnixMicroseconds: nowUnixMicroseconds, write: write)
  }

  /// The same logger under the name of another service.
  public func named(_ service: String) -> Logger {
    Logger(
      service: service, level: level, format: format, fixed: fixed,
      nowUnixMicroseconds: nowUnixMicroseconds, write: write)
  }

  /// Tells of normal work.
  public func debug(_ message: StaticString, _ fields: Fields = [:]) {
    log(.debug, message, fields)
  }

  /// Tells of a state that changed once.
  public func info(_ message: StaticString, _ fields: Fields = [:]) { log(.info, message, fields) }

  /// Tells of something that works worse than it should.
  public func warning(_ message: StaticString, _ fields: Fields = [:]) {
    log(.warning, message, fields)
  }

  /// Tells of something lost or wrongly refused.
  public func error(_ message: StaticString, _ fields: Fields = [:]) {
    log(.error, message, fields)
  }

  /// Tells why the process is about to end.
  public func critical(_ message: StaticString, _ fields: Fields = [:]) {
    log(.critical, message, fields)
  }

  /// Writes a line at a level that is chosen while running.
  public func log(_ level: LogLevel, _ message: StaticString, _ fields: Fields = [:]) {
    log(level, message, fields.map { ($0.key, $0.value) })
  }

  /// Writes a line whose fields were gathered while running.
  public func log(_ level: LogLevel, _ message: StaticString, _ fields: [(String, String)]) {
    guard level >= self.level else { return }
    var line = LogLine(format: format)
    line.append("ts", Timestamp.text(unixMicroseconds: nowUnixMicroseconds()))
    line.append("level", level.name)
    line.append("service", service)
    line.append("msg", "\(message)")
    for (name, value) in fixed { line.append(name, value) }
    for (name, value) in fields { line.append(name, value) }
    write(line.finish())
  }
}
