internal import CProtocPlugin

/// Where in a contract something stands, as protoc counts: field numbers and indices in turn.
typealias ContractPath = [Int32]

/// One `.proto` file, as far as code is made of it.
struct ContractFile {
  let name: String
  let package: String
  let isProto3: Bool
  let declaresExtensions: Bool
  let messages: [ContractMessage]
  let enums: [ContractEnum]
  let services: [ContractService]
}

/// One message with its place in the package.
struct ContractMessage {
  /// Name with its package and outer messages, as references spell it: `.tidemark.v1.Page`.
  let fullName: String
  let name: String
  let comment: String
  let fields: [ContractField]
  let oneofs: [String]
  let nested: [ContractMessage]
  let enums: [ContractEnum]
  let isMapEntry: Bool
}

/// One field of a message.
struct ContractField {
  let name: String
  let number: Int32
  let comment: String
  let kind: FieldKind
  let isRepeated: Bool
  let isRequired: Bool
  /// Full name of the message or enum that the field holds, empty for others.
  let typeName: String
  let oneof: Int?
  let isProto3Optional: Bool
}

/// The wire types of protobuf, under the numbers that protoc gives them.
enum FieldKind: Int32 {
  case double = 1
  case float, int64, uint64, int32, fixed64, fixed32, bool, string, group, message, bytes
  case uint32, enumeration, sfixed32, sfixed64, sint32, sint64
}

/// One enum; open, as all enums of proto3 are.
struct ContractEnum {
  let fullName: String
  let name: String
  let comment: String
  let values: [Value]

  struct Value {
    let name: String
    let number: Int32
    let comment: String
  }
}

/// One service with its methods.
struct ContractService {
  let name: String
  let comment: String
  let methods: [Method]

  struct Method {
    let name: String
    let comment: String
    let input: String
    let output: String
    let isIdempotent: Bool
    let isStreaming: Bool
  }
}
