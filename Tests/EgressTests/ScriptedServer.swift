import Glibc
import Synchronization

/// A server on the loopback that says what its script tells it, byte by byte.
final class ScriptedServer: Sendable {
  let port: Int
  private let listener: Int32
  private let connectionCount = Atomic<Int>(0)
  private let script: @Sendable (Peer) -> Void

  /// How many connections have been accepted.
  var connections: Int { connectionCount.load(ordering: .sequentiallyConsistent) }

  /// A server that holds its port and does not listen: whoever connects is refused.
  static func deaf() -> ScriptedServer { ScriptedServer(listens: false) { _ in } }

  init(listens: Bool = true, _ script: @escaping @Sendable (Peer) -> Void) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(listener, raw, length) == 0 && (!listens || listen(listener, 16) == 0)
          && getsockname(listener, raw, &length) == 0
      }
    }
    precondition(bound, "no port on the loopback")
    self.listener = listener
    port = Int(UInt16(bigEndian: address.sin_port))
    self.script = script
    if listens { Self.onThread { [self] in accept() } }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func accept() {
    while true {
      let connection = Glibc.accept(listener, nil, nil)
      guard connection >= 0 else { break }
      connectionCount.add(1, ordering: .sequentiallyConsistent)
      Self.onThread { [self] in
        script(Peer(socket: connection))
        close(connection)
      }
    }
    close(listener)
  }

  private static func onThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
      let body: @Sendable () -> Void;
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(Box(body)).toOpaque())
    pthread_detach(thread)
  }
}

/// One connection of a ``ScriptedServer``.
final class Peer {
  private let socket: Int32
  private var buffer: [UInt8] = []

  init(socket: Int32) { self.socket = socket }

  /// The next line without its end; nil when the client has gone.
  func line() -> String? {
    while true {
      if let end = buffer.firstIndex(of: 10) {
        let line = buffer[..<end].filter { $0 != 13 }
        buffer.removeSubrange(...end)
        return String(decoding: line, as: UTF8.self)
      }
      guard receive() else { return nil }
    }
  }

  /// A request with the body that its Content-Length promises.
  func request() -> (head: [String], body: [UInt8])? {
    var head: [String] = []
    while let next = line(), !next.isEmpty { head.append(next) }
    guard !head.isEmpty else { return nil }
    let length = head.first { $0.lowercased().hasPrefix("content-length:") }
    let count = length.flatMap { Int($0.drop { !$0.isNumber }) } ?? 0
    while buffer.count < count { guard receive() else { return nil } }
    defer { buffer.removeFirst(count) }
    return (head, Array(buffer.prefix(count)))
  }

  @discardableResult
  func say(_ text: String) -> Bool { say(Array(text.utf8)) }

  @discardableResult
  func say(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Answers a request with a status and a body.
  func answer(_ status: Int, _ headers: [String] = [], body: String = "") {
    let lines =
      ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)"] + headers + ["", body]
    say(lines.joined(separator: "\r\n"))
  }

  /// Waits until the client hangs up.
  func hang() { while receive() {} }

  private func receive() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 16_384)
    let count = recv(socket, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    buffer.append(contentsOf: chunk.prefix(count))
    return true
  }
}
