internal import Classification
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
    customers = [:]
    try Self.checkCount(request.customers.count)
    for (place, each) in request.customers.enumerated() {
      let customer = try WireUUID(
        bytes: each.customerID, field: "customers[\(place)].customer_id")
      customers[CustomerID(customer)] = try Part(
        from: each.fromBucket, each.cause, each.detail, field: "customers[\(place)].")
    }
    if customers.isEmpty {
      cohorts = try Part(from: request.fromBucket, request.cause, request.detail, field: "")
    }
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
