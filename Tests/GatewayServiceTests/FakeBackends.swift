import AnomalyContract
import EvidenceContract
import FindingsContract
import Locking
import PointsContract
import RPC
import SeriesContract

private func unimplemented<Answer>() throws(RPCError) -> Answer {
  throw RPCError(.unimplemented, "not part of the fake")
}

/// What all fakes can be told to do instead of answering.
final class Mood: Sendable {
  private let failure = Locked<RPCError?>(nil)

  func fail(with error: RPCError?) { failure.withLock { $0 = error } }

  func check() throws(RPCError) {
    if let error = failure.withLock({ $0 }) { throw error }
  }
}

/// Ingest with one customer: daily and weekly series with closed buckets, hourly ones without.
struct FakeIngest: IngestHandler {
  static let customerID = [UInt8](1...16)
  let mood: Mood
  let traces = Locked<[String]>([])

  func getCustomer(
    _ request: GetCustomerRequest, context: CallContext
  ) async throws(RPCError) -> GetCustomerResponse {
    try mood.check()
    traces.withLock { $0.append(context.trace.traceID) }
    guard ["dataflow", "a/b c", "01020304-0506-0708-090a-0b0c0d0e0f10"].contains(request.customer)
    else {
      throw RPCError(
        .notFound, field: "customer", reason: "unknown_customer", "no customer of this id")
    }
    var response = GetCustomerResponse()
    response.customer = .dataFlow
    return response
  }

  func getCompleteness(
    _ request: GetCompletenessRequest, context: CallContext
  ) async throws(RPCError) -> GetCompletenessResponse {
    try mood.check()
    var response = GetCompletenessResponse()
    if request.granularity != .fiveMinutes { response.series = 7 }
    response.anyClosed = request.granularity == .day || request.granularity == .week
    return response
  }

  func putCustomers(
    _ request: PutCustomersRequest, context: CallContext
  ) async throws(RPCError) -> PutCustomersResponse { try unimplemented() }
  func putMetrics(
    _ request: PutMetricsRequest, context: CallContext
  ) async throws(RPCError) -> PutMetricsResponse { try unimplemented() }
  func putPoints(
    _ request: PutPointsRequest, context: CallContext
  ) async throws(RPCError) -> PutPointsResponse { try unimplemented() }
  func listCustomers(
    _ request: ListCustomersRequest, context: CallContext
  ) async throws(RPCError) -> ListCustomersResponse { try unimplemented() }
  func listMetrics(
    _ request: ListMetricsRequest, context: CallContext
  ) async throws(RPCError) -> ListMetricsResponse { try unimplemented() }
  func advanceWatermark(
    _ request: AdvanceWatermarkRequest, context: CallContext
  ) async throws(RPCError) -> AdvanceWatermarkResponse { try unimplemented() }
  func queryPoints(
    _ request: QueryPointsRequest, context: CallContext
  ) async throws(RPCError) -> QueryPointsResponse { try unimplemented() }
}

/// A classifier that holds the anomalies it is given and dismisses them.
struct FakeClassifier: ClassifierHandler {
  let mood: Mood
  let anomalies = Locked<[Anomaly]>([])
  let questions = Locked<[ListAnomaliesRequest]>([])
  let wishes = Locked<[TransitionRequest]>([])

  func listAnomalies(
    _ request: ListAnomaliesRequest, context: CallContext
  ) async throws(RPCError) -> ListAnomaliesResponse {
    try mood.check()
    questions.withLock { $0.append(request) }
    let all = anomalies.withLock { $0 }
    let start = request.page.flatMap { Int($0.pageToken) } ?? 0
    let size = request.page.map { Int($0.pageSize) } ?? 0
    let end = min(all.count, start + (size == 0 ? 50 : size))
    var response = ListAnomaliesResponse()
    response.anomalies = Array(all[start..<end])
    if end < all.count { response.nextPageToken = String(end) }
    return response
  }

  func openReview(
    _ request: OpenReviewRequest, context: CallContext
  ) async throws(RPCError) -> OpenReviewResponse { try unimplemented() }

  func keepForReview(
    _ request: ClassifyRequest, context: CallContext
  ) async throws(RPCError) -> ClassifyResponse { try unimplemented() }

  func closeReview(
    _ request: CloseReviewRequest, context: CallContext
  ) async throws(RPCError) -> CloseReviewResponse { try unimplemented() }

  func transition(
    _ request: TransitionRequest, context: CallContext
  ) async throws(RPCError) -> TransitionResponse {
    try mood.check()
    wishes.withLock { $0.append(request) }
    let response = anomalies.withLock { anomalies -> TransitionResponse? in
      guard let place = anomalies.firstIndex(where: { $0.id == request.anomalyID }) else {
        return nil
      }
      var response = TransitionResponse()
      response.changed = anomalies[place].state != .dismissed
      if response.changed {
        anomalies[place].state = .dismissed
        anomalies[place].dismissedUnixUs = 1_795_248_123_000_000
        anomalies[place].dismissedBy = request.actorID
        anomalies[place].dismissReason = request.reason
      }
      response.anomaly = anomalies[place]
      return response
    }
    guard let response else { throw RPCError(.notFound, "no anomaly of this id") }
    return response
  }

