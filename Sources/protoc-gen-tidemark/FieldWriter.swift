/// Writes what one field needs in Swift.
struct FieldWriter {
  let field: ContractField
  let message: ContractMessage
  let messageNames: TypeNames
  let typeNames: TypeNames?

  /// Name of the property or of the oneof's case.
  var property: String { lowerCamel(field.name) }

  /// Name of the member in protoc-c's struct.
  var cName: String { field.name.lowercased() }

  /// Type of one value.
  var elementType: String {
    switch field.kind {
    case .double: "Double"
    case .float: "Float"
    case .int64, .sfixed64, .sint64: "Int64"
    case .uint64, .fixed64: "UInt64"
    case .int32, .sfixed32, .sint32: "Int32"
    case .uint32, .fixed32: "UInt32"
    case .bool: "Bool"
    case .string: "String"
    case .bytes: "[UInt8]"
    case .message, .enumeration, .group: typeNames?.swift ?? ""
    }
  }

  /// Type and default of the property.
  var declaration: String {
    if field.isRepeated { return ": [\(elementType)] = []" }
    switch field.kind {
    case .message, .group: return ": \(elementType)?"
    case .bool: return ": Bool = false"
    case .string: return ": String = \"\""
    case .bytes: return ": [UInt8] = []"
    case .enumeration: return ": \(elementType) = \(elementType)(rawValue: 0)"
    default: return ": \(elementType) = 0"
    }
  }

  // MARK: From C

  /// The statement that reads the property.
  var decoding: String {
    let member = "c.pointee.\(cName)"
    guard field.isRepeated else { return "\(property) = \(decoded(member))" }
    let count = "c.pointee.n_\(cName)"
    switch field.kind {
    case .string: return "\(property) = wireSource.strings(\(member), \(count))"
    case .message: return "\(property) = wireSource.messages(\(member), \(count))"
    case .bytes: return "\(property) = wireSource.byteStrings(\(member), \(count))"
    case .bool, .enumeration:
      return "\(property) = UnsafeBufferPointer(start: \(member), count: \(count)).map { "
        + decoded("$0") + " }"
    default:
      return "\(property) = Array(UnsafeBufferPointer(start: \(member), count: \(count)))"
    }
  }

  /// The statement that reads the property of a oneof.
  func decodingOfCase(of oneof: String) -> String {
    let member = "c.pointee.\(cName)"
    if field.kind == .message {
      return "\(oneof) = \(decoded(member)).map { .\(property)($0) }"
    }
    return "\(oneof) = .\(property)(\(decoded(member)))"
  }

  private func decoded(_ value: String) -> String {
    switch field.kind {
    case .bool: "\(value) != 0"
    case .string: "wireSource.string(\(value))"
    case .bytes: "wireSource.bytes(\(value))"
    case .enumeration: "\(elementType)(rawValue: Int32(bitPattern: \(value).rawValue))"
    case .message: "wireSource.message(\(value))"
    default: value
    }
  }

  // MARK: To C

  /// The statement that writes the property.
  var encoding: String {
    let member = "c.pointee.\(cName)"
    guard field.isRepeated else {
      switch field.kind {
      case .message: return "if let \(property) { \(member) = \(encoded(property)) }"
      // protoc-c's default is its own empty string, which stays when there is nothing to write.
      case .string: return "if !\(property).isEmpty { \(member) = \(encoded(property)) }"
      case .bytes: return "if !\(property).isEmpty { \(member) = \(encoded(property)) }"
      default: return "\(member) = \(encoded(property))"
      }
    }
    let fill: String
    switch field.kind {
    case .string: fill = "try arena.strings(\(property), \(place))"
    case .message: fill = "try arena.messages(\(property))"
    case .bytes: fill = "try arena.byteStrings(\(property))"
    case .bool, .enumeration: fill = "try arena.copy(\(property).map { \(encoded("$0")) })"
    default: fill = "try arena.copy(\(property))"
    }
    return "\(member) = \(fill); c.pointee.n_\(cName) = \(property).count"
  }

  /// The C form of one value.
  func encoded(_ value: String) -> String {
    switch field.kind {
    case .bool: "\(value) ? 1 : 0"
    case .string: "try arena.string(\(value), \(place))"
    case .bytes: "try arena.bytes(\(value))"
    case .enumeration:
      "\(typeNames?.cType ?? "")(rawValue: UInt32(bitPattern: \(value).rawValue))"
    case .message: "try arena.message(\(value))"
    default: value
    }
  }

  /// The field's full name as a literal, for errors.
  private var place: String { "\"\(messageNames.wire).\(field.name)\"" }

  /// protoc-c's constant for this choice of a oneof.
  func caseConstant(of oneof: String) -> String {
    messageNames.cFunctions.uppercased() + "__" + oneof.uppercased() + "_"
      + field.name.uppercased()
  }
}
