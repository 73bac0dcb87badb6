internal import CProtobufC

extension WireMessage {
  /// Reads a message from bytes of the wire.
  ///
  /// - Throws: ``WireError`` when the bytes are not this message or break a limit.
  public init(wireBytes bytes: [UInt8]) throws(WireError) {
    // Typed throws do not pass through the closure of an array's buffer, so the outcome does.
    let outcome = bytes.withUnsafeBytes { buffer in
      Result { () throws(WireError) in try Self(wire: buffer) }
    }
    self = try outcome.get()
  }

  /// The message as bytes of the wire.
  ///
  /// - Throws: ``WireError`` when a string holds a zero byte or the message is too large.
  public func wireBytes() throws(WireError) -> [UInt8] {
    try withArena { arena throws(WireError) in
      let packed = try PackedMessage(self, in: arena)
      return [UInt8](unsafeUninitializedCapacity: packed.byteCount) { buffer, count in
        packed.write(to: UnsafeMutableRawBufferPointer(buffer))
        count = packed.byteCount
      }
    }
  }

  /// Reads a message from borrowed bytes.
  init(wire bytes: UnsafeRawBufferPointer) throws(WireError) {
    self = try Self.wireLayout.read(bytes) { Self(from: $0) }
  }
}

extension WireLayout {
  /// Checks the bytes of a message and lends it in protobuf-c's form.
  func read<Result>(
    _ bytes: UnsafeRawBufferPointer, _ body: (WireSource) -> Result
  ) throws(WireError) -> Result {
    try WireDecoding.check(bytes, against: self)
    return try withArena { arena throws(WireError) in
      let message = protobuf_c_message_unpack(
        descriptor, arena.allocator, bytes.count,
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? emptyBytes)
      guard let message else {
        if arena.usedBytes * 2 > WireArena.byteLimit {
          throw WireError(.tooLarge, "a message needs more than \(WireArena.byteLimit) bytes")
        }
        throw WireError(.malformed, "not a \(plan.name)")
      }
      return body(WireSource(UnsafeRawPointer(message)))
    }
  }

  /// The same message as protobuf-c writes it: fields in order, each number in its shortest form.
  ///
  /// - Throws: ``WireError`` when the bytes are not this message or break a limit.
  func repacked(_ bytes: [UInt8]) throws(WireError) -> [UInt8] {
    let checked = bytes.withUnsafeBytes { buffer in
      Result { () throws(WireError) in try WireDecoding.check(buffer, against: self) }
    }
    try checked.get()
    return try withArena { arena throws(WireError) in
      guard
        let message = protobuf_c_message_unpack(descriptor, arena.allocator, bytes.count, bytes)
      else { throw WireError(.malformed, "not a \(plan.name)") }
      let count = protobuf_c_message_get_packed_size(message)
      return [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
        written = buffer.baseAddress.map { protobuf_c_message_pack(message, $0) } ?? 0
      }
    }
  }
}

/// Where an empty message is read from: protobuf-c wants an address, though it reads nothing.
///
/// Never freed and never written, so it may be shared.
nonisolated(unsafe) private let emptyBytes = UnsafePointer(
  UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

/// A message in protobuf-c's form, ready to be written where it is wanted.
///
/// It lives as long as the arena's present use.
struct PackedMessage {
  private let message: UnsafePointer<ProtobufCMessage>

  /// Length on the wire.
  let byteCount: Int

  init(_ message: some WireMessage, in arena: WireArena) throws(WireError) {
    self.init(try message.encode(into: arena))
  }

  init(_ target: WireTarget) {
    self.message = UnsafePointer(target.pointer.assumingMemoryBound(to: ProtobufCMessage.self))
    self.byteCount = protobuf_c_message_get_packed_size(self.message)
  }

  /// Writes exactly ``byteCount`` bytes.
  func write(to buffer: UnsafeMutableRawBufferPointer) {
    precondition(buffer.count >= byteCount, "a packed message needs its whole length")
    guard let start = buffer.baseAddress else { return }
    protobuf_c_message_pack(message, start.assumingMemoryBound(to: UInt8.self))
  }
}
