internal import CProtobufC

/// What the inspector knows of one message, read from protobuf-c's descriptor.
final class MessageSchema: Sendable {
  /// One field of the message.
  struct Field: Sendable {
    /// Name in the contract, such as `run_id`.
    let name: String
    /// Name in JSON, such as `runId`.
    let jsonName: String
    let number: UInt32
    let kind: Kind
    let isRepeated: Bool
    let isPacked: Bool
  }

  /// What a field holds and how it is laid down.
  enum Kind: Sendable {
    case signedVarint(bits: Int)
    case unsignedVarint(bits: Int)
    case zigzag(bits: Int)
    case fixedSigned(bits: Int)
    case fixedUnsigned(bits: Int)
    case float
    case double
    case bool
    case enumeration(EnumSchema)
    case text
    case bytes
    case message(MessageSchema)
  }

  /// The values of an enum by name and by number.
  struct EnumSchema: Sendable {
    let name: String
    let numbers: [String: Int32]
    let names: [Int32: String]
  }

  /// Full name, such as `tidemark.v1.Page`.
  let name: String
  let fields: [Field]
  let layout: WireLayout

  init(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
    let message = descriptor.pointee
    layout = WireLayout(descriptor)
    name = String(cString: message.name)
    fields = UnsafeBufferPointer(start: message.fields, count: Int(message.n_fields))
      .map { field in
        let name = String(cString: field.name)
        let kind = Self.kind(of: field)
        return Field(
          name: name, jsonName: Self.jsonName(name), number: field.id, kind: kind,
          isRepeated: field.label == PROTOBUF_C_LABEL_REPEATED,
          isPacked: field.flags & UInt32(PROTOBUF_C_FIELD_FLAG_PACKED.rawValue) != 0)
      }
  }

  /// The field under its name in the contract or in JSON.
  func field(named name: String) -> Field? {
    fields.first { $0.name == name || $0.jsonName == name }
  }

  private static func kind(of field: ProtobufCFieldDescriptor) -> Kind {
    switch field.type {
    case PROTOBUF_C_TYPE_INT32: return .signedVarint(bits: 32)
    case PROTOBUF_C_TYPE_INT64: return .signedVarint(bits: 64)
    case PROTOBUF_C_TYPE_UINT32: return .unsignedVarint(bits: 32)
    case PROTOBUF_C_TYPE_UINT64: return .unsignedVarint(bits: 64)
    case PROTOBUF_C_TYPE_SINT32: return .zigzag(bits: 32)
    case PROTOBUF_C_TYPE_SINT64: return .zigzag(bits: 64)
    case PROTOBUF_C_TYPE_SFIXED32: return .fixedSigned(bits: 32)
    case PROTOBUF_C_TYPE_SFIXED64: return .fixedSigned(bits: 64)
    case PROTOBUF_C_TYPE_FIXED32: return .fixedUnsigned(bits: 32)
    case PROTOBUF_C_TYPE_FIXED64: return .fixedUnsigned(bits: 64)
    case PROTOBUF_C_TYPE_FLOAT: return .float
    case PROTOBUF_C_TYPE_DOUBLE: return .double
    case PROTOBUF_C_TYPE_BOOL: return .bool
    case PROTOBUF_C_TYPE_STRING: return .text
    case PROTOBUF_C_TYPE_ENUM: return enumeration(of: field)
    case PROTOBUF_C_TYPE_MESSAGE:
      guard let inner = field.descriptor else { return .bytes }
      return .message(
        MessageSchema(inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)))
    default: return .bytes
    }
  }

  private static func enumeration(of field: ProtobufCFieldDescriptor) -> Kind {
    guard let descriptor = field.descriptor else { return .signedVarint(bits: 32) }
    let source = descriptor.assumingMemoryBound(to: ProtobufCEnumDescriptor.self).pointee
    var numbers: [String: Int32] = [:]
    var names: [Int32: String] = [:]
    for value in UnsafeBufferPointer(start: source.values, count: Int(source.n_values)) {
      let name = String(cString: value.name)
      numbers[name] = value.value
      names[value.value] = name
    }
    return .enumeration(
      EnumSchema(name: String(cString: source.name), numbers: numbers, names: names))
  }

  /// The name that protobuf's JSON form gives a field.
  private static func jsonName(_ name: String) -> String {
    var result = ""
    var isAfterDash = false
    for character in name {
      if character == "_" {
        isAfterDash = true
      } else {
        result += isAfterDash ? character.uppercased() : String(character)
        isAfterDash = false
      }
    }
    return result
  }
}
