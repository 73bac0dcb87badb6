import Baselines
import EvidenceContract
import FindingsContract
import RPC
import SeriesContract

extension DetectorClient {
  /// Begins a review; the answer is the bucket to judge from, one for each that was asked of.
  ///
  /// - Throws: UNAVAILABLE as well when a release that knows of no reviews is still at work: it is
  ///   waited for.
  func open(_ request: OpenReviewRequest) async throws -> [Int32] {
    let answer = try await whenReady { () async throws(RPCError) in
      try await openReview(request, options: RangeReview.options)
    }
    guard answer.fromBucket.count == request.firstBucket.count else {
      throw RPCError(.internal, "the review was answered for another number of customers")
    }
    return answer.fromBucket
  }

  /// Judges evidence as a part of a review.
  ///
  /// - Returns: How many findings there were.
  /// - Throws: UNAVAILABLE as well when a release that knows of no reviews is still at work.
  func judge(
    _ evidence: Baselines.EvidenceBatch, notify: Bool, for review: WireUUID
  ) async throws -> Int64 {
    var request = JudgeRequest()
    request.evidence = EvidenceContract.EvidenceBatch(evidence)
    request.notify = notify
    request.reviewID = review.bytes
    let wanted = request
    return try await whenReady { () async throws(RPCError) in
      try await judgeForReview(wanted, options: RangeReview.options)
    }.findings
  }

  private func whenReady<Answer>(
    _ call: () async throws(RPCError) -> Answer
  ) async throws(RPCError) -> Answer {
    do throws(RPCError) {
      return try await call()
    } catch {
      guard error.code == .unimplemented else { throw error }
      throw RPCError(.unavailable, "a stage is not ready for reviews: \(error.message)")
    }
  }
}
