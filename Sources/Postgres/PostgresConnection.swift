internal import CPostgres

/// One session with the database, on a thread of its own.
///
/// All work runs synchronously on that thread, so a transaction is never interleaved with another
/// task's statements. Obtained from a ``PostgresPool``.
public actor PostgresConnection {
  private nonisolated let executor = ThreadExecutor()
  nonisolated let gate = StatementGate()
  nonisolated let configuration: PostgresConfiguration

  /// Runs the actor on its own thread.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  var session: PostgresSession?
  private(set) var sessionCount = 0
  private var isClosed = false

  /// Names the database; the session begins with the first statement.
  public init(configuration: PostgresConfiguration) {
    self.configuration = configuration
  }

  deinit { executor.stop() }

  /// Ends the session and refuses another one.
  public func close() {
    isClosed = true
    endSession()
  }

  /// Runs one statement.
  ///
  /// - Throws: ``PostgresError``; the transaction, if one is open, can only be rolled back then.
  @discardableResult
  public func execute(
    _ statement: PostgresStatement, _ parameters: [PostgresValue] = []
  ) throws(PostgresError) -> PostgresRows {
    try inFlight { session throws(PostgresError) in
      try session.execute(statement, parameters)
    }
  }

  /// Runs several statements without parameters, one after the other.
  public func executeScript(_ statement: PostgresStatement) throws(PostgresError) {
    try executeScript(text: statement.sql)
  }

  /// Runs SQL that was composed by this room, such as the text of a new role.
  func executeScript(text: String) throws(PostgresError) {
    _ = try inFlight { session throws(PostgresError) in
      try session.script(text)
    }
  }

  /// Runs the body between begin and commit; any error rolls back.
  func transact<Result: Sendable>(
    operation id: UInt64, isolation: PostgresIsolation,
    _ body: @Sendable (isolated PostgresConnection) throws -> Result
  ) throws -> Result {
    try operate(id) { connection in
      try connection.executeScript(isolation.begin)
      let result: Result
      do {
        result = try body(connection)
        try connection.commit()
      } catch {
        connection.rollBack()
        throw error
      }
      return result
    }
  }

  /// Runs the body as one operation that a cancel can name.
  func operate<Result: Sendable>(
    _ id: UInt64, _ body: @Sendable (isolated PostgresConnection) throws -> Result
  ) throws -> Result {
    gate.begin(operation: id)
    defer { gate.endOperation() }
    // A cancel that came before begin found nothing to cancel; the task still knows of it.
    if Task.isCancelled { throw cancellation }
    return try body(self)
  }

  private func commit() throws(PostgresError) {
    let tag = try inFlight { session throws(PostgresError) in try session.script("COMMIT") }
    // A transaction that failed inside, with its error swallowed by the body, answers ROLLBACK.
    if tag == "ROLLBACK" {
      throw PostgresError(
        .statement, detail: "the transaction had failed and was rolled back at its commit")
    }
  }

  private func rollBack() {
    guard let session, session.isUsable else {
      endSession()
      return
    }
    // Outside the gate: a cancelled operation must still be rolled back.
    do throws(PostgresError) {
      try session.script("ROLLBACK")
    } catch {
      endSession()
    }
  }

  /// Connects when there is no session, and runs the body while a cancel may reach it.
  func inFlight<Result>(
    _ body: (PostgresSession) throws(PostgresError) -> Result
  ) throws(PostgresError) -> Result {
    let session = try connected()
    guard gate.enter() else { throw cancellation }
    defer { gate.leave() }
    do throws(PostgresError) {
      return try body(session)
    } catch {
      if !session.isUsable { endSession() }
      // The server says the same for a cancel and for its time limit.
      if error.code == .timeout, gate.wasCancelled { throw cancellation }
      throw error
    }
  }

  private var cancellation: PostgresError {
    PostgresError(.cancelled, detail: "the caller's task was cancelled")
  }

  private func connected() throws(PostgresError) -> PostgresSession {
    if let session, session.isUsable { return session }
    if isClosed { throw PostgresError(.closed, detail: "the connection is closed") }
    endSession()
    let fresh = try PostgresSession(configuration: configuration)
    gate.adopt(fresh.cancelHandle())
    sessionCount += 1
    session = fresh
    return fresh
  }

  private func endSession() {
    guard session != nil else { return }
    gate.adopt(nil)
    session = nil
  }
}

/// How much a transaction sees of others.
public enum PostgresIsolation: Sendable {
  /// Each statement sees what was committed before it.
  case readCommitted
  /// All statements see what was committed before the first.
  case repeatableRead
  /// As if transactions ran one after the other; clashes are retried.
  case serializable

  var begin: PostgresStatement {
    switch self {
    case .readCommitted: "BEGIN"
    case .repeatableRead: "BEGIN ISOLATION LEVEL REPEATABLE READ"
    case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE"
    }
  }
}
