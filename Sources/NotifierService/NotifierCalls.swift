internal import Alerting
internal import Cryptography
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
    let size = request.page?.pageSize ?? 0
    guard size >= 0 else {
      throw RPCError(
        .invalidArgument, field: "page.page_size", reason: "out_of_range",
        "page.page_size must not be negative and is \(size)")
    }
    filter.limit = size == 0 ? 50 : min(Int(size), 1_000)
    if let token = request.page?.pageToken, !token.isEmpty {
      filter.beforeSequence = try sequence(ofToken: token)
    }
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
    response.nextPageToken = page.next.map { Base64.encodeURL(Array("d1:\($0)".utf8)) } ?? ""
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

  func testRouting(
    _ request: TestRoutingRequest, context: CallContext
  ) async throws(RPCError) -> TestRoutingResponse {
    var labels: Labels = [:]
    for pair in request.labels {
      guard Notice.labelNames.contains(pair.name) else {
        throw RPCError(
          .invalidArgument, field: "labels", reason: "unknown_label",
          "there is no label '\(pair.name)'; there are "
            + Notice.labelNames.joined(separator: ", "))
      }
      labels[pair.name] = pair.value
    }
    let matches = store.configuration.current.tree?.matches(labels) ?? []
    var response = TestRoutingResponse()
    response.receivers = matches.map(\.receiver)
    response.routes = matches.map(\.path)
    return response
  }

  private func sequence(ofToken token: String) throws(RPCError) -> Int64 {
    let refusal = RPCError(
      .invalidArgument, field: "page.page_token", reason: "bad_token",
      "page.page_token is not one that was given out")
    do {
      let text = String(decoding: try Base64.decodeURL(token), as: UTF8.self)
      guard text.hasPrefix("d1:"), let sequence = Int64(text.dropFirst(3)) else { throw refusal }
      return sequence
    } catch {
      throw refusal
    }
  }

  /// Runs what needs the database, and turns its failures into statuses.
  private func stored<Result: Sendable>(
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
