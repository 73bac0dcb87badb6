internal import CProtobufC

/// What the check of one message has to know of it, made once from its descriptor.
final class WirePlan: Sendable {
  /// One field of the message.
  ///
  /// A class, so that to look at one costs no copy of its name.
  final class Field: Sendable {
    /// What a length-prefixed value of the field holds.
    enum Content: Sendable {
      case text
      case bytes
      case message(WirePlan)
      /// Packed numbers, each of at least so many bytes.
      case numbers(leastBytes: Int)
    }

    /// Full name, for errors.
    let name: String
    let number: UInt32
    let content: Content
    let isRepeated: Bool
    /// The longest string, in bytes.
    let textLimit: Int
    /// The most entries of a list.
    let countLimit: Int

    init(
      name: String, number: UInt32, content: Content, isRepeated: Bool, textLimit: Int,
      countLimit: Int
    ) {
      self.name = name
      self.number = number
      self.content = content
      self.isRepeated = isRepeated
      self.textLimit = textLimit
      self.countLimit = countLimit
    }
  }

  /// Full name of the message, for errors.
  let name: String

  /// The fields in order of their numbers.
  let fields: [Field]

  /// Index into ``fields`` by field number, where the numbers are without gaps from 1.
  private let isDense: Bool

  init(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
    let message = descriptor.pointee
    let name = String(cString: message.name)
    self.name = name
    self.fields = UnsafeBufferPointer(start: message.fields, count: Int(message.n_fields))
      .map { Self.field($0, of: name) }
    self.isDense = fields.enumerated().allSatisfy { $0.offset + 1 == Int($0.element.number) }
  }

  /// Index of the field with this number, or nil for one of a newer contract.
  func index(ofField number: UInt32) -> Int? {
    if isDense {
      return number >= 1 && number <= fields.count ? Int(number) - 1 : nil
    }
    return fields.firstIndex { $0.number == number }
  }

  private static func field(_ field: ProtobufCFieldDescriptor, of message: String) -> Field {
    let name = "\(message).\(String(cString: field.name))"
    let limit = WireDecoding.limits[name]
    let isRepeated = field.label == PROTOBUF_C_LABEL_REPEATED
    let content = content(field)
    let defaultCount =
      if case .numbers = content { WireDecoding.numberCountLimit } else {
        WireDecoding.listCountLimit
      }
    return Field(
      name: name,
      number: field.id,
      content: content,
      isRepeated: isRepeated,
      textLimit: isRepeated ? WireDecoding.textBytesLimit : limit ?? WireDecoding.textBytesLimit,
      countLimit: limit ?? defaultCount)
  }

  private static func content(_ field: ProtobufCFieldDescriptor) -> Field.Content {
    switch field.type {
    case PROTOBUF_C_TYPE_STRING: return .text
    case PROTOBUF_C_TYPE_BYTES: return .bytes
    case PROTOBUF_C_TYPE_MESSAGE:
      guard let inner = field.descriptor else { return .bytes }
      return .message(WirePlan(inner.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)))
    case PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FLOAT:
      return .numbers(leastBytes: 4)
    case PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_DOUBLE:
      return .numbers(leastBytes: 8)
    default: return .numbers(leastBytes: 1)
    }
  }
}
