internal import AnomalyContract
internal import Classification
internal import Detection
internal import FindingsContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel

extension ClassifierEndpoint {
  func openReview(
    _ request: OpenReviewRequest, context: CallContext
  ) async throws(RPCError) -> OpenReviewResponse {
    let id = try WireUUID(bytes: request.reviewID, field: "review_id")
    let granularity = try SeriesModel.Granularity(request.granularity, field: "granularity")
    try ReviewWish.checkCount(request.customerIds.count)
    var customers: [CustomerID] = []
    for (place, bytes) in request.customerIds.enumerated() {
      customers.append(
        CustomerID(try WireUUID(bytes: bytes, field: "customer_ids[\(place)]")))
    }
    if customers.isEmpty { customers = [SeriesModel.Customer.everyone(in: "").id] }
    guard request.firstBucket.count == customers.count else {
      throw RPCError(
        .invalidArgument, field: "first_bucket", reason: "wrong_length",
        "first_bucket must have \(customers.count) entries and has \(request.firstBucket.count)")
    }
    let changes = zip(customers, request.firstBucket).map { (customer: $0, first: $1) }
    var response = OpenReviewResponse()
    response.fromBucket = try await answering {
      try await store.openReview(
        PostgresUUID(high: id.high, low: id.low), granularity, changes: changes)
    }
    return response
  }

  func keepForReview(
    _ request: ClassifyRequest, context: CallContext
  ) async throws(RPCError) -> ClassifyResponse {
    let id = try WireUUID(bytes: request.reviewID, field: "review_id")
    let (batch, wire) = try Self.batch(request)
    let bytes: [UInt8]
    do throws(WireError) {
      bytes = try wire.wireBytes()
    } catch {
      throw RPCError(.internal, "findings cannot be kept: \(error.description)")
    }
    try await answering {
      try await store.keep(batch, bytes, of: PostgresUUID(high: id.high, low: id.low))
    }
    return ClassifyResponse()
  }

  func closeReview(
    _ request: CloseReviewRequest, context: CallContext
  ) async throws(RPCError) -> CloseReviewResponse {
    let wish = try ReviewWish(request)
    let summary = try await answering {
      try await store.closeReview(wish) { figures.count($0) }
    }
    var response = CloseReviewResponse()
    response.opened = summary.opened
    response.changed = summary.changed
    response.resolved = summary.resolved
    response.withdrawn = summary.withdrawn
    return response
  }
}
