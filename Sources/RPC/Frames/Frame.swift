internal import CArena
internal import Nanomsg

/// What goes over the wire for one request or one answer.
///
/// `u32 header length | u32 CRC-32C of the rest | header | payload`, both numbers little-endian.
enum Frame {
  /// Bytes before the header.
  static let prefixBytes = 8

  /// The largest frame, in bytes; both sides refuse more.
  static let byteLimit = 4 << 20

  /// The largest header, in bytes.
  static let headerBytesLimit = 64 << 10

  /// Writes a packed header and a packed payload straight into a message of the transport.
  static func message(
    header: PackedMessage, payload: PackedMessage
  ) throws(WireError) -> NanomsgMessage {
    try message(headerBytes: header.byteCount, payloadBytes: payload.byteCount) {
      header.write(to: $0)
      payload.write(to: $1)
    }
  }

  /// Writes a packed header before a payload that was packed elsewhere.
  static func message(
    header: PackedMessage, payloadBytes: [UInt8]
  ) throws(WireError) -> NanomsgMessage {
    try message(headerBytes: header.byteCount, payloadBytes: payloadBytes.count) {
      header.write(to: $0)
      $1.copyBytes(from: payloadBytes)
    }
  }

  /// Packs a payload behind an empty header, as an answer that succeeded has it.
  static func message(payload: some WireMessage) throws(WireError) -> NanomsgMessage {
    try withArena { arena throws(WireError) in
      let payload = try PackedMessage(payload, in: arena)
      return try message(headerBytes: 0, payloadBytes: payload.byteCount) { _, buffer in
        payload.write(to: buffer)
      }
    }
  }

  /// Packs a header alone, as an answer that failed has it.
  static func message(header: some WireMessage) throws(WireError) -> NanomsgMessage {
    try withArena { arena throws(WireError) in
      let header = try PackedMessage(header, in: arena)
      return try message(headerBytes: header.byteCount, payloadBytes: 0) { buffer, _ in
        header.write(to: buffer)
      }
    }
  }

  private static func message(
    headerBytes: Int, payloadBytes: Int,
    _ fill: (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void
  ) throws(WireError) -> NanomsgMessage {
    let count = prefixBytes + headerBytes + payloadBytes
    guard headerBytes <= headerBytesLimit else {
      throw WireError(.tooLarge, "a header of \(headerBytes) bytes, at most \(headerBytesLimit)")
    }
    guard count <= byteLimit else {
      throw WireError(.tooLarge, "a frame of \(count) bytes, at most \(byteLimit)")
    }
    var message: NanomsgMessage
    do throws(NanomsgError) {
      message = try NanomsgMessage(byteCount: count)
    } catch {
      throw WireError(.tooLarge, error.description)
    }
    message.withMutableBytes { bytes in
      let header = prefixBytes..<prefixBytes + headerBytes
      fill(
        UnsafeMutableRawBufferPointer(rebasing: bytes[header]),
        UnsafeMutableRawBufferPointer(rebasing: bytes[header.upperBound...]))
      bytes.storeBytes(of: UInt32(headerBytes).littleEndian, as: UInt32.self)
      bytes.storeBytes(
        of: checksum(UnsafeRawBufferPointer(rebasing: bytes[prefixBytes...])).littleEndian,
        toByteOffset: 4, as: UInt32.self)
    }
    return message
  }

  /// CRC-32C of what follows the prefix.
  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    tidemark_crc32c(0, bytes.baseAddress, bytes.count)
  }

  /// Where header and payload stand in a frame.
  struct Parts {
    let header: UnsafeRawBufferPointer
    let payload: UnsafeRawBufferPointer

    /// Splits a frame after checking its lengths and its checksum.
    init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
      guard bytes.count >= Frame.prefixBytes else {
        throw WireError(.malformed, "a frame of \(bytes.count) bytes is cut short")
      }
      let headerBytes = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
      guard headerBytes <= bytes.count - Frame.prefixBytes else {
        throw WireError(.malformed, "a frame's header is longer than the frame")
      }
      guard headerBytes <= Frame.headerBytesLimit else {
        throw WireError(
          .tooLarge, "a header of \(headerBytes) bytes, at most \(Frame.headerBytesLimit)")
      }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[Frame.prefixBytes...])
      let stated = UInt32(
        littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
      guard stated == Frame.checksum(rest) else {
        throw WireError(.malformed, "a frame's checksum is wrong")
      }
      self.header = UnsafeRawBufferPointer(rebasing: rest[..<headerBytes])
      self.payload = UnsafeRawBufferPointer(rebasing: rest[headerBytes...])
    }

    /// The payload of a frame that was checked before.
    static func payload(ofChecked bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
      let headerBytes = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
      return UnsafeRawBufferPointer(rebasing: bytes[(Frame.prefixBytes + headerBytes)...])
    }
  }
}
