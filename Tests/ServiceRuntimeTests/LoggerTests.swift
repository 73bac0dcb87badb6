import JSON
import Locking
import ServiceRuntime
import Testing

/// Lines that a logger wrote.
final class LineSink: Sendable {
  private let bytes = Locked<[UInt8]>([])

  var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

  func logger(format: LogFormat = .logfmt, level: LogLevel = .debug) -> Logger {
    Logger(
      service: "detector", level: level, format: format,
      nowUnixMicroseconds: { 1_795_248_123_114_000 },
      write: { [bytes] line in bytes.withLock { $0 += line } })
  }
}

@Suite("Logger")
struct LoggerTests {
  @Test func `a line has time, level, service, message and fields in order`() {
    let sink = LineSink()
    sink.logger().with(["trace": "4bf9"]).info("anomaly opened", ["customer": "c_81", "n": "2"])
    #expect(
      sink.text == "ts=2026-11-21T08:02:03.114Z level=info service=detector "
        + "msg=\"anomaly opened\" trace=4bf9 customer=c_81 n=2\n")
  }

  @Test(
    "a hostile value stays one value of one line", arguments: [LogFormat.logfmt, LogFormat.json])
  func hostile(format: LogFormat) {
    let sink = LineSink()
    sink.logger(format: format).info(
      "customer stored", ["name": "A\" level=critical\n\r\u{1b}[2J\u{85}\u{2028}\\x"])
    #expect(sink.text.filter(\.isNewline).count == 1)
    #expect(sink.text.contains(#"A\" level=critical\n\r\u001b[2J\u0085\u2028\\x""#))
  }

  @Test(
    "a value that needs quotes only for what is beyond ASCII gets them",
    arguments: ["a\u{85}b", "a\u{2028}b", "a\u{202e}b", "Caf\u{e9}"])
  func beyondASCII(value: String) {
    let sink = LineSink()
    sink.logger().info("customer stored", ["name": value])
    #expect(sink.text.hasSuffix("\"\n"))
    #expect(sink.text.filter(\.isNewline).count == 1)
  }

  @Test func `JSON lines hold the same fields`() throws {
    let sink = LineSink()
    sink.logger(format: .json).error("points refused", ["reason": "late"])
    let value = try JSONValue(parsing: sink.text)
    #expect(
      value.objectValue?.keys == ["ts", "level", "service", "msg", "reason"])
    #expect(value["msg"]?.stringValue == "points refused")
  }

  @Test func `a value is cut at 1,024 bytes, never within a character`() {
    let sink = LineSink()
    sink.logger().info("name read", ["name": "a" + String(repeating: "é", count: 2_000)])
    let value = sink.text.split(separator: "name=")[1].dropLast()
    #expect(value.hasSuffix("é…\""))
    #expect(value.utf8.count == 1_023 + 3 + 2)
  }

  @Test func `lines below the level are dropped`() {
    let sink = LineSink()
    let logger = sink.logger(level: .warning)
    logger.info("bucket closed")
    logger.debug("call ended")
    #expect(sink.text.isEmpty)
    logger.warning("queue grew")
    #expect(sink.text.contains("level=warning"))
  }

  @Test(
    "texts of moments read back",
    arguments: [
      ("1970-01-01T00:00:00.000Z", Int64(0)), ("1969-12-31T23:59:59.999Z", -1_000),
      ("2024-02-29T12:34:56.789Z", 1_709_210_096_789_000),
      ("2000-03-01T00:00:00.000Z", 951_868_800_000_000),
    ])
  func moments(text: String, microseconds: Int64) {
    #expect(Timestamp.text(unixMicroseconds: microseconds) == text)
    #expect(Timestamp.unixMicroseconds(text) == microseconds)
  }

  @Test func `offsets and bare dates are understood`() {
    #expect(Timestamp.unixMicroseconds("1970-01-02") == 86_400_000_000)
    #expect(Timestamp.unixMicroseconds("1970-01-01T02:00:00+02:00") == 0)
    #expect(Timestamp.unixMicroseconds("1970-01-01t00:00:00.5z") == 500_000)
  }

  @Test(
    "what is no moment is refused",
    arguments: [
      "", "2026", "2026-02-30", "2026-13-01", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
      "2026-01-01T00:00:00.Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+2:00", "2026-1-01",
      "２026-01-01",
    ])
  func badMoments(text: String) {
    #expect(Timestamp.unixMicroseconds(text) == nil)
  }
}
