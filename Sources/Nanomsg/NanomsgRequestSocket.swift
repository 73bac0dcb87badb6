internal import CNanomsg
internal import Locking
internal import Synchronization

/// What a socket allows.
public struct NanomsgLimits: Sendable, Hashable {
  /// The largest message that is taken, in bytes; a larger one closes its connection.
  public var messageBytes: Int

  /// The most calls under way at once.
  public var calls: Int

  /// Sets the limits.
  ///
  /// - Precondition: Both are above zero: to libnng zero means no limit.
  public init(messageBytes: Int = 4 << 20, calls: Int = 1_024) {
    precondition(messageBytes > 0 && calls > 0, "a limit of zero means no limit to libnng")
    self.messageBytes = messageBytes
    self.calls = calls
  }
}

/// The asking side: one socket to one backend, for many calls at once.
///
/// One socket never dials two backends: libnng keeps feeding one that hangs.
public final class NanomsgRequestSocket: Sendable {
  private static let reconnectMillisecondsFirst: nng_duration = 20
  private static let reconnectMillisecondsLongest: nng_duration = 1_000
  private static let forever: nng_duration = -1

  /// How many connections stand, counted by libnng's pipe events.
  private final class PipeCount: Sendable {
    let standing = Atomic<Int>(0)
  }

  private struct State {
    var idle: [NanomsgExchange] = []
    var all: [NanomsgExchange] = []
    var underWay = 0
    var arrivals: [Arrival] = []
  }

  /// Someone who waits for the first connection.
  private struct Arrival {
    let waiter: UnsafeContinuation<Bool, Never>
    let deadlineMilliseconds: UInt64
  }

  private let socket: nng_socket
  private let limits: NanomsgLimits
  private let pipes = PipeCount()
  private let gate = ClosingGate()
  private let state = Locked(State())

  /// Opens a socket and begins to dial, again and again until it is closed.
  ///
  /// - Parameters:
  ///   - url: `tcp://`, `tls+tcp://`, `ipc://` or `inproc://` address of the backend.
  ///   - tls: Needed for `tls+tcp://`.
  ///   - limits: What the socket allows.
  /// - Throws: ``NanomsgError`` when the address or a certificate cannot be used.
  public init(
    url: String, tls: NanomsgTLS? = nil, limits: NanomsgLimits = NanomsgLimits()
  ) throws(NanomsgError) {
    var socket = nng_socket()
    try NanomsgError.check(nng_req0_open(&socket), "open a request socket")
    self.socket = socket
    self.limits = limits
    do throws(NanomsgError) {
      try configure()
      try dial(url, tls)
    } catch {
      nng_close(socket)
      throw error
    }
    Sweeper.shared.add(self)
  }

  deinit { close() }

  /// Whether a connection stands.
  public var isConnected: Bool { pipes.standing.load(ordering: .acquiring) > 0 }

  /// How many calls are under way.
  public var callsUnderWay: Int { state.withLock { $0.underWay } }

  /// Ends all calls and the connection, soon; the socket is of no use afterwards.
  public func close() {
    let (socket, pipes) = (socket, pipes)
    gate.closeApart {
      nng_close(socket)
      // The counter must outlive the last pipe event, which closing brings.
      withExtendedLifetime(pipes) {}
    }
  }

  /// Waits until a connection stands.
  ///
  /// - Parameter deadlineMilliseconds: By ``Sweeper/nowMilliseconds``.
  /// - Returns: Whether one stands; false when the deadline passed first.
  public func waitForConnection(deadlineMilliseconds: UInt64) async -> Bool {
    if isConnected { return true }
    return await withUnsafeContinuation { waiter in
      state.withLock {
        $0.arrivals.append(
          Arrival(waiter: waiter, deadlineMilliseconds: deadlineMilliseconds))
      }
      Sweeper.shared.noteWork()
    }
  }

  /// Sends a request and waits for its reply.
  ///
  /// - Parameters:
  ///   - request: The message to send.
  ///   - deadlineMilliseconds: By ``Sweeper/nowMilliseconds``.
  /// - Returns: The reply.
  /// - Throws: ``NanomsgError`` when no reply came, with the reason.
  public func exchange(
    _ request: consuming NanomsgMessage, deadlineMilliseconds: UInt64
  ) async throws(NanomsgError) -> NanomsgMessage {
    let exchange = try takeExchange()
    defer { giveBack(exchange) }
    Sweeper.shared.noteWork()
    return try await exchange.run(request, deadlineMilliseconds: deadlineMilliseconds)
  }

