internal import Cryptography
internal import SeriesContract

/// The identity of a delivery: a UUID of version 8 from the thread that it belongs to and its place
/// there.
func deliveryID(thread: String, ordinal: Int64) -> WireUUID {
  uuid(hashing: "tidemark/delivery/\(thread)/\(ordinal)")
}

/// A UUID of version 8 that nobody else has.
func randomID() -> WireUUID {
  uuid(hashing: Hexadecimal.encode(SecureRandom.bytes(32)))
}

private func uuid(hashing text: String) -> WireUUID {
  var bytes = Array(SHA256.hash(text).prefix(16))
  bytes[6] = bytes[6] & 0x0f | 0x80
  bytes[8] = bytes[8] & 0x3f | 0x80
  guard let id = WireUUID(bytes: bytes) else { preconditionFailure("a UUID has 16 bytes") }
  return id
}
