/// One call with what stays the same over its attempts.
struct OutgoingCall {
  let method: RPCMethod
  let requestID: [UInt8]
  let deadline: Deadline
  let trace: TraceContext
  let options: CallOptions

  init(_ method: RPCMethod, _ options: CallOptions) {
    self.method = method
    self.options = options
    self.requestID = CallNumbers.sixteenBytes()
    self.deadline = options.effectiveDeadline
    self.trace = options.trace?.child() ?? .begin()
  }

  /// Makes attempts until one succeeds, the policy forbids another, or the budget is spent.
  ///
  /// The budget is what the caller may spend on retries; the closure makes the attempt of the
  /// number that it is given.
  func attempts<Response: Sendable>(
    budget: RetryBudget, _ attempt: (Int) async throws(RPCError) -> Response
  ) async throws(RPCError) -> Response {
    var number = 1
    while true {
      do throws(RPCError) {
        let response = try await attempt(number)
        budget.earn()
        return response
      } catch {
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
        number += 1
      }
    }
  }
}
