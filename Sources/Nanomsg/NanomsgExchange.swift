internal import CNanomsg
internal import Locking
internal import Synchronization

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
///   ``stoppedRun`` is looked at again after each start;
/// * `nng_aio_stop` is never used: an operation begun on a stopped aio never calls back.
final class NanomsgExchange: Sendable {
  /// Why an exchange is ended early.
  enum Stop: Sendable {
    case cancelled
    case overdue
    case unreachable
  }

  /// How an exchange ended.
  private struct Ending: Sendable {
    let number: Int32
    let wasSending: Bool
    let stop: Stop?
  }

  private struct State {
    /// Which exchange this is; a late cancel of an earlier one must not strike it.
    var run: UInt64 = 0
    var waiter: UnsafeContinuation<Ending, Never>?
    var isSending = false
    var stop: Stop?
    var deadlineMilliseconds: UInt64 = .max
  }

  private let state = Locked(State())
  private let runs = Atomic<UInt64>(0)
  /// The exchange that was last asked to stop; beside the state, to be looked at without the lock.
  private let stoppedRun = Atomic<UInt64>(0)
  private let gate: ClosingGate
  private let context: nng_ctx
  // Written once, before the object is shared.
  nonisolated(unsafe) private var aio: OpaquePointer?

  init(socket: nng_socket, gate: ClosingGate) throws(NanomsgError) {
    var context = nng_ctx()
    self.gate = gate
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
    // The context is not closed here: it lives as long as its socket, whose closing takes it along.
    // Not `nng_aio_free`, which waits for the callback: the last reference may be dropped by a
    // task that runs inside it. The callback touches nothing of this object after its resume.
    nng_aio_reap(aio)
  }

  /// Sends the request and waits for the reply, the deadline, or the caller's cancellation.
  func run(
    _ request: consuming NanomsgMessage, deadlineMilliseconds: UInt64
  ) async throws(NanomsgError) -> NanomsgMessage {
    let box = HandleBox(handle: request.release())
    let run = runs.wrappingAdd(1, ordering: .relaxed).newValue
    let ending = await withTaskCancellationHandler {
      await withUnsafeContinuation { waiter in
        state.withLock { state in
          state = State(
            run: run, waiter: waiter, isSending: true, deadlineMilliseconds: deadlineMilliseconds)
        }
        nng_aio_set_msg(aio, box.handle)
        start(run) { nng_ctx_send(context, aio) }
      }
    } onCancel: {
      stop(run, .cancelled)
    }
    let message = nng_aio_get_msg(aio)
    nng_aio_set_msg(aio, nil)
    if ending.number == 0, !ending.wasSending, let message {
      return NanomsgMessage(adopting: message)
    }
    // A send that failed hands the request back.
    if let message, ending.wasSending || ending.number == 0 { nng_msg_free(message) }
    switch ending.stop {
    case .overdue: throw NanomsgError(.timedOut, "no reply within the deadline")
    case .cancelled: throw NanomsgError(.cancelled, "the caller gave up")
    case .unreachable: throw NanomsgError(.unreachable, "nobody is connected")
    case nil: throw NanomsgError(number: ending.number, "exchange")
    }
  }

  /// Ends the exchange when it is overdue, or cannot be sent for want of a connection.
  func sweep(nowMilliseconds: UInt64, isConnected: Bool) {
    let (run, reason) = state.withLock { state -> (UInt64, Stop?) in
      guard state.waiter != nil, state.stop == nil else { return (state.run, nil) }
      if nowMilliseconds >= state.deadlineMilliseconds { return (state.run, .overdue) }
      return (state.run, state.isSending && !isConnected ? .unreachable : nil)
    }
    if let reason { stop(run, reason) }
  }

  /// Asks the exchange to end, which its callback then does.
  private func stop(_ run: UInt64, _ reason: Stop) {
    stoppedRun.store(run, ordering: .sequentiallyConsistent)
    state.withLock { state in
      guard state.run == run, state.waiter != nil else { return }
      state.stop = state.stop ?? reason
      // A socket that closes ends the operation anyway.
      _ = gate.enter { nng_aio_cancel(aio) }
    }
  }

  /// Starts an operation; when the socket is closed, the exchange ends instead.
  private func start(_ run: UInt64, _ operation: () -> Void) {
    guard gate.enter(operation) else { return end(Int32(NNG_ECLOSED.rawValue)) }
    // It may have been asked to stop before there was an operation to cancel.
    if stoppedRun.load(ordering: .sequentiallyConsistent) == run { stop(run, .cancelled) }
  }

  /// libnng's callback, on one of its threads.
  private func operationEnded() {
    let number = nng_aio_result(aio)
    let receivingRun = state.withLock { state -> UInt64? in
      guard number == 0, state.isSending else { return nil }
      // Sent: libnng owns the request now. Nobody waits for the reply of one that was stopped.
      state.isSending = false
      return state.stop == nil ? state.run : nil
    }
    guard let receivingRun else { return end(number) }
    start(receivingRun) { nng_ctx_recv(context, aio) }
  }

  private func end(_ number: Int32) {
    let (waiter, ending) = state.withLock { state in
      defer { state.waiter = nil }
      return (
        state.waiter, Ending(number: number, wasSending: state.isSending, stop: state.stop)
      )
    }
    waiter?.resume(returning: ending)
  }
}
