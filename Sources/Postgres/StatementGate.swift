internal import CPostgres
internal import Glibc

/// Decides whether a cancel still concerns the statement in flight.
///
/// A cancel request of libpq names a connection, not a statement: sent a moment too late it would
/// hit whatever runs next. Here a cancel carries the id of its operation (one transaction or one
/// query of one task), is only sent while a statement of that operation is in flight, and the
/// connection starts nothing new until the request has been delivered. PostgreSQL ignores a
/// cancel that arrives between statements.
///
/// `@unchecked Sendable`: all fields are only touched under the pthread mutex; libpq allows
/// `PQcancel` from any thread.
final class StatementGate: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var handle: OpaquePointer?
  private var operation: UInt64 = 0
  private var isCancelled = false
  private var isInFlight = false
  private var isSending = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    if let handle { PQfreeCancel(handle) }
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Takes over the cancel handle of a new session, or nil when the session has ended.
  func adopt(_ newHandle: OpaquePointer?) {
    locked {
      while isSending { pthread_cond_wait(condition, mutex) }
      if let handle { PQfreeCancel(handle) }
      handle = newHandle
    }
  }

  /// Begins an operation; its id comes from ``PostgresConnection``.
  func begin(operation id: UInt64) {
    locked {
      operation = id
      isCancelled = false
    }
  }

  /// Ends the operation in progress; cancels that arrive later do nothing.
  func endOperation() {
    locked {
      operation = 0
      isCancelled = false
    }
  }

  /// Whether the operation in progress was cancelled.
  var wasCancelled: Bool { locked { isCancelled } }

  /// Marks a statement as in flight; false when its operation has been cancelled already.
  func enter() -> Bool {
    locked {
      if isCancelled { return false }
      isInFlight = true
      return true
    }
  }

  /// Marks the statement as answered, after a cancel on its way has been delivered.
  func leave() {
    locked {
      while isSending { pthread_cond_wait(condition, mutex) }
      isInFlight = false
    }
  }

  /// Cancels the operation of that id if it is in progress.
  ///
  /// One that has not begun looks at its task when it does. Returns at once: the request is sent
  /// from a thread of its own, because sending blocks and the caller may be on the cooperative
  /// pool.
  func cancel(operation id: UInt64) {
    let mustSend = locked { () -> Bool in
      guard operation == id else { return false }
      isCancelled = true
      guard isInFlight, !isSending, handle != nil else { return false }
      isSending = true
      return true
    }
    if mustSend { startSender() }
  }

  private func startSender() {
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<StatementGate>.fromOpaque(argument).takeRetainedValue().send()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(result == 0, "no thread for a cancel")
    pthread_detach(thread)
  }

  private func send() {
    // The handle cannot be freed meanwhile: adopt waits for isSending.
    let target = locked { handle }
    var message = [CChar](repeating: 0, count: 256)
    _ = PQcancel(target, &message, Int32(message.count))
    locked {
      isSending = false
      pthread_cond_broadcast(condition)
    }
  }
}
