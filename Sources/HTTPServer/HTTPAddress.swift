internal import Glibc

/// A place to listen at: an IP address and a port.
public struct HTTPAddress: Sendable, Hashable, CustomStringConvertible {
  /// An IPv4 or IPv6 address in digits, or a name that the system resolves.
  public let host: String

  /// The port; 0 asks for a free one.
  public let port: UInt16

  /// Joins host and port.
  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port` or `[v6]:port`.
  public init(parsing text: String) throws(HTTPServerError) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { throw HTTPServerError(.badAddress, "\"\(text)\" is no host:port") }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw HTTPServerError(.badAddress, "\"\(text)\" needs [ ] around its IPv6 address")
    }
    guard !host.isEmpty, !host.utf8.contains(0) else {
      throw HTTPServerError(.badAddress, "\"\(text)\" has no host")
    }
    self.init(host: String(host), port: port)
  }

  /// `host:port`, as it is read.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A socket that listens, owned until it is closed.
struct ListeningSocket {
  let descriptor: Int32
  let port: UInt16

  init(_ address: HTTPAddress) throws(HTTPServerError) {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE
    var found: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(address.host, String(address.port), &hints, &found)
    guard result == 0, let place = found?.pointee else {
      throw HTTPServerError(
        .cannotListen, "\(address): \(String(cString: gai_strerror(result)))")
    }
    defer { freeaddrinfo(found) }
    let made = socket(place.ai_family, place.ai_socktype, 0)
    guard made >= 0 else { throw Self.failure(address) }
    do throws(HTTPServerError) {
      var yes: Int32 = 1
      let size = socklen_t(MemoryLayout<Int32>.size)
      // libmicrohttpd's threads share the socket: one that blocked in accept would serve nobody.
      guard setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, size) == 0,
        bind(made, place.ai_addr, place.ai_addrlen) == 0, listen(made, 128) == 0,
        fcntl(made, F_SETFL, O_NONBLOCK) == 0, fcntl(made, F_SETFD, FD_CLOEXEC) == 0
      else { throw Self.failure(address) }
      port = try Self.boundPort(made, address)
    } catch {
      close(made)
      throw error
    }
    descriptor = made
  }

  private static func boundPort(
    _ descriptor: Int32, _ address: HTTPAddress
  ) throws(HTTPServerError) -> UInt16 {
    var bound = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &bound) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    guard result == 0 else { throw failure(address) }
    // The port stands at the same place for both families.
    return withUnsafeBytes(of: &bound) {
      UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    }
  }

  private static func failure(_ address: HTTPAddress) -> HTTPServerError {
    var text = [CChar](repeating: 0, count: 128)
    strerror_r(errno, &text, text.count)
    let reason = String(
      decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return HTTPServerError(.cannotListen, "\(address): \(reason)")
  }
}
