import EvidenceContract
import Locking
import RPC

/// A baseline that keeps the settings that it is handed, and can be away.
final class FakeBaseline: BaselineHandler {
  private struct State {
    var taken: [TakeSettingsRequest] = []
    /// Of the last change that it knows.
    var held = TakeSettingsRequest()
    var refusals: [RPCError] = []
    var waiters: [(sequence: Int64, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Locked(State())

  /// What was handed over, in the order of coming.
  var taken: [TakeSettingsRequest] { state.withLock { $0.taken } }

  /// Answers the next calls with these errors.
  func refuse(_ errors: [RPCError]) { state.withLock { $0.refusals += errors } }

  /// Lets it know a change, as one that has seen more than who hands over.
  func hold(_ settings: TakeSettingsRequest) { state.withLock { $0.held = settings } }

  /// What it judges by.
  var held: TakeSettingsRequest { state.withLock { $0.held } }

  /// Waits until the settings of a change have come; the test's time limit ends a wait in vain.
  func wait(for sequence: Int64) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.taken.contains(where: { $0.sequence >= sequence }) { return true }
        state.waiters.append((sequence, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  func takeSettings(
    _ request: TakeSettingsRequest, context: CallContext
  ) async throws(RPCError) -> TakeSettingsResponse {
    let refusal = state.withLock { $0.refusals.isEmpty ? nil : $0.refusals.removeFirst() }
    if let refusal { throw refusal }
    let held = state.withLock { state in
      if request.sequence > state.held.sequence { state.held = request }
      return state.held
    }
    var response = TakeSettingsResponse()
    response.sequence = held.sequence
    if held.sequence > request.sequence { return response }
    if held != request {
      throw RPCError(.failedPrecondition, field: "sequence", reason: "other_settings", "")
    }
    let woken = state.withLock { state in
      if request.sequence > 0 { state.taken.append(request) }
      let woken = state.waiters.filter { $0.sequence <= request.sequence }
      state.waiters.removeAll { $0.sequence <= request.sequence }
      return woken
    }
    for waiter in woken { waiter.continuation.resume() }
    return response
  }

  func closeBucket(
    _ request: CloseBucketRequest, context: CallContext
  ) async throws(RPCError) -> CloseBucketResponse { throw RPCError(.unimplemented, "") }

  func startScan(
    _ request: StartScanRequest, context: CallContext
  ) async throws(RPCError) -> StartScanResponse { throw RPCError(.unimplemented, "") }

  func getScan(
    _ request: GetScanRequest, context: CallContext
  ) async throws(RPCError) -> GetScanResponse { throw RPCError(.unimplemented, "") }

  func observe(
    _ request: ObserveRequest, context: CallContext
  ) async throws(RPCError) -> ObserveResponse { throw RPCError(.unimplemented, "") }

  func getBaseline(
    _ request: GetBaselineRequest, context: CallContext
  ) async throws(RPCError) -> GetBaselineResponse { throw RPCError(.unimplemented, "") }

  func putCalendar(
    _ request: PutCalendarRequest, context: CallContext
  ) async throws(RPCError) -> PutCalendarResponse { throw RPCError(.unimplemented, "") }

  func listCalendar(
    _ request: ListCalendarRequest, context: CallContext
  ) async throws(RPCError) -> ListCalendarResponse { throw RPCError(.unimplemented, "") }

  func removeCalendarEntries(
    _ request: RemoveCalendarEntriesRequest, context: CallContext
  ) async throws(RPCError) -> RemoveCalendarEntriesResponse { throw RPCError(.unimplemented, "") }

  func explain(
    _ request: ExplainRequest, context: CallContext
  ) async throws(RPCError) -> ExplainResponse { throw RPCError(.unimplemented, "") }
}
