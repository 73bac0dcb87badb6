internal import Nanomsg

/// One request on its way through a server.
///
/// `@unchecked Sendable`: the request is taken out once, by the task that runs the handler, before
/// anyone else could; all else is constant.
final class ServerCall: @unchecked Sendable {
  let handler: RPCMethodHandler
  let context: CallContext
  let ticket: NanomsgReplyTicket
  let startedMicroseconds: Int64
  /// By the sweeper's clock.
  let deadlineMilliseconds: UInt64
  /// Whether the call goes to Meta, which no limit refuses.
  let isMeta: Bool

  private var request: NanomsgMessage?

  init(
    handler: RPCMethodHandler, context: CallContext, ticket: NanomsgReplyTicket, isMeta: Bool,
    startedMicroseconds: Int64, request: consuming NanomsgMessage
  ) {
    self.handler = handler
    self.context = context
    self.ticket = ticket
    self.isMeta = isMeta
    self.startedMicroseconds = startedMicroseconds
    self.deadlineMilliseconds =
      Sweeper.nowMilliseconds
      + UInt64(
        context.deadline.remainingMilliseconds(at: Deadline(unixMicroseconds: startedMicroseconds)))
    self.request = consume request
  }

  /// Reads the request, runs the handler and gives back the framed answer.
  func run() async throws(RPCError) -> NanomsgMessage {
    guard !context.deadline.hasPassed else { throw Self.overdue }
    guard let request = request.take() else {
      throw RPCError(.internal, "the request was taken before")
    }
    return try await handler.answer(request, context)
  }

  /// What a call is told that was not answered in time.
  static let overdue = RPCError(
    .deadlineExceeded, "the handler did not end within the deadline")
}