  private func takeExchange() throws(NanomsgError) -> NanomsgExchange {
    try state.withLock { state throws(NanomsgError) in
      guard !gate.isClosed else { throw NanomsgError(.closed, "the socket is closed") }
      let taken: NanomsgExchange
      if let idle = state.idle.popLast() {
        taken = idle
      } else {
        guard state.all.count < limits.calls else {
          throw NanomsgError(.tooManyCalls, "\(limits.calls) calls are under way already")
        }
        taken = try NanomsgExchange(socket: socket, gate: gate)
        state.all.append(taken)
      }
      state.underWay += 1
      return taken
    }
  }

  private func giveBack(_ exchange: NanomsgExchange) {
    state.withLock { state in
      state.idle.append(exchange)
      state.underWay -= 1
    }
  }

  private func configure() throws(NanomsgError) {
    try NanomsgError.check(
      nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, limits.messageBytes), "limit messages")
    // Retries are made above, where deadlines and idempotency are known.
    try NanomsgError.check(
      nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, Self.forever), "turn resending off")
    try NanomsgError.check(
      nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, Self.reconnectMillisecondsFirst),
      "set the first wait to reconnect")
    try NanomsgError.check(
      nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, Self.reconnectMillisecondsLongest),
      "set the longest wait to reconnect")
    for event in [NNG_PIPE_EV_ADD_POST, NNG_PIPE_EV_REM_POST] {
      let number = nng_pipe_notify(
        socket, event,
        { _, event, argument in
          // Nothing of the socket may be called from here: libnng would wait for itself.
          guard let argument else { return }
          if event == NNG_PIPE_EV_REM_POST { CleanerWatch.shared.connectionEnded() }
          Unmanaged<PipeCount>.fromOpaque(argument).takeUnretainedValue().standing.add(
            event == NNG_PIPE_EV_ADD_POST ? 1 : -1, ordering: .acquiringAndReleasing)
        }, Unmanaged.passUnretained(pipes).toOpaque())
      try NanomsgError.check(number, "watch connections")
    }
  }

  private func dial(_ url: String, _ tls: NanomsgTLS?) throws(NanomsgError) {
    var dialer = nng_dialer()
    try NanomsgError.check(nng_dialer_create(&dialer, socket, url), "dial \(url)")
    if url.hasPrefix("tls+") {
      guard let tls else {
        throw NanomsgError(.badCertificate, "dial \(url): no certificate is configured")
      }
      try tls.withConfiguration(forServer: false, hostName: hostName(of: url)) {
        configuration throws(NanomsgError) in
        try NanomsgError.check(
          nng_dialer_set_ptr(
            dialer, NNG_OPT_TLS_CONFIG, UnsafeMutableRawPointer(configuration)),
          "set certificates of \(url)")
      }
    }
    try NanomsgError.check(
      nng_dialer_start(dialer, Int32(NNG_FLAG_NONBLOCK)), "dial \(url)")
  }
}

extension NanomsgRequestSocket: Sweepable {
  /// Ends overdue calls, and wakes those who wait for a connection.
  public func sweep(nowMilliseconds: UInt64) -> Bool {
    let isConnected = isConnected
    let (exchanges, ready, late, underWay) = state.withLock { state in
      var ready: [Arrival] = []
      var late: [Arrival] = []
      if !state.arrivals.isEmpty {
        ready = isConnected ? state.arrivals : []
        let isClosed = gate.isClosed
        late =
          isConnected
          ? [] : state.arrivals.filter { isClosed || nowMilliseconds >= $0.deadlineMilliseconds }
        state.arrivals.removeAll {
          isConnected || isClosed || nowMilliseconds >= $0.deadlineMilliseconds
        }
      }
      let underWay = state.underWay > 0
      return (underWay ? state.all : [], ready, late, underWay || !state.arrivals.isEmpty)
    }
    ready.forEach { $0.waiter.resume(returning: true) }
    late.forEach { $0.waiter.resume(returning: false) }
    for exchange in exchanges {
      exchange.sweep(nowMilliseconds: nowMilliseconds, isConnected: isConnected)
    }
    return underWay
  }
}

/// The host in an address, such as `backend` in `tls+tcp://backend:7000`.
private func hostName(of url: String) -> String? {
  guard let scheme = url.firstRange(of: "://") else { return nil }
  let authority = url[scheme.upperBound...].prefix { $0 != "/" }
  if authority.hasPrefix("[") {
    return authority.dropFirst().split(separator: "]").first.map(String.init)
  }
  return authority.split(separator: ":").first.map(String.init)
}
