/// Bytes of a message, written field by field.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func tag(_ number: UInt32, _ type: WireCursor.WireType) {
    varint(UInt64(number) << 3 | UInt64(type.rawValue))
  }

  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func fixed(_ value: UInt64, bits: Int) {
    for shift in stride(from: 0, to: bits, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }

  mutating func lengthPrefixed(_ content: [UInt8]) {
    varint(UInt64(content.count))
    bytes += content
  }

  mutating func append(_ other: WireWriter) {
    bytes += other.bytes
  }
}
