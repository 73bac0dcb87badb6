/// One line while it grows; no value can end it early.
struct LogLine {
  /// Longer values are cut, so that one hostile field cannot fill a disk.
  static let valueBytesLimit = 1_024

  private let format: LogFormat
  private var bytes: [UInt8] = []

  init(format: LogFormat) {
    self.format = format
    bytes.reserveCapacity(256)
    if format == .json { bytes.append(UInt8(ascii: "{")) }
  }

  mutating func append(_ name: String, _ value: String) {
    let cut = Self.cut(value)
    switch format {
    case .logfmt:
      if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
      bytes += Self.plainName(name).utf8
      bytes.append(UInt8(ascii: "="))
      if cut.utf8.isEmpty || cut.utf8.contains(where: Self.needsQuotes) {
        appendQuoted(cut)
      } else {
        bytes += cut.utf8
      }
    case .json:
      if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
      appendQuoted(name)
      bytes.append(UInt8(ascii: ":"))
      appendQuoted(cut)
    }
  }

  consuming func finish() -> [UInt8] {
    if format == .json { bytes.append(UInt8(ascii: "}")) }
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  /// The longest beginning within the limit that does not end inside a character.
  private static func cut(_ value: String) -> String {
    guard value.utf8.count > valueBytesLimit else { return value }
    var end = value.utf8.index(value.utf8.startIndex, offsetBy: valueBytesLimit)
    while end.samePosition(in: value.unicodeScalars) == nil { value.utf8.formIndex(before: &end) }
    return String(value[..<end]) + "…"
  }

  /// A name is ours and fixed; should one ever not be, it still cannot forge a pair.
  private static func plainName(_ name: String) -> String {
    name.utf8.contains(where: needsQuotes)
      ? String(decoding: name.utf8.map { needsQuotes($0) ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
      : name
  }

  private static func needsQuotes(_ byte: UInt8) -> Bool {
    // Beyond ASCII there are line breaks and controls too, which only a quoted value escapes.
    byte <= 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "=") || byte >= 0x7f
      || byte == UInt8(ascii: "\\")
  }

  /// Quotes a text by JSON's rules, which logfmt readers share.
  ///
  /// Also escapes U+0080 to U+009F, the line separators and what turns the direction of writing,
  /// which some terminals obey.
  private mutating func appendQuoted(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += "\\\"".utf8
      case "\\": bytes += "\\\\".utf8
      case "\n": bytes += "\\n".utf8
      case "\r": bytes += "\\r".utf8
      case "\t": bytes += "\\t".utf8
      case "\0"..<" ", "\u{7f}"..."\u{9f}", "\u{2028}"..."\u{202e}", "\u{2066}"..."\u{2069}":
        let digits = String(scalar.value, radix: 16)
        bytes += "\\u".utf8
        bytes += String(repeating: "0", count: 4 - digits.utf8.count).utf8
        bytes += digits.utf8
      default: bytes += String(scalar).utf8
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
