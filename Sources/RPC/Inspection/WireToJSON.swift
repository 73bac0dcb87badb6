internal import Cryptography
internal import JSON

/// Turns the bytes of a message into JSON, by protobuf's rules for JSON.
///
/// Fields that are not on the wire are left out; 64-bit numbers become texts, because a reader of
/// JSON may keep numbers as doubles.
struct WireToJSON {
  /// The JSON of a message whose bytes were checked before.
  ///
  /// - Throws: ``WireError`` when the bytes are not this message.
  static func message(
    _ bytes: UnsafeRawBufferPointer, _ schema: MessageSchema
  ) throws(WireError) -> JSONValue {
    var cursor = WireCursor(bytes)
    var values: [UInt32: [JSONValue]] = [:]
    while !cursor.isAtEnd {
      let (number, type) = try cursor.tag(of: schema.name)
      guard let field = schema.fields.first(where: { $0.number == number }) else {
        try skip(&cursor, type, schema)
        continue
      }
      values[number, default: []] += try read(&cursor, type, field, schema)
    }
    var object = JSONObject()
    for field in schema.fields {
      guard let found = values[field.number], let last = found.last else { continue }
      object[field.jsonName] = field.isRepeated ? .array(found) : last
    }
    return .object(object)
  }

  private static func skip(
    _ cursor: inout WireCursor, _ type: WireCursor.WireType, _ schema: MessageSchema
  ) throws(WireError) {
    if type == .lengthPrefixed {
      _ = try cursor.lengthPrefixed(in: schema.name)
    } else {
      try cursor.skip(type, in: schema.name)
    }
  }

  private static func read(
    _ cursor: inout WireCursor, _ type: WireCursor.WireType, _ field: MessageSchema.Field,
    _ schema: MessageSchema
  ) throws(WireError) -> [JSONValue] {
    guard type == .lengthPrefixed else {
      return [try number(&cursor, type, field, schema)]
    }
    let content = try cursor.lengthPrefixed(in: schema.name)
    switch field.kind {
    case .text: return [.string(String(decoding: content, as: UTF8.self))]
    case .bytes: return [.string(Base64.encode(Array(content)))]
    case .message(let inner): return [try message(content, inner)]
    default:
      var packed = WireCursor(content)
      var values: [JSONValue] = []
      let type = packedType(of: field.kind)
      while !packed.isAtEnd {
        values.append(try number(&packed, type, field, schema))
      }
      return values
    }
  }

  private static func packedType(of kind: MessageSchema.Kind) -> WireCursor.WireType {
    switch kind {
    case .fixedSigned(let bits), .fixedUnsigned(let bits): bits == 32 ? .fourBytes : .eightBytes
    case .float: .fourBytes
    case .double: .eightBytes
    default: .varint
    }
  }

  private static func number(
    _ cursor: inout WireCursor, _ type: WireCursor.WireType, _ field: MessageSchema.Field,
    _ schema: MessageSchema
  ) throws(WireError) -> JSONValue {
    let raw = try cursor.number(type, in: schema.name)
    switch field.kind {
    case .signedVarint(64), .fixedSigned(64): return .string("\(Int64(bitPattern: raw))")
    case .unsignedVarint(64), .fixedUnsigned(64): return .string("\(raw)")
    case .signedVarint, .fixedSigned:
      return .integer(Int64(Int32(truncatingIfNeeded: raw)))
    case .unsignedVarint, .fixedUnsigned: return .integer(Int64(UInt32(truncatingIfNeeded: raw)))
    case .zigzag(let bits):
      let value = Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
      return bits == 64 ? .string("\(value)") : .integer(value)
    case .float: return real(Double(Float(bitPattern: UInt32(truncatingIfNeeded: raw))))
    case .double: return real(Double(bitPattern: raw))
    case .bool: return .bool(raw != 0)
    case .enumeration(let names):
      let value = Int32(truncatingIfNeeded: raw)
      return names.names[value].map { .string($0) } ?? .integer(Int64(value))
    case .text, .bytes, .message:
      throw WireError(.malformed, field: "\(schema.name).\(field.name)", "has the wrong wire type")
    }
  }

  private static func real(_ value: Double) -> JSONValue {
    if value.isNaN { return .string("NaN") }
    if value.isInfinite { return .string(value > 0 ? "Infinity" : "-Infinity") }
    return .number(value)
  }
}
