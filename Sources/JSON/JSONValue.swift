/// One JSON value.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number written without fraction and exponent that fits.
  case integer(Int64)
  /// Any other number; a value that is not finite is written as `null`.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The value of a key, when this is an object that has it.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let object) = self else { return nil }
    return object[key]
  }

  /// The value at a place, when this is an array that long.
  public subscript(index: Int) -> JSONValue? {
    guard case .array(let values) = self, values.indices.contains(index) else { return nil }
    return values[index]
  }

  /// The text, when this is a string.
  public var stringValue: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  /// The whole number, when this is one.
  public var integerValue: Int64? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  /// The number, when this is one, whole or not.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The truth value, when this is one.
  public var boolValue: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// The elements, when this is an array.
  public var arrayValue: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  /// The members, when this is an object.
  public var objectValue: JSONObject? {
    guard case .object(let object) = self else { return nil }
    return object
  }

  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// What kind of value this is, in a word for error messages.
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer, .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

/// The members of a JSON object in the order they were added, each key once.
public struct JSONObject: Sendable, Hashable {
  /// One key with its value.
  public struct Member: Sendable, Hashable {
    /// The key.
    public let key: String
    /// The value.
    public let value: JSONValue
  }

  /// All members in order.
  public private(set) var members: [Member] = []

  /// An index of the keys, kept only where a search through the members would be slow.
  private var places: [String: Int] = [:]

  private static let searchLimit = 16

  /// An object without members.
  public init() {}

  /// Whether there is no member.
  public var isEmpty: Bool { members.isEmpty }

  /// How many members there are.
  public var count: Int { members.count }

  /// The keys in order.
  public var keys: [String] { members.map(\.key) }

  /// The value of a key.
  ///
  /// Setting a known key replaces its value in place; setting nil removes the member.
  public subscript(key: String) -> JSONValue? {
    get { place(of: key).map { members[$0].value } }
    set {
      switch (place(of: key), newValue) {
      case (let place?, let value?):
        members[place] = Member(key: key, value: value)
      case (let place?, nil):
        members.remove(at: place)
        places = [:]
        if members.count > Self.searchLimit { indexAll() }
      case (nil, let value?):
        members.append(Member(key: key, value: value))
        if members.count == Self.searchLimit + 1 { indexAll() }
        if members.count > Self.searchLimit { places[key] = members.count - 1 }
      case (nil, nil): break
      }
    }
  }

  /// Equal when the members are, in the same order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members == right.members
  }

  /// Hashes the members.
  public func hash(into hasher: inout Hasher) { hasher.combine(members) }

  private func place(of key: String) -> Int? {
    if members.count > Self.searchLimit { return places[key] }
    return members.firstIndex { $0.key == key }
  }

  private mutating func indexAll() {
    for (place, member) in members.enumerated() { places[member.key] = place }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Members as written; of a repeated key the last value holds.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (key, value) in elements { self[key] = value }
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
  ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
  /// An object with members as written.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in elements { object[key] = value }
    self = .object(object)
  }

  /// An array of the elements as written.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }

  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }

  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }

  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }

  /// The value `null`.
  public init(nilLiteral: ()) { self = .null }
}
