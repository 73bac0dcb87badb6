/// One line of iCalendar (RFC 5545): `NAME;PARAMETER=value:value`.
struct ContentLine: Equatable {
  /// The line of the file on which it begins, from 1.
  let line: Int
  /// In capital letters.
  let name: String
  /// By their names in capital letters.
  let parameters: [String: String]
  /// As it stands, escapes included.
  let value: String
}

/// The lines of an iCalendar file, each put together again from where it was folded.
enum ContentLines {
  /// The largest file that is read, in bytes.
  static let bytesLimit = 16 << 20

  /// Reads a whole file; a line that cannot be read refuses it.
  static func read(path: String) throws(CommandError) -> [ContentLine] {
    let source = try ByteSource(path: path)
    var bytes: [UInt8] = []
    while case let piece = try source.next(), !piece.isEmpty {
      bytes += piece
      guard bytes.count <= bytesLimit else {
        throw CommandError("\(path): larger than \(bytesLimit) bytes")
      }
    }
    return try parse(bytes, path: path)
  }

  /// Parts bytes into lines.
  ///
  /// Lines are put together as bytes, because a fold may stand in the middle of a character.
  static func parse(_ bytes: [UInt8], path: String) throws(CommandError) -> [ContentLine] {
    var lines: [ContentLine] = []
    var whole: [UInt8] = []
    var start = 0
    var number = 0
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = bytes.starts(with: mark) ? bytes.dropFirst(3) : bytes[...]
    for piece in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let text = piece.last == UInt8(ascii: "\r") ? piece.dropLast() : piece
      if let first = text.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
        whole += text.dropFirst()
        continue
      }
      if !whole.isEmpty { lines.append(try line(whole, start, path)) }
      whole = Array(text)
      start = number
    }
    if !whole.isEmpty { lines.append(try line(whole, start, path)) }
    return lines
  }

  private static func line(
    _ bytes: [UInt8], _ number: Int, _ path: String
  ) throws(CommandError) -> ContentLine {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw CommandError("\(path):\(number): is not UTF-8")
    }
    var parts: [String] = []
    var part = ""
    var isQuoted = false
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "\"" {
        isQuoted.toggle()
      } else if isQuoted || (character != ";" && character != ":") {
        part.append(character)
      } else {
        parts.append(part)
        part = ""
        if character == ":" { return made(parts, String(rest), number) }
      }
    }
    throw CommandError("\(path):\(number): is no line of iCalendar, which is NAME:value")
  }

  private static func made(_ parts: [String], _ value: String, _ number: Int) -> ContentLine {
    var parameters: [String: String] = [:]
    for parameter in parts.dropFirst() {
      let equals = parameter.firstIndex(of: "=") ?? parameter.endIndex
      parameters[parameter[..<equals].uppercased()] = String(parameter[equals...].dropFirst())
    }
    return ContentLine(
      line: number, name: parts[0].uppercased(), parameters: parameters, value: value)
  }

  /// A text without its escapes.
  static func unescaped(_ value: String) -> String {
    var text = ""
    var rest = value[...]
    while let character = rest.popFirst() {
      guard character == "\\", let next = rest.popFirst() else {
        text.append(character)
        continue
      }
      text.append(next == "n" || next == "N" ? " " : next)
    }
    return text
  }
}
