internal import Classification
internal import Detection
internal import FindingsContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel

/// What is asked of the end of a review.
struct ReviewWish: Sendable, Hashable {
  /// From where on a customer was judged again, and why.
  struct Part: Sendable, Hashable {
    var from: Int32
    var cause: Classification.ReviewCause
    var detail: String
  }

  /// The most customers of a review.
  static let customersLimit = 1_000

  var id: PostgresUUID
  var granularity: SeriesModel.Granularity
  var through: Int32
  var revision: UInt32
  var notifiesHistory: Bool
  /// Empty where the events of cohorts are looked at.
  var customers: [CustomerID: Part]
  /// Where the events of cohorts are looked at.
  var cohorts: Part?
  /// Batches that were handed over.
  var batches: Int

  /// The first bucket that any of it was judged again from.
  var from: Int32 { customers.values.map(\.from).min() ?? cohorts?.from ?? through }
}

extension ReviewWish {
  /// Reads a request.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  init(_ request: CloseReviewRequest) throws(RPCError) {
    let id = try WireUUID(bytes: request.reviewID, field: "review_id")
    self.id = PostgresUUID(high: id.high, low: id.low)
    granularity = try SeriesModel.Granularity(request.granularity, field: "granularity")
    through = request.throughBucket
    revision = request.revision
    notifiesHistory = request.notifyHistory
    batches = Int(request.batches)
    customers = [:]
    try Self.checkCount(request.customers.count)
    for (place, each) in request.customers.enumerated() {
      let customer = try WireUUID(
        bytes: each.customerID, field: "customers[\(place)].customer_id")
      let part = try Part(
        from: each.fromBucket, each.cause, each.detail, field: "customers[\(place)].")
      guard customers.updateValue(part, forKey: CustomerID(customer)) == nil else {
        throw RPCError(
          .invalidArgument, field: "customers[\(place)].customer_id", reason: "duplicate_row",
          "customers[\(place)].customer_id stands twice")
      }
    }
    if customers.isEmpty {
      cohorts = try Part(from: request.fromBucket, request.cause, request.detail, field: "")
    }
  }

  /// Refuses a batch that is of something else than the review.
  ///
  /// - Throws: ``ClassifierError`` with `badRequest` that says what is wrong.
  func check(_ batch: JudgedBatch) throws(ClassifierError) {
    let findings = batch.findings
    let stranger = findings.customers.first { customers[$0.id] == nil }
    let fault: String? =
      if findings.bucket.granularity != granularity {
        "is of another granularity"
      } else if findings.revision != revision {
        "has revision \(findings.revision) and not \(revision)"
      } else if batch.bucket < from || batch.bucket > through {
        "lies outside of \(from) to \(through)"
      } else if let stranger {
        "speaks of the customer \(stranger.externalID), of whom the review is not"
      } else {
        nil
      }
    guard let fault else { return }
    throw ClassifierError(
      .badRequest, field: "review_id", "the review's batch of bucket \(batch.bucket) \(fault)")
  }

  /// Refuses more customers than a review may have.
  static func checkCount(_ count: Int) throws(RPCError) {
    guard count > customersLimit else { return }
    throw RPCError(
      .invalidArgument, field: "customers", reason: "too_many",
      "customers may hold \(customersLimit) entries and has \(count)")
  }
}

extension ReviewWish.Part {
  fileprivate init(
    from: Int32, _ wire: FindingsContract.ReviewCause, _ detail: String, field: String
  ) throws(RPCError) {
    guard let raw = UInt8(exactly: wire.rawValue),
      let cause = Classification.ReviewCause(rawValue: raw)
    else { throw WireLimits.unknownEnum(wire.rawValue, "\(field)cause") }
    try WireLimits.text(detail, bytes: 200, "\(field)detail")
    self.init(from: from, cause: cause, detail: detail)
  }
}
