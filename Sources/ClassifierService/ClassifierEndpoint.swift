internal import AnomalyContract
internal import Classification
internal import Detection
internal import FindingsContract
internal import RPC
internal import SeriesContract
internal import SeriesModel

/// The methods of the contract over the store: reads requests, writes answers, names what is
/// wrong.
struct ClassifierEndpoint: ClassifierHandler {
  /// Anomalies of a page when the request does not say.
  static let pageSizeDefault = 50
  /// The most anomalies of a page.
  static let pageSizeMax = 1_000

  let store: ClassifierStore
  let figures: ClassifierFigures
  let settings: SettingsHandOver

  func classify(
    _ request: ClassifyRequest, context: CallContext
  ) async throws(RPCError) -> ClassifyResponse {
    guard request.reviewID.isEmpty else {
      throw RPCError(
        .invalidArgument, field: "review_id", reason: "not_here",
        "review_id: a part of a review is kept by KeepForReview")
    }
    let (batch, _) = try Self.batch(request)
    let summary = try await answering { try await store.classify(batch) }
    figures.count(summary, rows: batch.findings.count)
    var response = ClassifyResponse()
    response.opened = summary.opened
    response.changed = summary.changed
    response.resolved = summary.resolved
    response.alreadyKnown = summary.alreadyKnown
    return response
  }

  /// The findings of a request, ready to be merged, and as they came.
  static func batch(
    _ request: ClassifyRequest
  ) throws(RPCError) -> (batch: JudgedBatch, wire: FindingsContract.FindingsBatch) {
    guard let wire = request.findings else {
      throw RPCError(
        .invalidArgument, field: "findings", reason: "missing", "findings is missing")
    }
    let findings = try Detection.FindingsBatch(wire)
    do throws(ClassifierError) {
      return (try JudgedBatch(findings), wire)
    } catch {
      throw error.rpcError
    }
  }

  func getAnomaly(
    _ request: GetAnomalyRequest, context: CallContext
  ) async throws(RPCError) -> GetAnomalyResponse {
    let id = AnomalyID(try WireUUID(bytes: request.anomalyID, field: "anomaly_id"))
    let customer = try Self.customer(request.customerID)
    let record = try await answering { try await store.anomaly(id, customer: customer) }
    var response = GetAnomalyResponse()
    response.anomaly = AnomalyContract.Anomaly(record.anomaly)
    return response
  }

  func listAnomalies(
    _ request: ListAnomaliesRequest, context: CallContext
  ) async throws(RPCError) -> ListAnomaliesResponse {
    let filter = try Self.filter(request)
    let limit = try Self.pageSize(request.page)
    var token: AnomalyPageToken?
    if let text = request.page?.pageToken, !text.isEmpty {
      do throws(ClassifierError) {
        token = try AnomalyPageToken(text: text, filter: filter)
      } catch {
        throw error.rpcError
      }
    }
    let start = token
    let page = try await answering {
      try await store.list(filter, pageSize: limit, after: start)
    }
    var response = ListAnomaliesResponse()
    response.anomalies = page.records.map { AnomalyContract.Anomaly($0.anomaly) }
    response.nextPageToken = page.next?.text ?? ""
    return response
  }

  func getEvidence(
    _ request: GetEvidenceRequest, context: CallContext
  ) async throws(RPCError) -> GetEvidenceResponse {
    let id = AnomalyID(try WireUUID(bytes: request.anomalyID, field: "anomaly_id"))
    let evidence = try await answering { try await store.anomaly(id, customer: nil).evidence }
    var response = GetEvidenceResponse()
    do throws(WireError) {
      response.finding = try FindingsContract.Finding(wireBytes: evidence.finding)
    } catch {
      throw RPCError(.dataLoss, "the stored finding cannot be read: \(error.description)")
    }
    response.modelVersion = evidence.modelVersion
    response.evidenceHash = evidence.hash
    return response
  }

  func transition(
    _ request: TransitionRequest, context: CallContext
  ) async throws(RPCError) -> TransitionResponse {
    try WireLimits.text(request.actorName, bytes: 200, "actor_name")
    var wish = TransitionWish(
      anomaly: AnomalyID(try WireUUID(bytes: request.anomalyID, field: "anomaly_id")),
      verb: try Classification.TransitionVerb(request.verb, field: "verb"),
      actorName: request.actorName, reason: request.reason, comment: request.comment)
    if !request.actorID.isEmpty {
      wish.actor = ActorID(try WireUUID(bytes: request.actorID, field: "actor_id"))
    } else if !request.actorName.isEmpty {
      // Whoever has a name only, as the command line, is known by an identity made from it.
      wish.actor = NamedActor.id(of: request.actorName)
    }
    let ready = wish
    let outcome = try await answering { try await store.transition(ready) }
    var response = TransitionResponse()
    response.anomaly = AnomalyContract.Anomaly(outcome.record.anomaly)
    response.changed = outcome.changed
    return response
  }

  /// How many entries a page holds.
  static func pageSize(_ page: Page?) throws(RPCError) -> Int {
    let size = page?.pageSize ?? 0
    guard size >= 0 else {
      throw RPCError(
        .invalidArgument, field: "page.page_size", reason: "out_of_range",
        "page.page_size may not be negative")
    }
    return size == 0 ? pageSizeDefault : min(Int(size), pageSizeMax)
  }

  private static func customer(_ bytes: [UInt8]) throws(RPCError) -> CustomerID? {
    bytes.isEmpty ? nil : CustomerID(try WireUUID(bytes: bytes, field: "customer_id"))
  }

  private static func filter(_ request: ListAnomaliesRequest) throws(RPCError) -> AnomalyFilter {
    var filter = AnomalyFilter()
    filter.customer = try customer(request.customerID)
    for (place, state) in request.states.enumerated() {
      filter.states.append(try Classification.AnomalyState(state, field: "states[\(place)]"))
    }
    for (place, severity) in request.severities.enumerated() {
      filter.severities.append(
        try Classification.Severity(severity, field: "severities[\(place)]"))
    }
    for (place, type) in request.types.enumerated() {
      filter.types.append(try Classification.AnomalyType(type, field: "types[\(place)]"))
    }
    try WireLimits.text(request.metric, bytes: 50, "metric")
    filter.metric = request.metric
    filter.detectedFromUnixMicroseconds = request.detectedFromUnixUs
    filter.detectedToUnixMicroseconds = request.detectedToUnixUs
    filter.includesMembers = request.includeMembers
    if !request.membersOf.isEmpty {
      filter.membersOf = AnomalyID(
        try WireUUID(bytes: request.membersOf, field: "members_of"))
    }
    return filter
  }

  func answering<Value>(
    _ body: () async throws -> Value
  ) async throws(RPCError) -> Value {
    do {
      return try await body()
    } catch {
      throw rpcError(error)
    }
  }
}
