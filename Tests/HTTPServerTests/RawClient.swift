import Glibc
import TestSupport
import Testing

/// A TCP client that sends what it is told, byte by byte, to show what no good client sends.
final class RawClient: Sendable {
  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    // The deinitializer runs after this throw, too, and closes.
    guard result == 0 else { throw Refused() }
  }

  struct Refused: Error {}

  deinit { close(descriptor) }

  /// Sends all bytes, or stops where the server has closed.
  func send(_ bytes: [UInt8]) async {
    await offPool { [self] in sendNow(bytes) }
  }

  func send(_ text: String) async { await send(Array(text.utf8)) }

  /// All that comes until the server closes.
  func readToEnd() async -> String { await offPool { [self] in readNow(until: nil) } }

  /// What comes until it ends with a text, or until the server closes.
  func read(until end: String) async -> String { await offPool { [self] in readNow(until: end) } }

  private func sendNow(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { return }
      rest = rest.dropFirst(sent)
    }
  }

  private func readNow(until end: String?) -> String {
    var content: [UInt8] = []
    while let piece = readPiece() {
      content += piece
      if let end, content.reversed().starts(with: end.utf8.reversed()) { break }
    }
    return String(decoding: content, as: UTF8.self)
  }

  private func readPiece() -> [UInt8]? {
    var piece = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &piece, piece.count, 0)
    return count > 0 ? Array(piece.prefix(count)) : nil
  }
}
