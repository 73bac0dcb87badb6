/// One SQL text, written as a literal in the source.
///
/// Only a literal without interpolation compiles, so a value can reach SQL as a parameter only.
public struct PostgresStatement: Sendable, ExpressibleByStringLiteral {
  let text: StaticString

  /// Wraps the literal.
  public init(stringLiteral value: StaticString) {
    precondition(value.hasPointerRepresentation, "a statement is longer than one character")
    text = value
  }

  /// Wraps a literal that is kept in a constant.
  public init(_ value: StaticString) {
    self.init(stringLiteral: value)
  }

  /// The SQL itself.
  public var sql: String { text.description }

  /// The literal's address, by which prepared statements are found again.
  var address: UInt { UInt(bitPattern: text.utf8Start) }
}

/// A UUID as two words.
public struct PostgresUUID: Sendable, Hashable {
  /// The first eight bytes, big-endian.
  public let high: UInt64

  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// Joins two words.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

/// A parameter of a statement, sent in PostgreSQL's binary form.
public enum PostgresValue: Sendable {
  case null
  case bool(Bool)
  case int16(Int16)
  case int32(Int32)
  case int64(Int64)
  case double(Double)
  case text(String)
  case bytes([UInt8])
  case uuid(high: UInt64, low: UInt64)
  case timestamp(unixMicroseconds: Int64)
  case boolArray([Bool])
  case int16Array([Int16])
  case int32Array([Int32])
  case int64Array([Int64])
  case doubleArray([Double])
  case textArray([String])
  case bytesArray([[UInt8]])
  case uuidArray([PostgresUUID])
  case timestampArray(unixMicroseconds: [Int64])

  /// A UUID from its pair of words.
  public static func uuid(_ id: PostgresUUID) -> PostgresValue {
    .uuid(high: id.high, low: id.low)
  }

  /// Text, or null for nil.
  public static func optionalText(_ text: String?) -> PostgresValue {
    text.map { .text($0) } ?? .null
  }

  /// PostgreSQL counts time from 2000-01-01.
  static let epochUnixMicroseconds: Int64 = 946_684_800_000_000

  /// The number of the type in PostgreSQL's catalogue; 0 lets the server infer it.
  var typeNumber: UInt32 {
    switch self {
    case .null: 0
    case .bool: 16
    case .int16: 21
    case .int32: 23
    case .int64: 20
    case .double: 701
    case .text: 25
    case .bytes: 17
    case .uuid: 2950
    case .timestamp: 1184
    case .boolArray: 1000
    case .int16Array: 1005
    case .int32Array: 1007
    case .int64Array: 1016
    case .doubleArray: 1022
    case .textArray: 1009
    case .bytesArray: 1001
    case .uuidArray: 2951
    case .timestampArray: 1185
    }
  }
}
