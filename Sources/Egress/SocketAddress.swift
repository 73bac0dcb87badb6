internal import Glibc

/// The address that a socket is about to connect to.
struct SocketAddress: Hashable, Sendable {
  /// Four bytes of IPv4 or sixteen of IPv6, in the order of the network.
  let bytes: [UInt8]

  /// Reads a `sockaddr`; nil for any family but IPv4 and IPv6.
  init?(family: Int32, socketAddress: [UInt8]) {
    switch family {
    case AF_INET where socketAddress.count >= 8:
      bytes = Array(socketAddress[4..<8])
    case AF_INET6 where socketAddress.count >= 24:
      bytes = Array(socketAddress[8..<24])
    default:
      return nil
    }
  }

  /// Takes the bytes of an address.
  init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Whether the address belongs to the public network.
  ///
  /// What is not known to be public is not: loopback, private, link-local (where clouds keep their
  /// metadata), shared, multicast, reserved and documentation ranges, and every way to write an
  /// IPv4 address inside an IPv6 one.
  var isPublic: Bool {
    bytes.count == 4 ? Self.isPublicIPv4(bytes) : isPublicIPv6
  }

  private var isPublicIPv6: Bool {
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
    let translated: [UInt8] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
    let head = Array(bytes[0..<12])
    if head == mapped || head == translated {
      return Self.isPublicIPv4(Array(bytes[12..<16]))
    }
    let special: [(prefix: [UInt8], bits: Int)] = [
      ([0x20, 0x01, 0x00, 0x00], 23),  // protocol assignments, Teredo among them
      ([0x20, 0x01, 0x0d, 0xb8], 32),  // documentation
      ([0x20, 0x02, 0x00, 0x00], 16),  // 6to4, which holds any IPv4 address
      ([0x3f, 0xff, 0x00, 0x00], 20),  // documentation
    ]
    if special.contains(where: { Self.matches(bytes, $0.prefix, $0.bits) }) { return false }
    return Self.matches(bytes, [0x20], 3)
  }

  private static func isPublicIPv4(_ bytes: [UInt8]) -> Bool {
    let refused: [(prefix: [UInt8], bits: Int)] = [
      ([0, 0, 0, 0], 8),
      ([10, 0, 0, 0], 8),
      ([100, 64, 0, 0], 10),
      ([127, 0, 0, 0], 8),
      ([168, 63, 129, 16], 32),  // metadata of one cloud, at a public number
      ([169, 254, 0, 0], 16),
      ([172, 16, 0, 0], 12),
      ([192, 0, 0, 0], 24),
      ([192, 0, 2, 0], 24),
      ([192, 88, 99, 0], 24),
      ([192, 168, 0, 0], 16),
      ([198, 18, 0, 0], 15),
      ([198, 51, 100, 0], 24),
      ([203, 0, 113, 0], 24),
      ([224, 0, 0, 0], 3),
    ]
    return !refused.contains { matches(bytes, $0.prefix, $0.bits) }
  }

  private static func matches(_ bytes: [UInt8], _ prefix: [UInt8], _ bits: Int) -> Bool {
    for index in 0..<((bits + 7) / 8) {
      let rest = min(8, bits - index * 8)
      let mask = UInt8(truncatingIfNeeded: 0xff00 >> rest)
      if bytes[index] & mask != prefix[index] & mask { return false }
    }
    return true
  }
}
