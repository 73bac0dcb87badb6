internal import CMicrohttpd
internal import Glibc
internal import Locking

/// Serves HTTP/1.1 from its making until it is stopped.
///
/// `@unchecked Sendable`: the daemon pointer is written once in the initializer and libmicrohttpd
/// allows its functions on it from any thread.
public final class HTTPServer: @unchecked Sendable {
  /// Answers one request; runs concurrently with itself.
  public typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse

  /// The port that it listens on, also where any free one was asked for.
  public let boundPort: UInt16

  /// The host and port that it listens on.
  public let boundAddress: HTTPAddress

  private let core: HTTPServerCore
  private let listening: ListeningSocket
  private let daemon: OpaquePointer
  private let hasStopped = Locked(false)

  /// Listens and serves at once.
  ///
  /// - Parameters:
  ///   - address: Where to listen.
  ///   - limits: What clients may ask for.
  ///   - threads: How many threads read and write; handlers run elsewhere.
  ///   - describe: The response to a request that is refused before the handler.
  ///   - handler: Answers each request.
  /// - Throws: ``HTTPServerError`` when the address cannot be listened at.
  public init(
    address: HTTPAddress, limits: HTTPLimits = HTTPLimits(), threads: Int = 2,
    describe: @escaping @Sendable (HTTPFault) -> HTTPResponse = HTTPServer.plainDescription,
    handler: @escaping Handler
  ) throws(HTTPServerError) {
    core = HTTPServerCore(limits: limits, describe: describe, handler: handler)
    listening = try ListeningSocket(address)
    boundPort = listening.port
    boundAddress = HTTPAddress(host: address.host, port: listening.port)
    var settings = tidemark_mhd_settings(
      listen_socket: listening.descriptor, threads: UInt32(threads),
      connection_limit: UInt32(limits.connectionLimit),
      connections_per_address_limit: UInt32(limits.connectionsPerAddressLimit),
      idle_seconds: UInt32(limits.idleSeconds),
      // Room for the largest header, the response's header and a piece of the body.
      connection_memory_bytes: limits.headerBytesLimit * 2 + 16_384)
    // Balanced in `stop`, once no callback can come any more.
    let context = Unmanaged.passRetained(core).toOpaque()
    guard let started = HTTPCallbacks.start(&settings, context) else {
      Unmanaged<HTTPServerCore>.fromOpaque(context).release()
      close(listening.descriptor)
      throw HTTPServerError(.cannotServe, "\(boundAddress): libmicrohttpd did not start")
    }
    daemon = started
    core.connections.startSweeping()
  }

  /// Stops: nobody is let in any more, what was begun ends, then all is closed.
  ///
  /// When the waiting task is cancelled, what is still in flight is answered with 503 instead.
  /// A second call returns at once.
  public func stop() async {
    let wasStopped = hasStopped.withLock { stopped in
      defer { stopped = true }
      return stopped
    }
    guard !wasStopped else { return }
    core.isStopping.withLock { $0 = true }
    let quiesced = MHD_quiesce_daemon(daemon)
    // Without this the system would go on to shake hands for a server that never accepts.
    if quiesced >= 0 { shutdown(quiesced, Int32(SHUT_RDWR)) }
    await core.exchanges.drained()
    core.exchanges.refuseAll(.stopping)
    let (daemon, core, descriptor) = (StoppedDaemon(pointer: daemon), core, listening.descriptor)
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      // It joins libmicrohttpd's threads, so it must not hold a thread of the pool.
      ServerThread.start {
        // What was just refused gets a moment to be written.
        for _ in 0..<100 where core.exchanges.count > 0 { usleep(5_000) }
        core.connections.stop()
        MHD_stop_daemon(daemon.pointer)
        close(descriptor)
        Unmanaged.passUnretained(core).release()
        continuation.resume()
      }
    }
  }

  /// How many requests have begun and not ended.
  public var exchangesInFlight: Int { core.exchanges.count }

  /// A refusal as plain text.
  @Sendable
  public static func plainDescription(_ fault: HTTPFault) -> HTTPResponse {
    HTTPResponse(
      status: fault.status, contentType: "text/plain; charset=utf-8", text: fault.detail + "\n")
  }

  /// Carries the pointer to the thread that stops it, the last to use it.
  private struct StoppedDaemon: @unchecked Sendable {
    let pointer: OpaquePointer
  }
}

/// What the callbacks need of the server.
final class HTTPServerCore: Sendable {
  let limits: HTTPLimits
  let describe: @Sendable (HTTPFault) -> HTTPResponse
  let handler: HTTPServer.Handler
  let connections: ConnectionTable
  let exchanges = ExchangeTable()
  let isStopping = Locked(false)

  init(
    limits: HTTPLimits, describe: @escaping @Sendable (HTTPFault) -> HTTPResponse,
    handler: @escaping HTTPServer.Handler
  ) {
    self.limits = limits
    self.describe = describe
    self.handler = handler
    connections = ConnectionTable(limits: limits)
  }
}
