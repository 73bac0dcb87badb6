internal import Glibc
internal import Locking

/// One client's connection, as long as its socket is open.
final class HTTPConnection: Sendable {
  /// What the connection is busy with.
  enum Phase: Sendable {
    case header, body, handler, response
  }

  private struct State {
    var phase = Phase.header
    var sinceSeconds: Double
    var exchange: HTTPExchange?
  }

  let descriptor: Int32
  let remoteAddress: String
  private let state: Locked<State>

  init(descriptor: Int32, remoteAddress: String) {
    self.descriptor = descriptor
    self.remoteAddress = remoteAddress
    state = Locked(State(sinceSeconds: MonotonicClock.seconds()))
  }

  func enter(_ phase: Phase, _ exchange: HTTPExchange? = nil) {
    state.withLock {
      $0 = State(phase: phase, sinceSeconds: MonotonicClock.seconds(), exchange: exchange)
    }
  }

  /// Ends what has taken too long; called with the table's lock held, so the socket is still ours.
  func sweep(_ limits: HTTPLimits) {
    let (phase, since, exchange) = state.withLock { ($0.phase, $0.sinceSeconds, $0.exchange) }
    let elapsed = MonotonicClock.seconds() - since
    switch phase {
    case .header where elapsed > limits.headerSeconds,
      .body where elapsed > limits.bodySeconds,
      .response where elapsed > limits.responseSeconds:
      shutdown(descriptor, Int32(SHUT_RDWR))
    case .handler where elapsed > limits.handlerSeconds:
      exchange?.give(.refused(.handlerTimeout))
    default: break
    }
  }
}

/// Seconds on a clock that never goes back.
enum MonotonicClock {
  static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// All open connections, and a thread that ends the slow ones.
///
/// libmicrohttpd only knows how long a connection was silent: a client that sends one byte every few
/// seconds would keep its place for ever.
final class ConnectionTable: Sendable {
  private struct State {
    var connections: [ObjectIdentifier: HTTPConnection] = [:]
    var isStopped = false
  }

  private let state = Locked(State())
  private let limits: HTTPLimits

  init(limits: HTTPLimits) { self.limits = limits }

  func insert(_ connection: HTTPConnection) {
    state.withLock { $0.connections[ObjectIdentifier(connection)] = connection }
  }

  /// Called before the socket is closed, so that no later one of the same number is shut down.
  func remove(_ connection: HTTPConnection) {
    state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
  }

  func stop() { state.withLock { $0.isStopped = true } }

  /// Begins to sweep every quarter of a second, until stopped.
  func startSweeping() {
    ServerThread.start { [self] in
      while sweep() { usleep(250_000) }
    }
  }

  private func sweep() -> Bool {
    state.withLock { state in
      guard !state.isStopped else { return false }
      for connection in state.connections.values { connection.sweep(limits) }
      return true
    }
  }
}

/// A thread that nobody joins.
enum ServerThread {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  static func start(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body))
    let result = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, work.toOpaque())
    precondition(result == 0, "no thread could be made")
    pthread_detach(thread)
  }
}
