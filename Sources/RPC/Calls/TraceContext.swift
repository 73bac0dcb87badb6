/// Where a call stands in a distributed trace: the W3C trace context.
public struct TraceContext: Sendable, Hashable {
  /// The trace, as 32 lower-case hexadecimal digits.
  public var traceID: String { hexadecimal(traceHigh) + hexadecimal(traceLow) }

  /// The span, as 16 lower-case hexadecimal digits.
  public var spanID: String { hexadecimal(span) }

  /// Flags, of which the lowest says that the trace is sampled.
  public let flags: UInt8

  /// Vendor entries, passed on as they came.
  public let state: String

  private let traceHigh: UInt64
  private let traceLow: UInt64
  private let span: UInt64

  private init(high: UInt64, low: UInt64, span: UInt64, flags: UInt8, state: String) {
    self.traceHigh = high
    self.traceLow = low
    self.span = span
    self.flags = flags
    self.state = state
  }

  /// A new trace with its first span.
  public static func begin() -> TraceContext {
    TraceContext(
      high: CallNumbers.next() | 1, low: CallNumbers.next(), span: CallNumbers.next() | 1,
      flags: 1, state: "")
  }

  /// A new span under this one.
  public func child() -> TraceContext {
    TraceContext(
      high: traceHigh, low: traceLow, span: CallNumbers.next() | 1, flags: flags, state: state)
  }

  /// Reads a `traceparent` header; nil when it is not one.
  public init?(traceparent: String, state: String = "") {
    var traceparent = traceparent
    guard let read = traceparent.withUTF8({ Self(traceparent: $0, state: state) }) else {
      return nil
    }
    self = read
  }

  /// Reads the bytes of a `traceparent` header.
  init?(traceparent bytes: UnsafeBufferPointer<UInt8>, state: String) {
    // Version 00 is exactly this long; later versions may only append after another dash.
    guard bytes.count >= Self.byteCount, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
      !(bytes[0] == 0x66 && bytes[1] == 0x66),
      bytes.count == Self.byteCount || bytes[Self.byteCount] == dash,
      number(bytes, 0..<2) != nil, let high = number(bytes, 3..<19),
      let low = number(bytes, 19..<35), let span = number(bytes, 36..<52),
      let flags = number(bytes, 53..<55), high | low != 0, span != 0
    else { return nil }
    self.init(high: high, low: low, span: span, flags: UInt8(flags), state: state)
  }

  /// Length of a `traceparent` header of version 00.
  static let byteCount = 55

  /// The value of a `traceparent` header.
  public var traceparent: String {
    String(unsafeUninitializedCapacity: Self.byteCount) { buffer in
      write(to: buffer)
      return Self.byteCount
    }
  }

  /// Writes the ``byteCount`` bytes of a `traceparent` header.
  func write(to buffer: UnsafeMutableBufferPointer<UInt8>) {
    buffer[0] = 0x30
    buffer[1] = 0x30
    buffer[2] = dash
    writeDigits(traceHigh, 16, to: buffer, at: 3)
    writeDigits(traceLow, 16, to: buffer, at: 19)
    buffer[35] = dash
    writeDigits(span, 16, to: buffer, at: 36)
    buffer[52] = dash
    writeDigits(UInt64(flags), 2, to: buffer, at: 53)
  }
}

private let dash: UInt8 = 0x2D

private func writeDigits(
  _ value: UInt64, _ count: Int, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int
) {
  for index in 0..<count {
    let digit = UInt8(truncatingIfNeeded: value >> (4 * UInt64(count - 1 - index))) & 0xF
    buffer[start + index] = digit < 10 ? 0x30 + digit : 0x57 + digit
  }
}

private func hexadecimal(_ value: UInt64) -> String {
  String(unsafeUninitializedCapacity: 16) { buffer in
    writeDigits(value, 16, to: buffer, at: 0)
    return 16
  }
}

/// The number behind lower-case hexadecimal digits; W3C allows no capitals.
private func number(_ bytes: UnsafeBufferPointer<UInt8>, _ digits: Range<Int>) -> UInt64? {
  var value: UInt64 = 0
  for index in digits {
    let digit = bytes[index]
    switch digit {
    case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
    case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
    default: return nil
    }
  }
  return value
}
