internal import CNanomsg
internal import Locking

/// One request context with its aio: at most one exchange at a time.
///
/// An exchange is a send, then a receive. The step from one to the other is made inside libnng's
/// callback, so that the waiting task is resumed once. Why it is sound:
/// * the state is only touched under its lock, and the waiter is taken out once;
/// * the callback's context is this object, and its last act is to resume the waiter, without
///   whom nobody can drop the object;
/// * `nng_aio_cancel` is only called under the lock while a waiter is present, that is for the
///   exchange under way and never for a later one;
/// * a cancel that falls between two operations finds nothing to cancel and libnng forgets it, so
///   `stop` is looked at again after each start;
/// * `nng_aio_stop` is never used: an operation begun on a stopped aio never calls back.
final class NanomsgExchange: Sendable {
  /// Why an exchange is ended early.
  enum Stop: Sendable {
    case cancelled
    case overdue
    case unreachable
  }

  private struct State {
    /// Which exchange this is; a late cancel of an earlier one must not strike it.
    var run: UInt64 = 0
    var waiter: UnsafeContinuation<Int32, Never>?
    var isSending = false
    var stop: Stop?
    var deadlineMilliseconds: UInt64 = .max
  }

  private let state = Locked(State())
  private let context: nng_ctx
  // Written once, before the object is shared.
  nonisolated(unsafe) private var aio: OpaquePointer?

  init(socket: nng_socket) throws(NanomsgError) {
    var context = nng_ctx()
    try NanomsgError.check(nng_ctx_open(&context, socket), "open a request context")
    self.context = context
    let number = nng_aio_alloc(
      &aio,
      { argument in
        guard let argument else { return }
        Unmanaged<NanomsgExchange>.fromOpaque(argument).takeUnretainedValue().operationEnded()
      }, Unmanaged.passUnretained(self).toOpaque())
    guard number == 0 else {
      nng_ctx_close(context)
      throw NanomsgError(number: number, "allocate an aio")
    }
  }

  deinit {
    nng_ctx_close(context)
    // Not `nng_aio_free`, which waits for the callback: the last reference may be dropped by a
    // task that runs inside it. The callback touches nothing of this object after its resume.
    nng_aio_reap(aio)
  }

  /// Sends the request and waits for the reply, the deadline, or the caller's cancellation.
  func run(
    _ request: consuming NanomsgMessage, deadlineMilliseconds: UInt64
  ) async throws(NanomsgError) -> NanomsgMessage {
    let box = HandleBox(handle: request.release())
    let run = state.withLock { state in
      state = State(
        run: state.run + 1, isSending: true, deadlineMilliseconds: deadlineMilliseconds)
      return state.run
    }
    let number = await withTaskCancellationHandler {
      await withUnsafeContinuation { waiter in begin(run, box.handle, waiter) }
    } onCancel: {
      cancel(run)
    }
    let (wasSending, stop) = state.withLock { ($0.isSending, $0.stop) }
    let message = nng_aio_get_msg(aio)
    nng_aio_set_msg(aio, nil)
    if number == 0, !wasSending, let message {
      return NanomsgMessage(adopting: message)
    }
    // A send that failed hands the request back.
    if let message, wasSending || number == 0 { nng_msg_free(message) }
    switch stop {
    case .overdue: throw NanomsgError(.timedOut, "no reply within the deadline")
    case .cancelled: throw NanomsgError(.cancelled, "the caller gave up")
    case .unreachable: throw NanomsgError(.unreachable, "nobody is connected")
    case nil: throw NanomsgError(number: number, "exchange")
    }
  }

  /// Ends the exchange when it is overdue, or cannot be sent for want of a connection.
  func sweep(nowMilliseconds: UInt64, isConnected: Bool) {
    state.withLock { state in
      guard state.waiter != nil, state.stop == nil else { return }
      if nowMilliseconds >= state.deadlineMilliseconds {
        state.stop = .overdue
      } else if state.isSending, !isConnected {
        state.stop = .unreachable
      } else {
        return
      }
      nng_aio_cancel(aio)
    }
  }

  private func begin(
    _ run: UInt64, _ request: OpaquePointer, _ waiter: UnsafeContinuation<Int32, Never>
  ) {
    state.withLock { $0.waiter = waiter }
    nng_aio_set_msg(aio, request)
    nng_ctx_send(context, aio)
    // The cancellation handler may have run before there was an operation to cancel.
    cancelIfStopped(run)
  }

  private func cancel(_ run: UInt64) {
    state.withLock { state in
      guard state.run == run else { return }
      state.stop = state.stop ?? .cancelled
      if state.waiter != nil { nng_aio_cancel(aio) }
    }
  }

  private func cancelIfStopped(_ run: UInt64) {
    state.withLock { state in
      if state.run == run, state.waiter != nil, state.stop != nil { nng_aio_cancel(aio) }
    }
  }

  /// libnng's callback, on one of its threads.
  private func operationEnded() {
    let number = nng_aio_result(aio)
    let (run, waiter) = state.withLock { state in
      if number == 0, state.isSending {
        state.isSending = false
        if state.stop == nil {
          return (state.run, UnsafeContinuation<Int32, Never>?.none)
        }
        // Sent, but nobody waits for the reply any more; libnng owns the request now.
      }
      defer { state.waiter = nil }
      return (state.run, state.waiter)
    }
    guard let waiter else {
      nng_ctx_recv(context, aio)
      cancelIfStopped(run)
      return
    }
    waiter.resume(returning: number)
  }
}
