internal import Cryptography
internal import JSON

/// Turns JSON into the bytes of a message, by protobuf's rules for JSON.
///
/// Names may be those of the contract or their camel-case form; 64-bit numbers may be numbers or
/// texts; bytes are base64; enum values are names or numbers; NaN and infinities are texts.
struct JSONToWire {
  /// Where in the JSON the walk is, for errors.
  private let path: String

  init(path: String = "") {
    self.path = path
  }

  /// The bytes of a message.
  ///
  /// - Throws: ``RPCError`` with INVALID_ARGUMENT that names the field.
  func message(_ value: JSONValue, _ schema: MessageSchema) throws(RPCError) -> [UInt8] {
    guard case .object(let object) = value else {
      throw mismatch("an object for \(schema.name)", value)
    }
    var writer = WireWriter()
    for member in object.members {
      guard let field = schema.field(named: member.key) else {
        let known = schema.fields.map(\.name).joined(separator: ", ")
        throw refusal(
          inner(member.key).path, "unknown_field",
          "\(schema.name) has no such field; it has: \(known.isEmpty ? "none" : known)")
      }
      if member.value.isNull { continue }
      try inner(member.key).write(member.value, field, to: &writer)
    }
    return writer.bytes
  }

  private func write(
    _ value: JSONValue, _ field: MessageSchema.Field, to writer: inout WireWriter
  ) throws(RPCError) {
    guard field.isRepeated else {
      writer.tag(field.number, wireType(of: field.kind))
      try writeValue(value, field.kind, to: &writer)
      return
    }
    guard case .array(let elements) = value else { throw mismatch("a list", value) }
    if field.isPacked {
      var packed = WireWriter()
      for (index, element) in elements.enumerated() {
        try inner(index).writeValue(element, field.kind, to: &packed)
      }
      guard !elements.isEmpty else { return }
      writer.tag(field.number, .lengthPrefixed)
      writer.lengthPrefixed(packed.bytes)
    } else {
      for (index, element) in elements.enumerated() {
        writer.tag(field.number, wireType(of: field.kind))
        try inner(index).writeValue(element, field.kind, to: &writer)
      }
    }
  }

  private func writeValue(
    _ value: JSONValue, _ kind: MessageSchema.Kind, to writer: inout WireWriter
  ) throws(RPCError) {
    switch kind {
    case .signedVarint(let bits):
      writer.varint(UInt64(bitPattern: try signed(value, bits)))
    case .unsignedVarint(let bits):
      writer.varint(try unsigned(value, bits))
    case .zigzag(let bits):
      let number = try signed(value, bits)
      writer.varint(UInt64(bitPattern: (number << 1) ^ (number >> 63)))
    case .fixedSigned(let bits):
      writer.fixed(UInt64(bitPattern: try signed(value, bits)), bits: bits)
    case .fixedUnsigned(let bits):
      writer.fixed(try unsigned(value, bits), bits: bits)
    case .float:
      writer.fixed(UInt64(Float(try real(value)).bitPattern), bits: 32)
    case .double:
      writer.fixed(try real(value).bitPattern, bits: 64)
    case .bool:
      guard case .bool(let flag) = value else { throw mismatch("true or false", value) }
      writer.varint(flag ? 1 : 0)
    case .enumeration(let schema):
      writer.varint(UInt64(bitPattern: Int64(try enumeration(value, schema))))
    case .text:
      guard case .string(let text) = value else { throw mismatch("a text", value) }
      writer.lengthPrefixed(Array(text.utf8))
    case .bytes:
      writer.lengthPrefixed(try bytes(value))
    case .message(let schema):
      writer.lengthPrefixed(try message(value, schema))
    }
  }

  private func wireType(of kind: MessageSchema.Kind) -> WireCursor.WireType {
    switch kind {
    case .signedVarint, .unsignedVarint, .zigzag, .bool, .enumeration: .varint
    case .fixedSigned(let bits), .fixedUnsigned(let bits): bits == 32 ? .fourBytes : .eightBytes
    case .float: .fourBytes
    case .double: .eightBytes
    case .text, .bytes, .message: .lengthPrefixed
    }
  }

  // MARK: Single values

  private func signed(_ value: JSONValue, _ bits: Int) throws(RPCError) -> Int64 {
    let number: Int64? =
      switch value {
      case .integer(let number): number
      case .number(let number): Int64(exactly: number)
      case .string(let text): Int64(text)
      default: nil
      }
    guard let number, bits == 64 || Int32(exactly: number) != nil else {
      throw mismatch("a whole number of \(bits) bits", value)
    }
    return number
  }

  private func unsigned(_ value: JSONValue, _ bits: Int) throws(RPCError) -> UInt64 {
    let number: UInt64? =
      switch value {
      case .integer(let number): UInt64(exactly: number)
      case .number(let number): UInt64(exactly: number)
      case .string(let text): UInt64(text)
      default: nil
      }
    guard let number, bits == 64 || UInt32(exactly: number) != nil else {
      throw mismatch("a whole number of \(bits) bits, not negative", value)
    }
    return number
  }

  private func real(_ value: JSONValue) throws(RPCError) -> Double {
    switch value {
    case .integer(let number): return Double(number)
    case .number(let number): return number
    case .string("NaN"): return .nan
    case .string("Infinity"): return .infinity
    case .string("-Infinity"): return -.infinity
    default: throw mismatch("a number", value)
    }
  }

  private func enumeration(
    _ value: JSONValue, _ schema: MessageSchema.EnumSchema
  ) throws(RPCError) -> Int32 {
    switch value {
    case .string(let name):
      if let number = schema.numbers[name] { return number }
    case .integer(let number):
      if let number = Int32(exactly: number) { return number }
    default: break
    }
    let names = schema.numbers.sorted { $0.value < $1.value }.map(\.key)
    throw mismatch("one of \(names.joined(separator: ", "))", value)
  }

  private func bytes(_ value: JSONValue) throws(RPCError) -> [UInt8] {
    guard case .string(let text) = value else { throw mismatch("bytes in base64", value) }
    do throws(CryptographyError) {
      return try Base64.decode(text)
    } catch {
      throw refusal(path, "wrong_type", "expected bytes in base64: \(error.detail)")
    }
  }

  // MARK: Errors

  private func inner(_ name: String) -> JSONToWire {
    JSONToWire(path: path.isEmpty ? name : "\(path).\(name)")
  }

  private func inner(_ index: Int) -> JSONToWire {
    JSONToWire(path: "\(path)[\(index)]")
  }

  private func mismatch(_ expected: String, _ value: JSONValue) -> RPCError {
    let shown: String =
      switch value {
      case .integer(let number): "\(number)"
      case .number(let number): "\(number)"
      case .string(let text): "\"\(text.prefix(60))\""
      default: value.kind
      }
    return refusal(path, "wrong_type", "expected \(expected), not \(shown)")
  }

  private func refusal(_ field: String, _ reason: String, _ message: String) -> RPCError {
    RPCError(
      .invalidArgument, field: field, reason: reason,
      field.isEmpty ? message : "\(field): \(message)")
  }
}
