/// One call with what stays the same over its attempts.
final class OutgoingCall: Sendable {
  let method: RPCMethod
  let requestID: RequestID
  let deadline: Deadline
  let trace: TraceContext
  let options: CallOptions

  init(
    _ method: RPCMethod, requestID: RequestID, deadline: Deadline, trace: TraceContext,
    options: CallOptions
  ) {
    self.method = method
    self.requestID = requestID
    self.deadline = deadline
    self.trace = trace
    self.options = options
  }

  /// A call that begins now.
  convenience init(_ method: RPCMethod, _ options: CallOptions) {
    self.init(
      method, requestID: RequestID(), deadline: options.effectiveDeadline,
      trace: options.trace?.child() ?? .begin(), options: options)
  }

  /// Waits until the attempt after the failed one may be made.
  ///
  /// - Parameters:
  ///   - error: Why the attempt failed.
  ///   - number: Which attempt it was, from 1.
  ///   - budget: What the caller may spend on retries.
  /// - Throws: The error itself when no further attempt is to be made; CANCELLED when the caller
  ///   gave up while it waited.
  func waitToRetry(
    after error: RPCError, attempt number: Int, budget: RetryBudget
  ) async throws(RPCError) {
    guard error.code == .unavailable, method.isIdempotent, number < options.retries.attempts
    else { throw error }
    let wait = options.retries.waitMilliseconds(
      afterAttempt: number, chance: CallNumbers.chance(),
      pushBackMilliseconds: error.retryAfterMilliseconds)
    guard wait < deadline.remainingMilliseconds, budget.take() else { throw error }
    do {
      try await Task.sleep(for: .milliseconds(wait))
    } catch {
      throw RPCError(.cancelled, "the caller gave up between two attempts")
    }
  }
}
