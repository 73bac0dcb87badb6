public import Egress

extension String {
  /// At most so many Unicode scalars; what is cut ends with "…".
  public func cut(scalars limit: Int) -> String {
    guard limit > 0, unicodeScalars.count > limit else { return limit > 0 ? self : "" }
    return String(String.UnicodeScalarView(unicodeScalars.prefix(limit - 1))) + "…"
  }

  /// At most so many bytes of UTF-8, whole in its characters; what is cut ends with "…".
  public func cut(utf8 limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var kept = ""
    var count = 3
    for character in self {
      count += character.utf8.count
      if count > limit { break }
      kept.append(character)
    }
    return limit < 3 ? "" : kept + "…"
  }

  /// At most so many units of UTF-16, whole in its characters, for systems that count as Java does;
  /// what is cut ends with "…".
  public func cut(utf16 limit: Int) -> String {
    guard utf16.count > limit else { return self }
    var kept = ""
    var count = 1
    for character in self {
      count += character.utf16.count
      if count > limit { break }
      kept.append(character)
    }
    return limit < 1 ? "" : kept + "…"
  }

  /// The text without anything that ends a line or steers a terminal, each such place a space, and
  /// without what turns the order of characters around.
  public var singleLine: String {
    let isPlain = utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
    if isPlain { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar.value {
      case 0x202a...0x202e, 0x2066...0x2069, 0x200e, 0x200f, 0x061c: continue
      default: break
      }
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// The text without any of the secrets, for logs.
  public func redacted(_ secrets: [String]) -> String {
    secrets.filter { !$0.isEmpty }.reduce(self) { $0.replacing($1, with: "<redacted>") }
  }
}

/// How much of a payload the log keeps.
public let payloadLogLimit = 4_096

extension EgressRequest {
  /// A request with a body of JSON.
  public static func json(
    _ method: Method = .post, url: String, headers: [EgressHeader] = [], _ body: [UInt8],
    totalMilliseconds: Int
  ) -> EgressRequest {
    EgressRequest(
      method: method, url: url,
      headers: [EgressHeader("Content-Type", "application/json")] + headers, body: body,
      totalMilliseconds: totalMilliseconds, connectMilliseconds: min(totalMilliseconds, 5_000))
  }
}

/// Whether the byte is a letter or a digit of ASCII.
public func isAlphanumeric(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default: false
  }
}
