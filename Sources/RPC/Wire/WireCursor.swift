/// A walk over the fields of one message on the wire.
///
/// Stricter than protobuf-c, never laxer: numbers that are longer than they need to be are refused
/// where the two could disagree about them.
struct WireCursor {
  /// How a value is laid down, as the lowest three bits of a tag say.
  enum WireType: UInt8 {
    case varint = 0
    case eightBytes = 1
    case lengthPrefixed = 2
    case fourBytes = 5
  }

  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { offset == bytes.count }

  /// Number and wire type of the next field.
  mutating func tag(of message: String) throws(WireError) -> (number: UInt32, type: WireType) {
    guard let tag = varint(), tag <= UInt64(UInt32.max), tag >> 3 > 0,
      let type = WireType(rawValue: UInt8(tag & 7))
    else {
      throw WireError(.malformed, "not a \(message): bad tag near byte \(offset)")
    }
    return (UInt32(tag >> 3), type)
  }

  /// The content of a length-prefixed value.
  mutating func lengthPrefixed(in message: String) throws(WireError) -> UnsafeRawBufferPointer {
    guard let length = varint(), length <= UInt64(bytes.count - offset) else {
      throw WireError(.malformed, "not a \(message): cut short near byte \(offset)")
    }
    let content = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(length)])
    offset += Int(length)
    return content
  }

  /// Passes over a value that is not length-prefixed.
  mutating func skip(_ type: WireType, in message: String) throws(WireError) {
    let isWhole =
      switch type {
      case .varint: varint() != nil
      case .fourBytes: advance(4)
      case .eightBytes: advance(8)
      case .lengthPrefixed: false
      }
    guard isWhole else {
      throw WireError(.malformed, "not a \(message): cut short near byte \(offset)")
    }
  }

  /// A value that is not length-prefixed, as its bits.
  mutating func number(_ type: WireType, in message: String) throws(WireError) -> UInt64 {
    let start = offset
    if type == .varint, let value = varint() { return value }
    if type == .fourBytes, advance(4) {
      return UInt64(
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)))
    }
    if type == .eightBytes, advance(8) {
      return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }
    throw WireError(.malformed, "not a \(message): cut short near byte \(offset)")
  }

  private mutating func advance(_ count: Int) -> Bool {
    guard bytes.count - offset >= count else { return false }
    offset += count
    return true
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < bytes.count, shift < 64 {
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }
}
