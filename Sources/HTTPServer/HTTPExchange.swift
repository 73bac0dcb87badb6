internal import CMicrohttpd
internal import Locking

/// One request with its response.
///
/// `@unchecked Sendable`: libmicrohttpd runs the callbacks of a connection on one thread, and they
/// alone touch the plain fields; what the handler's task and the sweeper touch is in `state`.
final class HTTPExchange: @unchecked Sendable {
  enum Outcome: Sendable {
    case answered(HTTPResponse)
    case refused(HTTPFault)
  }

  private struct State {
    var outcome: Outcome?
    var suspended: OpaquePointer?
    var task: Task<Void, Never>?
  }

  let rawTarget: String
  var hasBegun = false
  var fault: HTTPFault?
  var target: HTTPTarget?
  var body: [UInt8] = []
  var discarded = 0
  private(set) var isHandled = false
  private let state = Locked(State())

  init(rawTarget: String) { self.rawTarget = rawTarget }

  /// The outcome, once there is one.
  var outcome: Outcome? { state.withLock { $0.outcome } }

  /// Lets the handler work while the connection sleeps.
  ///
  /// The only task outside the life cycle: it bridges from libmicrohttpd's callback, which must
  /// return at once, to the handler, which may wait; its end is the connection's resumption, and a
  /// stop of the server waits for it.
  func handle(
    _ request: HTTPRequest, on connection: OpaquePointer,
    by handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
  ) {
    isHandled = true
    MHD_suspend_connection(connection)
    state.withLock { state in
      // A stop may have refused the exchange already, when there was nothing yet to wake.
      if state.outcome == nil {
        state.suspended = connection
      } else {
        MHD_resume_connection(connection)
      }
    }
    let task = Task { [self] in give(.answered(await handler(request))) }
    state.withLock { state in
      if state.outcome == nil { state.task = task }
    }
  }

  /// Takes the first outcome and wakes the connection; later ones are dropped.
  ///
  /// A suspended connection is not freed before it is resumed, and it is resumed here only, once.
  func give(_ outcome: Outcome) {
    let task = state.withLock { state -> Task<Void, Never>? in
      guard state.outcome == nil else { return nil }
      state.outcome = outcome
      if let suspended = state.suspended {
        state.suspended = nil
        MHD_resume_connection(suspended)
      }
      defer { state.task = nil }
      return state.task
    }
    if case .refused = outcome { task?.cancel() }
  }
}

/// The exchanges that have begun and not ended, and who waits for that.
final class ExchangeTable: Sendable {
  private struct State {
    var exchanges: [ObjectIdentifier: HTTPExchange] = [:]
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Locked(State())

  var count: Int { state.withLock { $0.exchanges.count } }

  func insert(_ exchange: HTTPExchange) {
    state.withLock { $0.exchanges[ObjectIdentifier(exchange)] = exchange }
  }

  func remove(_ exchange: HTTPExchange) {
    let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      guard state.exchanges.removeValue(forKey: ObjectIdentifier(exchange)) != nil,
        state.exchanges.isEmpty
      else { return [] }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until nothing is in flight, or until the task is cancelled.
  func drained() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.exchanges.isEmpty || Task.isCancelled { return true }
          state.waiters.append(continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let waiters = state.withLock { state in
        defer { state.waiters = [] }
        return state.waiters
      }
      for waiter in waiters { waiter.resume() }
    }
  }

  func refuseAll(_ fault: HTTPFault) {
    for exchange in state.withLock({ Array($0.exchanges.values) }) {
      exchange.give(.refused(fault))
    }
  }
}
