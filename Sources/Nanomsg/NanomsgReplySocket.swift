internal import CNanomsg
internal import Locking

/// The answering side: one socket that listens on one or more addresses.
public final class NanomsgReplySocket: Sendable {
  /// Takes one request on libnng's thread: it must not block there.
  public typealias Receiver = @Sendable (consuming NanomsgMessage, NanomsgReplyTicket) -> Void

  private let socket: nng_socket
  private let gate = ClosingGate()

  /// The addresses that are listened on, with the ports that were found free for port 0.
  public let urls: [String]

  /// Opens a socket and listens; requests are taken from ``serve(contexts:receiver:)`` on.
  ///
  /// - Parameters:
  ///   - urls: `tcp://`, `tls+tcp://`, `ipc://` or `inproc://` addresses.
  ///   - tls: Needed for `tls+tcp://`; demands a certificate of every client.
  ///   - limits: What the socket allows.
  /// - Throws: ``NanomsgError`` when an address or a certificate cannot be used.
  public init(
    urls: [String], tls: NanomsgTLS? = nil, limits: NanomsgLimits = NanomsgLimits()
  ) throws(NanomsgError) {
    var socket = nng_socket()
    try NanomsgError.check(nng_rep0_open(&socket), "open a reply socket")
    var bound: [String] = []
    do throws(NanomsgError) {
      try NanomsgError.check(
        nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, limits.messageBytes), "limit messages")
      try CleanerWatch.shared.observe(socket)
      for url in urls {
        bound.append(try Self.listen(socket, url, tls))
      }
    } catch {
      nng_close(socket)
      throw error
    }
    self.socket = socket
    self.urls = bound
  }

  deinit { close() }

  /// Begins to take requests.
  ///
  /// - Parameters:
  ///   - contexts: The most requests that are taken at once; further ones wait in their
  ///     connections.
  ///   - receiver: Takes each request with the ticket to answer it by.
  /// - Throws: ``NanomsgError`` when the system has no memory.
  public func serve(contexts: Int, receiver: @escaping Receiver) throws(NanomsgError) {
    var made: [NanomsgReplyContext] = []
    for index in 0..<contexts {
      made.append(
        try NanomsgReplyContext(socket: socket, gate: gate, index: index, receiver: receiver))
    }
    made.forEach { $0.begin() }
  }

  /// Stops listening and ends all connections, soon.
  public func close() {
    let socket = socket
    gate.closeApart { nng_close(socket) }
  }

  private static func listen(
    _ socket: nng_socket, _ url: String, _ tls: NanomsgTLS?
  ) throws(NanomsgError) -> String {
    var listener = nng_listener()
    try NanomsgError.check(nng_listener_create(&listener, socket, url), "listen on \(url)")
    if url.hasPrefix("tls+") {
      guard let tls else {
        throw NanomsgError(.badCertificate, "listen on \(url): no certificate is configured")
      }
      try tls.withConfiguration(forServer: true, hostName: nil) {
        configuration throws(NanomsgError) in
        try NanomsgError.check(
          nng_listener_set_ptr(
            listener, NNG_OPT_TLS_CONFIG, UnsafeMutableRawPointer(configuration)),
          "set certificates of \(url)")
      }
    }
    try NanomsgError.check(nng_listener_start(listener, 0), "listen on \(url)")
    guard url.contains("tcp://"), url.hasSuffix(":0") else { return url }
    var port: Int32 = 0
    try NanomsgError.check(
      nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), "ask for the port of \(url)")
    return url.dropLast() + String(port)
  }
}

/// The right to answer one request, once.
public struct NanomsgReplyTicket: Sendable {
  let context: NanomsgReplyContext
  let generation: UInt64

  /// Which of the socket's contexts took the request, from 0.
  ///
  /// A context takes its next request only after this one was answered or dropped.
  public var contextIndex: Int { context.index }

  /// Answers the request.
  ///
  /// - Parameter message: The reply.
  /// - Returns: False when it was answered before; the reply is then dropped.
  @discardableResult
  public func reply(_ message: consuming NanomsgMessage) -> Bool {
    context.reply(message, generation: generation)
  }

  /// Lets the request go without an answer; the caller hears nothing and runs into its deadline.
  public func drop() {
    context.drop(generation: generation)
  }
}
