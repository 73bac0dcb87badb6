internal import HTTPServer
internal import JSON

/// Reads a JSON body member by member; all faults are told together, unknown members among them.
struct BodyReader {
  private static let limits = JSONLimits(bytesLimit: 1 << 20, depthLimit: 16)

  private let members: JSONObject
  private var known: Set<String> = []
  private var faults: [GatewayError.FieldFault] = []

  /// Takes a request whose body must be a JSON object; an empty one may stand for `{}`.
  init(_ request: HTTPRequest, mayBeEmpty: Bool) throws(GatewayError) {
    if request.body.isEmpty {
      guard mayBeEmpty else { throw GatewayError(field: "", "missing", "The body is missing.") }
      members = [:]
      return
    }
    let type = request.headers["Content-Type"]?.split(separator: ";").first ?? ""
    guard type.trimmed.lowercased() == "application/json" else {
      throw GatewayError(
        .unsupportedMediaType, "The body must be application/json.",
        faults: [.init("Content-Type", "unsupported", "send application/json")])
    }
    do {
      guard case .object(let object) = try JSONValue(parsing: request.body, limits: Self.limits)
      else { throw GatewayError(field: "", "not_an_object", "The body must be a JSON object.") }
      members = object
    } catch let error as JSONError {
      throw GatewayError(
        field: "", error.code.rawValue,
        "The body is no acceptable JSON: \(error.detail) at byte \(error.offset).")
    } catch let error as GatewayError {
      throw error
    } catch {
      throw GatewayError(field: "", "badSyntax", "The body is no acceptable JSON.")
    }
  }

  mutating func text(_ key: String, limit: Int, isRequired: Bool = false) -> String {
    guard let value = take(key) else {
      if isRequired { refuse(key, "missing", "is missing") }
      return ""
    }
    guard let text = value.stringValue else {
      refuse(key, "not_a_text", "must be a text and is a \(value.kind)")
      return ""
    }
    if isRequired && text.allSatisfy(\.isWhitespace) { refuse(key, "missing", "is empty") }
    if text.utf8.contains(0) { refuse(key, "bad_text", "holds a NUL character") }
    if text.utf8.count > limit {
      refuse(key, "too_long", "may hold \(limit) bytes and has \(text.utf8.count)")
    }
    return text
  }

  mutating func boolean(_ key: String) -> Bool {
    guard let value = take(key) else { return false }
    guard let flag = value.boolValue else {
      refuse(key, "not_a_boolean", "must be true or false and is a \(value.kind)")
      return false
    }
    return flag
  }

  mutating func texts(_ key: String, countLimit: Int, limit: Int) -> [String] {
    guard let value = take(key) else { return [] }
    guard let elements = value.arrayValue else {
      refuse(key, "not_a_list", "must be a list and is a \(value.kind)")
      return []
    }
    guard elements.count <= countLimit else {
      refuse(key, "too_many", "may hold \(countLimit) and has \(elements.count)")
      return []
    }
    var texts: [String] = []
    for (place, element) in elements.enumerated() {
      guard let text = element.stringValue, !text.isEmpty, text.utf8.count <= limit,
        !text.utf8.contains(0)
      else {
        refuse("\(key)/\(place)", "bad_text", "must be a text of 1 to \(limit) bytes")
        continue
      }
      texts.append(text)
    }
    return texts
  }

  /// One of a closed set of words, or nil when it is left out.
  mutating func word<Word>(_ key: String, _ words: [(String, Word)]) -> Word? {
    guard take(key) != nil else { return nil }
    let text = text(key, limit: 100)
    if let match = words.first(where: { $0.0 == text }) { return match.1 }
    let list = words.map(\.0).joined(separator: ", ")
    if faults.last?.pointer != "/\(key)" {
      refuse(key, "unknown_word", "must be one of \(list)")
    }
    return nil
  }

  /// Throws all faults together.
  mutating func finish() throws(GatewayError) {
    for key in members.keys where !known.contains(key) {
      refuse(String(key.prefix(100)), "unknown_member", "is not known here")
    }
    guard let first = faults.first else { return }
    let rest = faults.count > 1 ? " (and \(faults.count - 1) more)" : ""
    throw GatewayError(.invalidArgument, first.detail + rest, faults: faults)
  }

  /// A member's value; `null` counts as left out.
  private mutating func take(_ key: String) -> JSONValue? {
    known.insert(key)
    guard let value = members[key], !value.isNull else { return nil }
    return value
  }

  private mutating func refuse(_ key: String, _ code: String, _ reason: String) {
    faults.append(.init("/\(key)", code, "\(key) \(reason)"))
  }
}

extension StringProtocol {
  /// The text without space at both ends.
  var trimmed: String {
    var rest = Substring(self)
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
