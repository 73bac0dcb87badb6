internal import Alerting
internal import DeliveryContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import ServiceRuntime

/// Answers the calls of the contract.
struct NotifierCalls: NotifierHandler {
  let store: DeliveryStore
  let figures: NotifierFigures
  let logger: Logger
  let clock: @Sendable () -> Int64
  /// Reads a configuration as the service would.
  let reading: @Sendable ([UInt8]) throws(RoutesError) -> Routes
  /// Looks which configuration is in force now.
  let refresh: @Sendable () async -> Void
  /// What comes back from outside.
  let inbound: InboundForwarding
  /// Longest silence, in seconds; nil where there is no limit.
  var silenceSecondsLimit: Int64?

  func submit(
    _ request: SubmitRequest, context: CallContext
  ) async throws(RPCError) -> SubmitResponse {
    guard let change = request.change else {
      throw RPCError(
        .invalidArgument, field: "change", reason: "missing", "change is missing")
    }
    let notice = try Notice(change)
    let result = try await stored { () async throws in
      try await store.submit(notice, change: change.wireBytes(), now: clock())
    }
    if !result.isAlreadyKnown {
      logger.info(
        "change routed",
        [
          "anomaly": notice.anomaly.text, "revision": "\(notice.revision)",
          "kind": notice.kind.name, "receivers": result.receivers.joined(separator: ","),
          "request": context.requestIDText,
        ])
    }
    var response = SubmitResponse()
    response.receivers = result.receivers
    response.alreadyKnown = result.isAlreadyKnown
    return response
  }

  func listDeliveries(
    _ request: ListDeliveriesRequest, context: CallContext
  ) async throws(RPCError) -> ListDeliveriesResponse {
    var filter = DeliveryStore.Filter()
    filter.limit = try pageSize(request.page)
    filter.beforeSequence = try pageStart(request.page)
    if !request.anomalyID.isEmpty {
      filter.anomaly = try AnomalyReference(bytes: request.anomalyID, field: "anomaly_id")
    }
    filter.receiver = request.receiver
    for (place, state) in request.states.enumerated() {
      filter.statuses.append(try DeliveryStatus(state, field: "states[\(place)]"))
    }
    let wanted = filter
    let page = try await stored { () async throws in try await store.list(wanted) }
    var response = ListDeliveriesResponse()
    response.deliveries = page.records.map(Delivery.init)
    response.nextPageToken = page.next.map(pageToken) ?? ""
    return response
  }

  func retryDelivery(
    _ request: RetryDeliveryRequest, context: CallContext
  ) async throws(RPCError) -> RetryDeliveryResponse {
    let id = try WireUUID(bytes: request.deliveryID, field: "delivery_id")
    switch try await stored({ () async throws in try await store.retry(id, now: clock()) }) {
    case .unknown:
      throw RPCError(
        .notFound, field: "delivery_id", reason: "unknown_delivery",
        "there is no delivery \(id.text)")
    case .refused(let record):
      throw RPCError(
        .failedPrecondition, field: "delivery_id", reason: "not_retryable",
        record.status == .undeliverable
          ? "receiver \(record.receiver) is not among the settings any more"
          : "delivery \(id.text) is \(record.status) and not undeliverable")
    case .queued(let record):
      logger.info("delivery queued again", ["delivery": id.text, "receiver": record.receiver])
      var response = RetryDeliveryResponse()
      response.delivery = Delivery(record)
      return response
    }
  }

  /// Runs what needs the database, and turns its failures into statuses.
  func stored<Result: Sendable>(
    _ body: () async throws -> Result
  ) async throws(RPCError) -> Result {
    do {
      return try await body()
    } catch let error as RPCError {
      throw error
    } catch let error as PostgresError {
      logger.warning("database call failed", ["error": "\(error)"])
      throw RPCError(
        .unavailable, "the notifier's database does not answer: \(error.code.rawValue)")
    } catch {
      logger.error("call failed", ["error": "\(error)"])
      throw RPCError(.internal, "the notifier failed")
    }
  }
}
