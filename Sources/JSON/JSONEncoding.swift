extension JSONValue {
  /// The text of the value, the same for the same value.
  ///
  /// Members keep their order unless they are to be sorted by key. Numbers are written in the
  /// shortest form that reads back to the same double.
  public func encoded(sortedKeys: Bool = false, indented: Bool = false) -> String {
    String(decoding: encodedBytes(sortedKeys: sortedKeys, indented: indented), as: UTF8.self)
  }

  /// The text of the value as UTF-8.
  public func encodedBytes(sortedKeys: Bool = false, indented: Bool = false) -> [UInt8] {
    var writer = JSONWriter(sortedKeys: sortedKeys, indented: indented)
    writer.write(self, level: 0)
    return writer.bytes
  }
}

extension JSONValue: CustomStringConvertible {
  /// The text of the value.
  public var description: String { encoded() }
}

struct JSONWriter {
  let sortedKeys: Bool
  let indented: Bool
  private(set) var bytes: [UInt8] = []

  init(sortedKeys: Bool, indented: Bool) {
    self.sortedKeys = sortedKeys
    self.indented = indented
  }

  mutating func write(_ value: JSONValue, level: Int) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .integer(let number): bytes += String(number).utf8
    case .number(let number): bytes += (number.isFinite ? Self.text(of: number) : "null").utf8
    case .string(let text): write(text)
    case .array(let values):
      writeList("[", "]", count: values.count, level: level) { writer, index in
        writer.write(values[index], level: level + 1)
      }
    case .object(let object):
      let members =
        sortedKeys ? object.members.sorted { $0.key.utf8Precedes($1.key) } : object.members
      writeList("{", "}", count: members.count, level: level) { writer, index in
        writer.write(members[index].key)
        writer.bytes += (writer.indented ? ": " : ":").utf8
        writer.write(members[index].value, level: level + 1)
      }
    }
  }

  private mutating func writeList(
    _ open: StaticString, _ close: StaticString, count: Int, level: Int,
    _ item: (inout JSONWriter, Int) -> Void
  ) {
    bytes += "\(open)".utf8
    for index in 0..<count {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      breakLine(level: level + 1)
      item(&self, index)
    }
    if count > 0 { breakLine(level: level) }
    bytes += "\(close)".utf8
  }

  private mutating func breakLine(level: Int) {
    guard indented else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes += [UInt8](repeating: UInt8(ascii: " "), count: level * 2)
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case 0..<0x20, 0x7f:
        let digits = Array("0123456789abcdef".utf8)
        bytes += "\\u00".utf8
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Swift writes `1.0` and `5e-324`; both are JSON, but a whole number reads better without ".0".
  private static func text(of number: Double) -> String {
    let text = number.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension String {
  /// Order by bytes, which no locale changes.
  fileprivate func utf8Precedes(_ other: String) -> Bool {
    utf8.lexicographicallyPrecedes(other.utf8)
  }
}
