internal import Locking
internal import Nanomsg

/// One request on its way through a server.
///
/// `@unchecked Sendable`: the request is taken out once, by the task that runs the handler, before
/// anyone else could; all else is constant or under the lock.
final class ServerCall: @unchecked Sendable {
  private struct State {
    var task: Task<Void, Never>?
    var isAnswered = false
  }

  let handler: RPCMethodHandler
  let context: CallContext
  let ticket: NanomsgReplyTicket
  let startedMicroseconds: Int64
  /// By the sweeper's clock.
  let deadlineMilliseconds: UInt64
  /// Whether the call counts against the limit of calls in flight.
  let isAdmitted: Bool
  /// Where the server keeps the call while it runs.
  var slot = 0

  private var request: NanomsgMessage?
  private let state = Locked(State())

  init(
    handler: RPCMethodHandler, context: CallContext, ticket: NanomsgReplyTicket,
    isAdmitted: Bool, request: consuming NanomsgMessage
  ) {
    self.handler = handler
    self.context = context
    self.ticket = ticket
    self.isAdmitted = isAdmitted
    self.startedMicroseconds = Deadline.now.unixMicroseconds
    self.deadlineMilliseconds =
      Sweeper.nowMilliseconds + UInt64(context.deadline.remainingMilliseconds)
    self.request = consume request
  }

  /// Reads the request, runs the handler and gives back the framed answer.
  func run() async throws(RPCError) -> NanomsgMessage {
    let prepared = try prepare()
    return try await prepared(context)
  }

  /// Reads the request and frees its bytes.
  private func prepare() throws(RPCError) -> PreparedCall {
    guard let request = request.take() else {
      throw RPCError(.internal, "the request was taken before")
    }
    return try request.withBytes { bytes throws(RPCError) in
      try handler.prepare(Frame.Parts.payload(ofChecked: bytes))
    }
  }

  /// Claims the right to answer; true for the first claim only.
  func claimAnswer() -> Bool {
    state.withLock { state in
      defer { state.isAnswered = true }
      return !state.isAnswered
    }
  }

  /// Notes the task that runs the handler, which is cancelled at once if the call is answered.
  func attach(_ task: Task<Void, Never>) {
    let isAnswered = state.withLock { state in
      if !state.isAnswered { state.task = task }
      return state.isAnswered
    }
    if isAnswered { task.cancel() }
  }

  /// Asks the handler to stop.
  func cancel() {
    state.withLock { $0.task }?.cancel()
  }
}
