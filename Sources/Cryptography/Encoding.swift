/// Bytes as pairs of hexadecimal digits.
public enum Hexadecimal {
  private static let digits = Array("0123456789abcdef".utf8)

  /// The bytes in lower case.
  public static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text in either case.
  public static func decode(_ text: String) throws(CryptographyError) -> [UInt8] {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 2) else {
      throw CryptographyError(.badEncoding, "hexadecimal text has an odd length")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 2)
    for index in stride(from: 0, to: characters.count, by: 2) {
      guard let high = value(characters[index]), let low = value(characters[index + 1]) else {
        throw CryptographyError(.badEncoding, "no hexadecimal digit at offset \(index)")
      }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// Bytes as base64 (RFC 4648), in both alphabets.
public enum Base64 {
  private static let standard = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let forURLs = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// The bytes in the standard alphabet, padded.
  public static func encode(_ bytes: [UInt8]) -> String {
    encode(bytes, alphabet: standard, padded: true)
  }

  /// The bytes in the alphabet for URLs, without padding.
  public static func encodeURL(_ bytes: [UInt8]) -> String {
    encode(bytes, alphabet: forURLs, padded: false)
  }

  /// The bytes of a text in the standard alphabet, padded.
  public static func decode(_ text: String) throws(CryptographyError) -> [UInt8] {
    var characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 4) else {
      throw CryptographyError(.badEncoding, "base64 is not a multiple of 4 characters")
    }
    for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
    return try decode(characters, alphabet: standard)
  }

  /// The bytes of a text in the alphabet for URLs, without padding.
  public static func decodeURL(_ text: String) throws(CryptographyError) -> [UInt8] {
    try decode(Array(text.utf8), alphabet: forURLs)
  }

  private static func encode(_ bytes: [UInt8], alphabet: [UInt8], padded: Bool) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var word: UInt32 = 0
      for byte in group { word = word << 8 | UInt32(byte) }
      word <<= 8 * UInt32(3 - group.count)
      for position in 0...group.count {
        text.append(alphabet[Int(word >> (18 - 6 * UInt32(position)) & 63)])
      }
      if padded { text += [UInt8](repeating: UInt8(ascii: "="), count: 3 - group.count) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Strict: a last character with bits that no byte takes is refused, so that each value has one
  /// text only.
  private static func decode(
    _ characters: [UInt8], alphabet: [UInt8]
  ) throws(CryptographyError) -> [UInt8] {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    guard characters.count % 4 != 1 else {
      throw CryptographyError(.badEncoding, "base64 has an impossible length")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3 + 2)
    var word: UInt32 = 0
    var bits: UInt32 = 0
    for (offset, character) in characters.enumerated() {
      let value = values[Int(character)]
      guard value < 64 else {
        throw CryptographyError(.badEncoding, "no base64 character at offset \(offset)")
      }
      word = word << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: word >> bits))
        word &= (1 << bits) - 1
      }
    }
    guard word == 0 else { throw CryptographyError(.badEncoding, "base64 ends in stray bits") }
    return bytes
  }
}

/// The one PEM block of a key file.
enum PEM {
  static func content(
    of text: String, label: String, prefix: [UInt8]
  ) throws(CryptographyError) -> [UInt8] {
    let lines = text.split(whereSeparator: \.isNewline).map { line in
      String(line.drop(while: \.isWhitespace).prefix { !$0.isWhitespace || $0 == " " })
    }
    guard let begin = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN \(label)-----") }),
      let end = lines.firstIndex(where: { $0.hasPrefix("-----END \(label)-----") }), begin < end
    else { throw CryptographyError(.badKey, "no PEM block \"\(label)\"") }
    let bytes = try Base64.decode(lines[(begin + 1)..<end].joined())
    guard bytes.count == prefix.count + 32, bytes.starts(with: prefix) else {
      throw CryptographyError(.badKey, "the PEM block \"\(label)\" holds no Ed25519 key")
    }
    return Array(bytes.dropFirst(prefix.count))
  }

  static func text(label: String, _ bytes: [UInt8]) -> String {
    "-----BEGIN \(label)-----\n\(Base64.encode(bytes))\n-----END \(label)-----\n"
  }
}
