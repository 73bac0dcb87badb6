package import CProtobufC

/// A message of a contract: a Swift value that protobuf-c reads and writes.
///
/// All conformers are generated. Decoding copies out of the C struct, so that no pointer is left.
public protocol WireMessage: Sendable {
  /// How protobuf-c lays the message out.
  static var wireLayout: WireLayout { get }

  /// Makes a message whose fields hold their defaults.
  init()

  /// Copies the message out of protobuf-c's struct.
  init(from source: WireSource)

  /// Writes the message into protobuf-c's struct, whose memory is the arena's.
  func encode(into arena: WireArena) throws(WireError) -> WireTarget
}

/// How protobuf-c lays a message out.
///
/// `@unchecked Sendable`: it points to constant data that protoc-c compiled in.
public struct WireLayout: @unchecked Sendable {
  package let descriptor: UnsafePointer<ProtobufCMessageDescriptor>

  /// What the check of incoming bytes knows of the message.
  let plan: WirePlan

  package init(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
    self.descriptor = descriptor
    self.plan = WirePlan(descriptor)
  }
}

/// A C struct that a message has been written to.
public struct WireTarget {
  @usableFromInline package let pointer: UnsafeMutableRawPointer

  @inlinable
  package init<CMessage>(_ pointer: UnsafeMutablePointer<CMessage>) {
    self.pointer = UnsafeMutableRawPointer(pointer)
  }
}

/// A C struct that a message is read from, borrowed for the time of one initializer.
///
/// The bytes behind it have been checked by `WireDecoding` before: strings are UTF-8 without a
/// zero byte, so reading cannot fail.
public struct WireSource {
  @usableFromInline package let pointer: UnsafeRawPointer

  @inlinable
  package init(_ pointer: UnsafeRawPointer) {
    self.pointer = pointer
  }

  @inlinable
  package func pointer<CMessage>(as type: CMessage.Type) -> UnsafePointer<CMessage> {
    pointer.assumingMemoryBound(to: type)
  }

  @inlinable
  package func string(_ text: UnsafeMutablePointer<CChar>?) -> String {
    guard let text, text.pointee != 0 else { return "" }
    return String(cString: text)
  }

  package func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data.data, count: data.len))
  }

  @inlinable
  package func message<CMessage, Message: WireMessage>(
    _ message: UnsafeMutablePointer<CMessage>?
  ) -> Message? {
    message.map { Message(from: WireSource(UnsafeRawPointer($0))) }
  }

  @inlinable
  package func messages<CMessage, Message: WireMessage>(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<CMessage>?>?, _ count: Int
  ) -> [Message] {
    UnsafeBufferPointer(start: list, count: count).compactMap { message($0) }
  }

  @inlinable
  package func strings(
    _ list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
  ) -> [String] {
    UnsafeBufferPointer(start: list, count: count).map { string($0) }
  }

  package func byteStrings(
    _ list: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int
  ) -> [[UInt8]] {
    UnsafeBufferPointer(start: list, count: count).map { bytes($0) }
  }
}
