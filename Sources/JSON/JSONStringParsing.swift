extension JSONParser {
  /// Reads the string whose opening quote is next.
  mutating func parseString() throws(JSONError) -> String {
    let start = offset
    offset += 1
    var content: [UInt8] = []
    var copied = offset
    while true {
      guard let byte = next else { throw fault("the text ends within a string") }
      switch byte {
      case UInt8(ascii: "\""):
        content += bytes[copied..<offset]
        offset += 1
        guard let text = String(validating: content, as: UTF8.self) else {
          throw JSONError(.badEncoding, at: start, "a string is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"):
        content += bytes[copied..<offset]
        offset += 1
        try appendEscape(to: &content)
        copied = offset
      case 0..<0x20: throw fault("a control character within a string")
      default: offset += 1
      }
    }
  }

  private mutating func appendEscape(to content: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw fault("the text ends within a string") }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0c)
    case UInt8(ascii: "n"): content.append(0x0a)
    case UInt8(ascii: "r"): content.append(0x0d)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      offset += 1
      content += String(try parseEscapedScalar()).utf8
      return
    default: throw fault("no such escape")
    }
    offset += 1
  }

  /// Reads the digits after `\u`, and the second half of a pair where one is needed.
  private mutating func parseEscapedScalar() throws(JSONError) -> Unicode.Scalar {
    let first = try parseFourDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xdc00, bytes[offset...].starts(with: "\\u".utf8) else {
      throw fault("half a surrogate pair")
    }
    offset += 2
    let second = try parseFourDigits()
    guard (0xdc00..<0xe000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
    else { throw fault("half a surrogate pair") }
    return scalar
  }

  private mutating func parseFourDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch next {
      case let byte? where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
        digit = byte - UInt8(ascii: "0")
      case let byte? where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20):
        digit = (byte | 0x20) - UInt8(ascii: "a") + 10
      default: throw fault("a hexadecimal digit is missing")
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
