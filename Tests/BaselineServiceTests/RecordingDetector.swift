import EvidenceContract
import FindingsContract
import Locking
import RPC
import SeriesContract

/// A detector that keeps what it was shown, and may refuse.
final class RecordingDetector: DetectorHandler {
  struct Seen: Sendable {
    /// The bytes of each request by bucket and first customer, in the order of coming.
    var requests: [String: [[UInt8]]] = [:]
    var notified: Set<Int32> = []
    var revisions: [UInt32] = []
    /// The reviews that were opened and closed, in the order of coming.
    var opened: [OpenReviewRequest] = []
    var closed: [CloseReviewRequest] = []
    var rows = 0
    var calls = 0
    /// Refuses the call of this number and all after it.
    var refusesFrom = Int.max
    /// Parts of reviews are refused, as by an earlier release that is still at work.
    var knowsNoReviews = false
    var refusal = RPCError(.unavailable, "the detector is away")
  }

  let seen = Locked(Seen())

  /// Tells each refusal.
  let refusals: AsyncStream<Void>
  private let refusing: AsyncStream<Void>.Continuation

  init() { (refusals, refusing) = AsyncStream.makeStream() }

  func judge(
    _ request: JudgeRequest, context: CallContext
  ) async throws(RPCError) -> JudgeResponse {
    guard let evidence = request.evidence else {
      throw RPCError(.invalidArgument, "evidence is missing")
    }
    let bytes: [UInt8]
    do throws(WireError) {
      bytes = try request.wireBytes()
    } catch {
      throw RPCError(.internal, "\(error)")
    }
    try seen.withLock { seen throws(RPCError) in
      seen.calls += 1
      if seen.calls >= seen.refusesFrom {
        refusing.yield()
        throw seen.refusal
      }
      let customer = evidence.customers.first?.externalID ?? ""
      seen.requests["\(evidence.bucket)/\(customer)", default: []].append(bytes)
      seen.rows += evidence.customerIndex.count
      seen.revisions.append(evidence.revision)
      if request.notify { seen.notified.insert(evidence.bucket) }
    }
    var response = JudgeResponse()
    response.seriesJudged = Int64(evidence.customerIndex.count)
    response.findings = 1
    return response
  }

  func judgeForReview(
    _ request: JudgeRequest, context: CallContext
  ) async throws(RPCError) -> JudgeResponse {
    if seen.withLock({ $0.knowsNoReviews }) {
      refusing.yield()
      throw RPCError(.unimplemented, "an earlier release")
    }
    return try await judge(request, context: context)
  }

  func openReview(
    _ request: OpenReviewRequest, context: CallContext
  ) async throws(RPCError) -> OpenReviewResponse {
    seen.withLock { $0.opened.append(request) }
    var response = OpenReviewResponse()
    response.fromBucket = request.firstBucket
    return response
  }

  func closeReview(
    _ request: CloseReviewRequest, context: CallContext
  ) async throws(RPCError) -> CloseReviewResponse {
    seen.withLock { $0.closed.append(request) }
    return CloseReviewResponse()
  }

  func evaluate(
    _ request: EvaluateRequest, context: CallContext
  ) async throws(RPCError) -> EvaluateResponse {
    throw RPCError(.unimplemented, "not in this test")
  }
}
