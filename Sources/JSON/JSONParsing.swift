extension JSONValue {
  /// Reads one value that fills the whole text.
  public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
    guard bytes.count <= limits.bytesLimit else {
      throw JSONError(
        .tooLarge, at: limits.bytesLimit, "\(bytes.count) bytes, at most \(limits.bytesLimit)")
    }
    var parser = JSONParser(bytes: bytes, depthLimit: limits.depthLimit)
    self = try parser.parseDocument()
  }

  /// Reads one value that fills the whole text.
  public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }
}

struct JSONParser {
  let bytes: [UInt8]
  let depthLimit: Int
  var offset = 0
  private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

  init(bytes: [UInt8], depthLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
  }

  mutating func parseDocument() throws(JSONError) -> JSONValue {
    skipSpace()
    let value = try parseValue(depth: 0)
    skipSpace()
    guard offset == bytes.count else { throw fault("text after the value") }
    return value
  }

  func fault(_ detail: String) -> JSONError { JSONError(.badSyntax, at: offset, detail) }

  var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      offset += 1
    }
  }

  private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
    switch next {
    case UInt8(ascii: "{"): return try parseObject(depth: depth + 1)
    case UInt8(ascii: "["): return try parseArray(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
    case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
    case UInt8(ascii: "n"): return try parseWord("null", .null)
    case nil: throw fault("the text ends where a value should stand")
    case let byte? where byte == UInt8(ascii: "-") || Self.digits.contains(byte):
      return try parseNumber()
    default: throw fault("no value begins here")
    }
  }

  private mutating func parseWord(
    _ word: String, _ value: JSONValue
  ) throws(JSONError) -> JSONValue {
    guard bytes[offset...].starts(with: word.utf8) else { throw fault("no value begins here") }
    offset += word.utf8.count
    return value
  }

  private func checkDepth(_ depth: Int) throws(JSONError) {
    guard depth <= depthLimit else {
      throw JSONError(.tooDeep, at: offset, "nested deeper than \(depthLimit)")
    }
  }

  private mutating func parseArray(depth: Int) throws(JSONError) -> JSONValue {
    try checkDepth(depth)
    offset += 1
    var values: [JSONValue] = []
    skipSpace()
    if next == UInt8(ascii: "]") {
      offset += 1
      return .array(values)
    }
    while true {
      skipSpace()
      values.append(try parseValue(depth: depth))
      skipSpace()
      switch next {
      case UInt8(ascii: ","): offset += 1
      case UInt8(ascii: "]"):
        offset += 1
        return .array(values)
      default: throw fault("neither \",\" nor \"]\" after an element")
      }
    }
  }

  private mutating func parseObject(depth: Int) throws(JSONError) -> JSONValue {
    try checkDepth(depth)
    offset += 1
    var object = JSONObject()
    skipSpace()
    if next == UInt8(ascii: "}") {
      offset += 1
      return .object(object)
    }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw fault("no key begins here") }
      let keyOffset = offset
      let key = try parseString()
      guard object[key] == nil else {
        throw JSONError(.repeatedKey, at: keyOffset, "a key stands twice in one object")
      }
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw fault("no \":\" after a key") }
      offset += 1
      skipSpace()
      object[key] = try parseValue(depth: depth)
      skipSpace()
      switch next {
      case UInt8(ascii: ","): offset += 1
      case UInt8(ascii: "}"):
        offset += 1
        return .object(object)
      default: throw fault("neither \",\" nor \"}\" after a member")
      }
    }
  }

  private mutating func skipDigits() throws(JSONError) {
    let start = offset
    while let byte = next, Self.digits.contains(byte) { offset += 1 }
    guard offset > start else { throw fault("a digit is missing") }
  }

  private mutating func parseNumber() throws(JSONError) -> JSONValue {
    let start = offset
    var isWhole = true
    if next == UInt8(ascii: "-") { offset += 1 }
    if next == UInt8(ascii: "0") { offset += 1 } else { try skipDigits() }
    if next == UInt8(ascii: ".") {
      isWhole = false
      offset += 1
      try skipDigits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isWhole = false
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      try skipDigits()
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    // "-0" is not the integer 0.
    if isWhole, text != "-0", let integer = Int64(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else {
      throw JSONError(.numberOutOfRange, at: start, "a number is beyond a double")
    }
    return .number(number)
  }
}
