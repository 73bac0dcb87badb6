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