  func classify(
    _ request: ClassifyRequest, context: CallContext
  ) async throws(RPCError) -> ClassifyResponse { try unimplemented() }
  func getAnomaly(
    _ request: GetAnomalyRequest, context: CallContext
  ) async throws(RPCError) -> GetAnomalyResponse { try unimplemented() }
  func getEvidence(
    _ request: GetEvidenceRequest, context: CallContext
  ) async throws(RPCError) -> GetEvidenceResponse { try unimplemented() }

  func getDecision(
    _ request: GetDecisionRequest, context: CallContext
  ) async throws(RPCError) -> GetDecisionResponse { try unimplemented() }

  func putSettings(
    _ request: PutSettingsRequest, context: CallContext
  ) async throws(RPCError) -> PutSettingsResponse { try unimplemented() }

  func listSettings(
    _ request: ListSettingsRequest, context: CallContext
  ) async throws(RPCError) -> ListSettingsResponse { try unimplemented() }

  func removeSettings(
    _ request: RemoveSettingsRequest, context: CallContext
  ) async throws(RPCError) -> RemoveSettingsResponse { try unimplemented() }
}

/// A baseline whose runs are as far as it is told.
struct FakeBaseline: BaselineHandler {
  let mood: Mood
  let started = Locked<[StartScanRequest]>([])
  let scannedBuckets = Locked<Int64>(0)

  func startScan(
    _ request: StartScanRequest, context: CallContext
  ) async throws(RPCError) -> StartScanResponse {
    try mood.check()
    guard request.granularity == .day || request.granularity == .week else {
      throw RPCError(
        .failedPrecondition, field: "granularity", reason: "nothing_closed",
        "no bucket of this granularity is closed yet")
    }
    started.withLock { $0.append(request) }
    var response = StartScanResponse()
    response.runID = request.operationID
    return response
  }

  func getScan(
    _ request: GetScanRequest, context: CallContext
  ) async throws(RPCError) -> GetScanResponse {
    try mood.check()
    let scanned = scannedBuckets.withLock { $0 }
    var response = GetScanResponse()
    response.runID = request.runID
    response.seriesDue = 7
    response.bucketsDue = 100
    response.bucketsScanned = scanned
    response.state = scanned == 100 ? .completed : .running
    response.findings = 2
    return response
  }

  func closeBucket(
    _ request: CloseBucketRequest, context: CallContext
  ) async throws(RPCError) -> CloseBucketResponse { try unimplemented() }
  func observe(
    _ request: ObserveRequest, context: CallContext
  ) async throws(RPCError) -> ObserveResponse { try unimplemented() }
  func getBaseline(
    _ request: GetBaselineRequest, context: CallContext
  ) async throws(RPCError) -> GetBaselineResponse { try unimplemented() }
  func putCalendar(
    _ request: PutCalendarRequest, context: CallContext
  ) async throws(RPCError) -> PutCalendarResponse { try unimplemented() }
  func listCalendar(
    _ request: ListCalendarRequest, context: CallContext
  ) async throws(RPCError) -> ListCalendarResponse { try unimplemented() }
  func removeCalendarEntries(
    _ request: RemoveCalendarEntriesRequest, context: CallContext
  ) async throws(RPCError) -> RemoveCalendarEntriesResponse { try unimplemented() }

  func takeSettings(
    _ request: TakeSettingsRequest, context: CallContext
  ) async throws(RPCError) -> TakeSettingsResponse { try unimplemented() }

  func explain(
    _ request: ExplainRequest, context: CallContext
  ) async throws(RPCError) -> ExplainResponse { try unimplemented() }
}

extension SeriesContract.Customer {
  /// The first account of the product's chat example.
  static var dataFlow: SeriesContract.Customer {
    var customer = SeriesContract.Customer()
    customer.id = FakeIngest.customerID
    customer.externalID = "dataflow"
    customer.name = "DataFlow Systems"
    customer.segment = "large"
    customer.owner = "csm@example.com"
    return customer
  }
}

extension Anomaly {
  /// The first anomaly of the product's chat example, with a number for more of them.
  static func fixture(_ number: UInt8 = 1) -> Anomaly {
    var metric = SeriesContract.Metric()
    metric.id = 3
    metric.name = "api_calls"
    metric.displayName = "API calls"
    metric.granularity = .day
    metric.kind = .count
    metric.polarity = .upIsGood
    var anomaly = Anomaly()
    anomaly.id = [UInt8](repeating: number, count: 16)
    anomaly.customer = .dataFlow
    anomaly.metric = metric
    anomaly.type = .drop
    anomaly.severity = .critical
    anomaly.intent = .risk
    anomaly.state = .open
    anomaly.startBucket = 20_000
    anomaly.endBucket = 20_004
    anomaly.durationBuckets = 5
    anomaly.baselineValue = 45_000
    anomaly.actualValue = 15_000
    anomaly.hasDeviationPercent = true
    anomaly.deviationPercent = -66.666_666
    anomaly.score = 7.421
    anomaly.detectedUnixUs = 1_795_248_000_000_000
    anomaly.summary = "67% drop in API calls"
    anomaly.possibleCause = "Integration issue or migration"
    anomaly.actions = ["investigate", "contact_customer"]
    anomaly.revision = 1
    return anomaly
  }

  /// The UUID's text of a fixture.
  static func fixtureID(_ number: UInt8) -> String {
    let byte = String(number, radix: 16)
    let pair = byte.count == 1 ? "0" + byte : byte
    return [4, 2, 2, 2, 6].map { String(repeating: pair, count: $0) }.joined(separator: "-")
  }
}
