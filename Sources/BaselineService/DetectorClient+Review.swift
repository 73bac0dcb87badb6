import FindingsContract
import RPC

extension DetectorClient {
  /// Begins a review; the answer is the bucket to judge from, one for each that was asked of.
  ///
  /// - Throws: UNAVAILABLE as well when a release that knows of no reviews is still at work: it is
  ///   waited for.
  func open(_ request: OpenReviewRequest) async throws -> [Int32] {
    let answer: OpenReviewResponse
    do throws(RPCError) {
      answer = try await openReview(request, options: RangeReview.options)
    } catch {
      guard error.code == .unimplemented else { throw error }
      throw RPCError(.unavailable, "a stage is not ready for reviews: \(error.message)")
    }
    guard answer.fromBucket.count == request.firstBucket.count else {
      throw RPCError(.internal, "the review was answered for another number of customers")
    }
    return answer.fromBucket
  }
}
