/// Header fields in the order sent; names are compared without regard to case.
public struct HTTPHeaders: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  /// One field.
  public struct Field: Sendable, Hashable {
    /// The name as sent.
    public let name: String
    /// The value without space around it.
    public let value: String

    /// Pairs a name with its value.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// All fields.
  public private(set) var fields: [Field]

  /// Fields as written.
  public init(dictionaryLiteral elements: (String, String)...) {
    fields = elements.map { Field(name: $0.0, value: $0.1) }
  }

  /// Fields in order.
  public init(_ fields: [Field] = []) { self.fields = fields }

  /// All values of a name.
  public func values(_ name: String) -> [String] {
    let lowered = name.lowercased()
    return fields.filter { $0.name.lowercased() == lowered }.map(\.value)
  }

  /// The value of a name that was sent exactly once; setting replaces all.
  public subscript(name: String) -> String? {
    get {
      let values = values(name)
      return values.count == 1 ? values[0] : nil
    }
    set {
      let lowered = name.lowercased()
      fields.removeAll { $0.name.lowercased() == lowered }
      if let newValue { fields.append(Field(name: name, value: newValue)) }
    }
  }

  /// Adds a field after those of its name.
  public mutating func add(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }
}

/// A request, whole.
public struct HTTPRequest: Sendable, Hashable {
  /// The method in capitals, such as "GET".
  public var method: String

  /// The path as sent, escapes and all.
  public var path: String

  /// The parts of the path between slashes, unescaped.
  public var segments: [String]

  /// Names and values after the question mark, unescaped, in order.
  public var query: [HTTPHeaders.Field]

  /// The header fields.
  public var headers: HTTPHeaders

  /// The body; empty when there is none.
  public var body: [UInt8]

  /// The peer's IP address in digits.
  public var remoteAddress: String

  /// Makes a request, as tests need it; the target may have a query.
  public init(
    method: String, target: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
    remoteAddress: String = "127.0.0.1"
  ) throws(HTTPServerError) {
    guard let target = HTTPTarget(target) else {
      throw HTTPServerError(.badAddress, "no target: \(target)")
    }
    self.init(
      method: method, target: target, headers: headers, body: body, remoteAddress: remoteAddress)
  }

  init(
    method: String, target: HTTPTarget, headers: HTTPHeaders, body: [UInt8], remoteAddress: String
  ) {
    self.method = method
    path = target.path
    segments = target.segments
    query = target.query
    self.headers = headers
    self.body = body
    self.remoteAddress = remoteAddress
  }
}

/// A response, whole.
public struct HTTPResponse: Sendable, Hashable {
  /// The status, 200 to 599.
  public var status: Int

  /// The header fields, without those of framing.
  public var headers: HTTPHeaders

  /// The body; not sent in answer to HEAD.
  public var body: [UInt8]

  /// Makes a response of bytes.
  public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// Makes a response of text with its type.
  public init(status: Int, contentType: String, text: String) {
    self.init(status: status, headers: ["Content-Type": contentType], body: Array(text.utf8))
  }
}

/// The target of a request: path and query, unescaped with care.
struct HTTPTarget: Sendable, Hashable {
  let path: String
  let segments: [String]
  let query: [HTTPHeaders.Field]

  /// Nil for what is no path, or holds broken escapes, NUL or invalid UTF-8.
  init?(_ raw: String) {
    guard raw.hasPrefix("/"), raw.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { return nil }
    let mark = raw.firstIndex(of: "?")
    path = String(raw[..<(mark ?? raw.endIndex)])
    var segments: [String] = []
    for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let text = Self.unescape(part, plusIsSpace: false) else { return nil }
      segments.append(text)
    }
    self.segments = segments == [""] ? [] : segments
    var query: [HTTPHeaders.Field] = []
    if let mark {
      for part in raw[raw.index(after: mark)...].split(separator: "&") {
        let equals = part.firstIndex(of: "=")
        let value = equals.map { part[part.index(after: $0)...] } ?? ""
        guard let name = Self.unescape(part[..<(equals ?? part.endIndex)], plusIsSpace: true),
          let value = Self.unescape(value, plusIsSpace: true)
        else { return nil }
        query.append(HTTPHeaders.Field(name: name, value: value))
      }
    }
    self.query = query
  }

  private static func unescape(_ text: Substring, plusIsSpace: Bool) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit)
        else { return nil }
        bytes.append(high << 4 | low)
      } else {
        bytes.append(byte == UInt8(ascii: "+") && plusIsSpace ? 0x20 : byte)
      }
    }
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
