internal import Locking
internal import Nanomsg
public import ServiceRuntime

/// Answers calls on one or more addresses.
///
/// Every request is checked, admitted, given a task and bounded by its deadline: a handler that is
/// stuck costs its caller a DEADLINE_EXCEEDED and the server a task, never a place in the line.
public final class RPCServer: Service, Sendable {
  /// The word that the service goes by, for logs.
  public var name: String { "\(settings.serviceName)-rpc" }

  private struct State {
    var socket: NanomsgReplySocket?
    var isDraining = false
  }

  /// How long the last answers may take to leave before the connections are closed.
  private static let lingerMilliseconds = 100

  private let requestedURLs: [String]
  private let settings: RPCServerSettings
  private let state = Locked(State())
  private let intake: RequestIntake
  /// Opens when the last call is answered.
  private let ending = Latch()

  /// Makes a server that does not listen yet.
  ///
  /// - Parameters:
  ///   - urls: `tcp://`, `tls+tcp://`, `ipc://` or `inproc://` addresses; port 0 finds a free one.
  ///   - services: What is served, beside Meta, which every server offers.
  ///   - settings: How it listens and what it allows.
  public init(urls: [String], services: [RPCService], settings: RPCServerSettings) {
    self.requestedURLs = urls
    self.settings = settings
    self.intake = RequestIntake(services: services, settings: settings)
  }

  deinit { close() }

  /// The addresses that are listened on, with real ports; empty before ``start()``.
  public var urls: [String] { state.withLock { $0.socket?.urls ?? [] } }

  /// How many calls are being answered.
  public var callsInFlight: Int { intake.calls.count }

  /// Listens and begins to answer.
  ///
  /// - Throws: ``RPCError`` that names the address or the certificate which cannot be used.
  public func start() async throws {
    try listen()
  }

  /// Listens and begins to answer, without waiting for anything.
  ///
  /// - Throws: ``RPCError`` that names the address or the certificate which cannot be used.
  public func listen() throws(RPCError) {
    do throws(NanomsgError) {
      let socket = try NanomsgReplySocket(
        urls: requestedURLs, tls: settings.tls,
        limits: NanomsgLimits(messageBytes: Frame.byteLimit))
      // Some contexts more than calls are admitted, to refuse what is too much.
      try socket.serve(contexts: intake.contextsCount) {
        [intake] message, ticket in
        intake.take(message, ticket)
      }
      state.withLock { $0.socket = socket }
    } catch {
      throw RPCError(transport: error)
    }
    Sweeper.shared.add(intake)
  }

  /// Answers until ``shutDown()`` was called and the calls in flight have ended.
  ///
  /// - Throws: ``RPCError`` when the transport has broken for good: see `CleanerWatch`.
  public func run() async throws {
    defer { close() }
    let isBroken = await withTaskGroup(of: Bool.self) { [ending] group in
      group.addTask {
        await ending.wait()
        return false
      }
      group.addTask {
        await CleanerWatch.shared.isStuck.wait()
        return CleanerWatch.shared.isStuck.isOpen
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
    if isBroken {
      await shutDown()
      await ending.wait()
    }
    // libnng takes an answer and sends it later; closing at once would lose the last ones.
    try await Task.sleep(for: .milliseconds(Self.lingerMilliseconds))
    guard !isBroken else {
      throw RPCError(
        .unavailable,
        "libnng no longer clears broken connections away; start this process again")
    }
  }

  /// Turns health to NOT_SERVING, refuses new calls and lets those in flight end.
  public func shutDown() async {
    intake.drain()
    intake.whenIdle { [ending] in ending.open() }
  }

  /// Stops at once; calls in flight break.
  public func close() {
    intake.close()
    let socket = state.withLock { state in
      defer { state.socket = nil }
      return state.socket
    }
    socket?.close()
    ending.open()
  }
}
