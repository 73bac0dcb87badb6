internal import Locking
internal import Nanomsg

/// Calls to several backends that offer the same.
///
/// Each attempt goes to the backend with the fewest calls under way. One that fails again and again
/// is left alone for a while, and longer each time.
public final class RPCBalancer: RPCCaller {
  private let backends: [Backend]
  private let health: Locked<BackendHealth>
  private let budget = RetryBudget()

  private struct Backend: Sendable {
    let channel: RPCChannel
  }

  /// Opens a channel to each address.
  ///
  /// - Throws: ``RPCError`` when there is no address, or one cannot be used.
  public init(
    urls: [String], settings: RPCClientSettings = RPCClientSettings()
  ) throws(RPCError) {
    guard !urls.isEmpty else {
      throw RPCError(.invalidArgument, "a balancer needs at least one address")
    }
    var backends: [Backend] = []
    for url in urls {
      backends.append(Backend(channel: try RPCChannel(url: url, settings: settings)))
    }
    self.backends = backends
    self.health = Locked(BackendHealth(count: backends.count))
  }

  /// The channels, one a backend.
  public var channels: [RPCChannel] { backends.map(\.channel) }

  /// The backends that are left alone at present.
  public var ejectedURLs: [String] {
    let now = Sweeper.nowMilliseconds
    return health.withLock { health in
      backends.indices.filter { health.isEjected($0, nowMilliseconds: now) }
    }.map { backends[$0].channel.url }
  }

  /// Ends all connections.
  public func close() {
    for backend in backends { backend.channel.close() }
  }

  /// Makes one call and waits for its answer.
  public func call<Request: WireMessage, Response: WireMessage>(
    _ method: RPCMethod, _ request: Request, options: CallOptions
  ) async throws(RPCError) -> Response {
    let call = OutgoingCall(method, options)
    var number = 1
    while true {
      let index = pick()
      do throws(RPCError) {
        let response: Response = try await backends[index].channel.attempt(call, number, request)
        health.withLock { $0.noteSuccess(index) }
        budget.earn()
        return response
      } catch {
        note(error, of: index)
        try await call.waitToRetry(after: error, attempt: number, budget: budget)
        number += 1
      }
    }
  }

  private func pick() -> Int {
    guard backends.count > 1 else { return 0 }
    let loads = backends.map { backend in
      BackendHealth.Load(
        isConnected: backend.channel.isConnected, callsInFlight: backend.channel.callsInFlight)
    }
    let now = Sweeper.nowMilliseconds
    return health.withLock { $0.pick(loads, nowMilliseconds: now) }
  }

  private func note(_ error: RPCError, of index: Int) {
    let now = Sweeper.nowMilliseconds
    switch error.code {
    case .unavailable, .deadlineExceeded:
      health.withLock { $0.noteFailure(index, nowMilliseconds: now) }
    case .cancelled:
      // Says nothing of the backend.
      break
    default:
      // An answer, if an unwelcome one: the backend lives.
      health.withLock { $0.noteSuccess(index) }
    }
  }
}
