internal import CNanomsg
internal import Locking

/// One reply context with its aio: takes a request, waits for the answer, sends it, and again.
///
/// While a request is being answered no operation runs on the aio, so the answer may come from any
/// thread; the generation lets only the first one through. From ``begin()`` on the context keeps
/// itself alive, because libnng may still call back when the socket is closed and forgotten; the
/// callback that reports the closing lets it go.
final class NanomsgReplyContext: Sendable {
  private enum Phase {
    case receiving
    case answering
    case sending
    case closed
  }

  private struct State {
    var phase = Phase.receiving
    var generation: UInt64 = 0
  }

  private enum Step {
    case receive
    case take(generation: UInt64)
    case freeReply
    case end(freesReply: Bool)
  }

  /// Which of its socket's contexts this is.
  let index: Int

  private let state = Locked(State())
  private let receiver: NanomsgReplySocket.Receiver
  private let gate: ClosingGate
  private let context: nng_ctx
  // Written once, before the object is shared.
  nonisolated(unsafe) private var aio: OpaquePointer?

  init(
    socket: nng_socket, gate: ClosingGate, index: Int,
    receiver: @escaping NanomsgReplySocket.Receiver
  ) throws(NanomsgError) {
    var context = nng_ctx()
    try NanomsgError.check(nng_ctx_open(&context, socket), "open a reply context")
    self.context = context
    self.receiver = receiver
    self.gate = gate
    self.index = index
    let number = nng_aio_alloc(
      &aio,
      { argument in
        guard let argument else { return }
        Unmanaged<NanomsgReplyContext>.fromOpaque(argument).takeUnretainedValue().operationEnded()
      }, Unmanaged.passUnretained(self).toOpaque())
    guard number == 0 else {
      nng_ctx_close(context)
      throw NanomsgError(number: number, "allocate an aio")
    }
  }

  deinit {
    // The context is not closed here: the closing of the socket takes it along.
    nng_aio_reap(aio)
  }

  /// Waits for the first request.
  func begin() {
    _ = Unmanaged.passRetained(self)
    receive()
  }

  func reply(_ message: consuming NanomsgMessage, generation: UInt64) -> Bool {
    guard leaveAnswering(generation, for: .sending) else { return false }
    let answer = HandleBox(handle: message.release())
    start {
      nng_aio_set_msg(aio, answer.handle)
      nng_ctx_send(context, aio)
    } orWhenClosed: {
      nng_msg_free(answer.handle)
    }
    return true
  }

  func drop(generation: UInt64) {
    guard leaveAnswering(generation, for: .receiving) else { return }
    receive()
  }

  private func receive() {
    start {
      nng_ctx_recv(context, aio)
    } orWhenClosed: {
    }
  }

  /// Starts an operation, unless the socket was closed.
  ///
  /// When nothing is started no callback comes, so the context lets itself go here.
  private func start(_ operation: () -> Void, orWhenClosed giveUp: () -> Void) {
    guard !gate.enter(operation) else { return }
    giveUp()
    state.withLock { $0.phase = .closed }
    Unmanaged.passUnretained(self).release()
  }

  private func leaveAnswering(_ generation: UInt64, for phase: Phase) -> Bool {
    state.withLock { state in
      guard state.phase == .answering, state.generation == generation else { return false }
      state.phase = phase
      return true
    }
  }

  /// libnng's callback, on one of its threads.
  private func operationEnded() {
    let number = nng_aio_result(aio)
    switch nextStep(after: number) {
    case .take(let generation):
      guard let message = nng_aio_get_msg(aio) else { return }
      nng_aio_set_msg(aio, nil)
      receiver(
        NanomsgMessage(adopting: message),
        NanomsgReplyTicket(context: self, generation: generation))
    case .freeReply:
      // The connection that asked is gone: the reply comes back and nobody wants it.
      freeReply()
      receive()
    case .receive:
      receive()
    case .end(let freesReply):
      if freesReply { freeReply() }
      Unmanaged.passUnretained(self).release()
    }
  }

  private func freeReply() {
    if let message = nng_aio_get_msg(aio) { nng_msg_free(message) }
    nng_aio_set_msg(aio, nil)
  }

  private func nextStep(after number: Int32) -> Step {
    state.withLock { state in
      let wasSending = state.phase == .sending
      guard number != Int32(NNG_ECLOSED.rawValue) else {
        state.phase = .closed
        return .end(freesReply: wasSending)
      }
      if wasSending {
        state.phase = .receiving
        return number == 0 ? .receive : .freeReply
      }
      guard number == 0 else { return .receive }
      state.phase = .answering
      state.generation += 1
      return .take(generation: state.generation)
    }
  }
}
