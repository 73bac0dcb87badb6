internal import Locking

/// A fixed number of connections, lent in the order of asking.
public final class PostgresPool: Sendable {
  /// The most callers that may wait for a connection; more are refused.
  public static let waitersLimit = 10_000

  /// How often a transaction is run again when its session broke or it clashed.
  static let attemptsLimit = 8

  private struct State {
    var idle: [PostgresConnection]
    var waiters: [(id: UInt64, continuation: CheckedContinuation<PostgresConnection?, Never>)] = []
    var lastID: UInt64 = 0
    var isClosed = false
  }

  /// Where the connections lead.
  public let configuration: PostgresConfiguration

  private let state: Locked<State>

  /// Makes a pool; connections are opened when they are first needed.
  public init(configuration: PostgresConfiguration, size: Int = 4) {
    precondition(size > 0, "a pool without connections serves nobody")
    self.configuration = configuration
    state = Locked(
      State(idle: (0..<size).map { _ in PostgresConnection(configuration: configuration) }))
  }

  /// Runs one statement in a transaction of its own.
  public func query(
    _ statement: PostgresStatement, _ parameters: [PostgresValue] = []
  ) async throws(PostgresError) -> PostgresRows {
    do {
      return try await withConnection { connection in
        try connection.execute(statement, parameters)
      }
    } catch let error as PostgresError {
      throw error
    } catch {
      throw PostgresError(.other, detail: "an unknown error")
    }
  }

  /// Runs the body in a transaction and commits it; an error thrown in it rolls back.
  ///
  /// When the session breaks or the transaction clashes with another one, the body is run again.
  /// A commit whose answer was lost is run again as well, so the SQL must be idempotent.
  public func transaction<Result: Sendable>(
    isolation: PostgresIsolation = .readCommitted,
    _ body: @Sendable (isolated PostgresConnection) throws -> Result
  ) async throws -> Result {
    try await retrying { () async throws -> Result in
      try await self.lend { connection, id in
        try await connection.transact(operation: id, isolation: isolation, body)
      }
    }
  }

  /// Lends a connection without opening a transaction; the body is not run again.
  public func withConnection<Result: Sendable>(
    _ body: @Sendable (isolated PostgresConnection) throws -> Result
  ) async throws -> Result {
    try await lend { connection, id in
      try await connection.operate(id, body)
    }
  }

  /// Refuses new work, waits for nobody, and ends all sessions that are not in use; the others end
  /// when they come back.
  public func close() async {
    let (idle, waiters) = state.withLock { state in
      state.isClosed = true
      defer {
        state.idle = []
        state.waiters = []
      }
      return (state.idle, state.waiters)
    }
    for waiter in waiters { waiter.continuation.resume(returning: nil) }
    for connection in idle { await connection.close() }
  }
}

extension PostgresPool {
  private func lend<Result: Sendable>(
    _ body: (PostgresConnection, UInt64) async throws -> Result
  ) async throws -> Result {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    let connection = try await take(id)
    do {
      let result = try await withTaskCancellationHandler {
        try await body(connection, id)
      } onCancel: {
        connection.gate.cancel(operation: id)
      }
      await give(connection)
      return result
    } catch {
      await give(connection)
      throw error
    }
  }

  private enum Place {
    case connection(PostgresConnection)
    case closed, full, waiting
  }

  private func take(_ id: UInt64) async throws(PostgresError) -> PostgresConnection {
    let lent = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let place = state.withLock { state -> Place in
          if state.isClosed { return .closed }
          if let connection = state.idle.popLast() { return .connection(connection) }
          if state.waiters.count >= Self.waitersLimit { return .full }
          // A cancel before this point found no waiter to wake.
          if Task.isCancelled { return .full }
          state.waiters.append((id, continuation))
          return .waiting
        }
        switch place {
        case .connection(let connection): continuation.resume(returning: connection)
        case .closed, .full: continuation.resume(returning: nil)
        case .waiting: break
        }
      }
    } onCancel: {
      dropWaiter(id)
    }
    if let lent { return lent }
    if Task.isCancelled { throw PostgresError(.cancelled, detail: "cancelled while waiting") }
    if state.withLock({ $0.isClosed }) {
      throw PostgresError(.closed, detail: "the pool is closed")
    }
    throw PostgresError(
      .exhausted, detail: "\(Self.waitersLimit) callers wait for a connection already")
  }

  private func dropWaiter(_ id: UInt64) {
    let dropped = state.withLock { state -> CheckedContinuation<PostgresConnection?, Never>? in
      guard let place = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
      return state.waiters.remove(at: place).continuation
    }
    dropped?.resume(returning: nil)
  }

  private func give(_ connection: PostgresConnection) async {
    let (next, mustClose) = state.withLock {
      state -> (CheckedContinuation<PostgresConnection?, Never>?, Bool) in
      if state.isClosed { return (nil, true) }
      if !state.waiters.isEmpty { return (state.waiters.removeFirst().continuation, false) }
      state.idle.append(connection)
      return (nil, false)
    }
    next?.resume(returning: connection)
    if mustClose { await connection.close() }
  }

  /// Runs the body again after a clash or a broken session, ever later up to a second apart.
  private func retrying<Result: Sendable>(
    _ body: () async throws -> Result
  ) async throws -> Result {
    var attempt = 1
    while true {
      do {
        return try await body()
      } catch let error as PostgresError {
        // While a server restarts it is first lost and then unreachable.
        let mayRetry = error.isRetryable || (attempt > 1 && error.code == .unreachable)
        guard mayRetry, attempt < Self.attemptsLimit else { throw error }
      }
      let limit = min(1_000, 20 << attempt)
      do {
        try await Task.sleep(for: .milliseconds(Int.random(in: limit / 2...limit)))
      } catch {
        throw PostgresError(.cancelled, detail: "cancelled between two attempts")
      }
      attempt += 1
    }
  }
}
