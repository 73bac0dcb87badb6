/// What makes calls: a channel to one backend, or a balancer over several.
public protocol RPCCaller: Sendable {
  /// Makes one call and waits for its answer.
  ///
  /// - Throws: ``RPCError`` of the server, or UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED of this
  ///   side.
  func call<Request: WireMessage, Response: WireMessage>(
    _ method: RPCMethod, _ request: Request, options: CallOptions
  ) async throws(RPCError) -> Response
}
