/// Sixteen bytes that name a call, the same on each of its attempts.
///
/// Two numbers and not an array: every call makes one and hands it on.
struct RequestID: Sendable, Hashable {
  static let byteCount = 16

  private let high: UInt64
  private let low: UInt64

  /// A new id.
  init() {
    high = CallNumbers.next()
    low = CallNumbers.next()
  }

  /// Takes the bytes of an id; nil when they are not sixteen.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.byteCount else { return nil }
    high = bytes.loadUnaligned(as: UInt64.self)
    low = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
  }

  /// The bytes of the id.
  var bytes: [UInt8] {
    withUnsafeBytes(of: (high, low)) { Array($0) }
  }

  /// Writes the id's sixteen bytes.
  func write(to target: UnsafeMutableRawPointer) {
    target.storeBytes(of: high, as: UInt64.self)
    target.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
  }
}
