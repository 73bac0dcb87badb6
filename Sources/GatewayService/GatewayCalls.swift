internal import GatewayContract
internal import RPC
internal import SeriesContract
internal import SeriesModel

/// The gateway's methods over RPC: the same core, another shell.
struct GatewayCalls: GatewayHandler {
  private let core: GatewayCore
  private let gatekeeper: Gatekeeper

  init(core: GatewayCore, gatekeeper: Gatekeeper) {
    self.core = core
    self.gatekeeper = gatekeeper
  }

  func listCustomerAnomalies(
    _ request: ListCustomerAnomaliesRequest, context: CallContext
  ) async throws(RPCError) -> ListCustomerAnomaliesResponse {
    try await serving(context, .readAnomalies) { (asker) async throws(GatewayError) in
      var question = AnomalyQuestion()
      question.customer = request.customer
      question.states = request.states
      question.severities = request.severities
      question.types = request.types
      question.metric = request.metric
      question.fromUnixMicroseconds = request.detectedFromUnixUs
      question.toUnixMicroseconds = request.detectedToUnixUs
      question.pageSize = request.page?.pageSize ?? 0
      question.pageToken = request.page?.pageToken ?? ""
      let page = try await core.list(question, asker)
      var response = ListCustomerAnomaliesResponse()
      response.anomalies = page.anomalies
      response.nextPageToken = page.nextPageToken
      return response
    }
  }

  func scanAnomalies(
    _ request: ScanAnomaliesRequest, context: CallContext
  ) async throws(RPCError) -> ScanAnomaliesResponse {
    var wish = ScanWish()
    wish.customers = request.customers
    if request.granularity != .unspecified {
      wish.granularity = try SeriesModel.Granularity(request.granularity, field: "granularity")
    }
    wish.notifyHistory = request.notifyHistory
    wish.idempotencyKey = request.idempotencyKey
    // A key is what makes a retry of the call harmless; without one the call itself is the key.
    if wish.idempotencyKey.isEmpty { wish.idempotencyKey = "request/\(context.requestIDText)" }
    let asked = wish
    return try await serving(context, .createScans) { (asker) async throws(GatewayError) in
      guard case .started(let id) = try await core.scan(asked, asker) else {
        throw GatewayError(.internal, "The scan was not started.")
      }
      var response = ScanAnomaliesResponse()
      response.operationID = id.bytes
      return response
    }
  }

  func dismissAnomaly(
    _ request: DismissAnomalyRequest, context: CallContext
  ) async throws(RPCError) -> DismissAnomalyResponse {
    try await serving(context, .actOnAnomalies) { (asker) async throws(GatewayError) in
      let wish = Dismissing(
        anomalyID: request.anomalyID, reason: request.reason, comment: request.comment)
      var response = DismissAnomalyResponse()
      response.anomaly = try await core.dismiss(wish, asker)
      return response
    }
  }

  func getOperation(
    _ request: GetOperationRequest, context: CallContext
  ) async throws(RPCError) -> GetOperationResponse {
    try await serving(context, .createScans) { (asker) async throws(GatewayError) in
      guard let id = WireUUID(bytes: request.operationID) else {
        throw GatewayError(
          field: "operation_id", "not_a_uuid", "operation_id must be a UUID of 16 bytes")
      }
      let progress = try await core.progress(of: id, asker)
      var response = GetOperationResponse()
      response.operationID = id.bytes
      response.done = progress.isDone
      response.progress = progress.share
      response.seriesDue = progress.seriesDue
      response.seriesScanned = progress.seriesScanned
      response.seriesFailed = progress.seriesFailed
      response.findings = progress.findings
      return response
    }
  }

  /// Lets the asker in, does the work, and turns a refusal into the call's status.
  private func serving<Response: Sendable>(
    _ context: CallContext, _ scope: GatewayScope,
    _ work: (Asker) async throws(GatewayError) -> Response
  ) async throws(RPCError) -> Response {
    let arrival = Arrival(
      authorization: context.metadata["authorization"],
      place: "caller \(context.callerName ?? "unknown")", trace: context.trace,
      deadline: context.deadline, channel: .rpc)
    do throws(GatewayError) {
      return try await work(try await gatekeeper.admit(arrival, needing: scope))
    } catch {
      throw error.rpcError
    }
  }
}
