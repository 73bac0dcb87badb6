public import RPC
public import SeriesModel

/// A UUID on its way between bytes, words and text.
public struct WireUUID: Sendable, Hashable {
  /// The first eight bytes, big-endian.
  public let high: UInt64

  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// Joins two words.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The UUID in sixteen bytes, or nil for another number of bytes.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads a field that must hold a UUID.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(bytes: [UInt8], field: String) throws(RPCError) {
    guard let id = WireUUID(bytes: bytes) else {
      throw RPCError(
        .invalidArgument, field: field, reason: "not_a_uuid",
        "\(field) must be a UUID of 16 bytes and has \(bytes.count)")
    }
    self = id
  }

  /// The UUID that people write as 8-4-4-4-12 hexadecimal digits, or nil for any other text.
  public init?(text: String) {
    let characters = Array(text.utf8)
    guard characters.count == 36 else { return nil }
    var words: [UInt64] = [0, 0]
    var digits = 0
    for (place, character) in characters.enumerated() {
      if [8, 13, 18, 23].contains(place) {
        guard character == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let digit = Character(UnicodeScalar(character)).hexDigitValue else { return nil }
      words[digits / 16] = words[digits / 16] << 4 | UInt64(digit)
      digits += 1
    }
    self.init(high: words[0], low: words[1])
  }

  /// The sixteen bytes.
  public var bytes: [UInt8] {
    withUnsafeBytes(of: high.bigEndian) { Array($0) }
      + withUnsafeBytes(of: low.bigEndian) { Array($0) }
  }

  /// Lower-case hexadecimal digits, 8-4-4-4-12.
  public var text: String {
    var out = ""
    out.reserveCapacity(36)
    for (place, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(place) { out.append("-") }
      out.append(byte < 16 ? "0" : "")
      out.append(String(byte, radix: 16))
    }
    return out
  }
}

extension CustomerID {
  /// The identity of a UUID.
  public init(_ id: WireUUID) { self.init(high: id.high, low: id.low) }

  /// The identity as a UUID.
  public var wireUUID: WireUUID { WireUUID(high: high, low: low) }
}
