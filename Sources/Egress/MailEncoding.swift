/// The encodings that mail needs.
enum MailEncoding {
  /// A name with its address.
  static func mailbox(_ mailbox: MailDocument.Mailbox) -> String {
    let name = oneLine(mailbox.name)
    if name.isEmpty { return "<\(mailbox.address)>" }
    let isPlain =
      name.utf8.count <= 20 && !name.contains("=?")
      && name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
    guard isPlain else { return "\(words(name))\r\n <\(mailbox.address)>" }
    let quoted = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
    return "\"\(quoted)\" <\(mailbox.address)>"
  }

  /// The text of a header such as the subject.
  static func unstructured(_ text: String) -> String {
    let text = oneLine(text)
    let isPlain =
      text.utf8.count <= 65 && !text.contains("=?")
      && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
    return isPlain ? text : words(text)
  }

  /// The text without anything that could end a line, trimmed.
  static func oneLine(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
      default: result.append(scalar)
      }
    }
    while result.last == " " { result.removeLast() }
    return String(result.drop { $0 == " " })
  }

  /// RFC 2047's encoded words, each whole in its characters and at most 75 long.
  private static func words(_ text: String) -> String {
    var words: [String] = []
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      let next = Array(String(scalar).utf8)
      // 39 bytes are 52 characters in base 64; with 12 more and the name they fit a line of 76.
      if bytes.count + next.count > 39 {
        words.append("=?utf-8?B?\(base64(bytes))?=")
        bytes.removeAll()
      }
      bytes += next
    }
    words.append("=?utf-8?B?\(base64(bytes))?=")
    return words.joined(separator: "\r\n ")
  }

  /// Lines of base 64, each of 76 characters at most.
  static func base64Lines(_ bytes: [UInt8]) -> String {
    // 57 bytes are 76 characters.
    stride(from: 0, to: bytes.count, by: 57).map { start in
      base64(Array(bytes[start..<min(start + 57, bytes.count)]))
    }.joined(separator: "\r\n")
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let padded = Array(group) + [0, 0]
      let word = Int(padded[0]) << 16 | Int(padded[1]) << 8 | Int(padded[2])
      for place in 0..<4 {
        let isFilled = place <= group.count
        out.append(isFilled ? alphabet[word >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// Lines of at most 76 characters, of printable ASCII only.
  static func quotedPrintable(_ text: String) -> String {
    let hexadecimal = Array("0123456789ABCDEF".utf8)
    let bytes = Array(text.utf8)
    var encoded: [UInt8] = []
    encoded.reserveCapacity(bytes.count + bytes.count / 4)
    var column = 0
    for (offset, byte) in bytes.enumerated() {
      if byte == 0x0a {
        encoded += [0x0d, 0x0a]
        column = 0
        continue
      }
      // White space at the end of a line may be lost on the way.
      let isEnd = offset + 1 == bytes.count || bytes[offset + 1] == 0x0a
      let isPlain =
        byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "=") && !(byte == 0x20 && isEnd)
      let width = isPlain ? 1 : 3
      if column + width > 75 {
        encoded += [UInt8(ascii: "="), 0x0d, 0x0a]
        column = 0
      }
      column += width
      if isPlain {
        encoded.append(byte)
      } else {
        encoded += [UInt8(ascii: "="), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}

/// Moments as the header Date has them.
enum MailDate {
  /// Such as "Fri, 08 Feb 2013 14:05:00 +0000".
  static func text(unixSeconds: Int64) -> String {
    let day = Int((Double(unixSeconds) / 86_400).rounded(.down))
    let second = Int(unixSeconds) - day * 86_400
    // Counted from 0000-03-01, so that a leap day ends its year.
    let shifted = day + 719_468
    let era = Int((Double(shifted) / 146_097).rounded(.down))
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 2 : monthFromMarch - 10
    let year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
    let weekday = ((day + 4) % 7 + 7) % 7
    let clock = [second / 3_600, second / 60 % 60, second % 60].map(padded).joined(separator: ":")
    return "\(weekdays[weekday]), \(padded(dayOfMonth)) \(months[month]) \(year) \(clock) +0000"
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
