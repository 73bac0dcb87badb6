internal import CNanomsg

/// One message of libnng, owned by whoever holds the value.
///
/// It moves and is never copied; dropping it frees it.
///
/// `@unchecked Sendable`: a message has one owner at a time and libnng ties it to no thread.
public struct NanomsgMessage: ~Copyable, @unchecked Sendable {
  private let message: OpaquePointer

  /// Makes a message of so many bytes, whose content is not set.
  ///
  /// - Throws: ``NanomsgError`` when the system has no memory.
  public init(byteCount: Int) throws(NanomsgError) {
    var made: OpaquePointer?
    try NanomsgError.check(nng_msg_alloc(&made, byteCount), "allocate a message")
    guard let made else { throw NanomsgError(.other, "allocate a message: none was made") }
    self.message = made
  }

  /// Takes over a message that libnng handed out.
  init(adopting message: OpaquePointer) {
    self.message = message
  }

  deinit { nng_msg_free(message) }

  /// Gives the message to libnng.
  consuming func release() -> OpaquePointer {
    let message = message
    discard self
    return message
  }

  /// Length of the body.
  public var byteCount: Int { nng_msg_len(message) }

  /// Lends the body to be read.
  public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: nng_msg_body(message), count: nng_msg_len(message)))
  }

  /// Lends the body to be written.
  public mutating func withMutableBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(
      UnsafeMutableRawBufferPointer(start: nng_msg_body(message), count: nng_msg_len(message)))
  }
}
