import Locking
import PointsContract
import RPC
import SeriesContract
import ServiceRuntime

/// An Ingest that answers what a test tells it to.
struct IngestFixture: IngestHandler {
  var putPointsBody:
    @Sendable (PutPointsRequest, CallContext) async throws(RPCError) -> PutPointsResponse = {
      request, _ in
      var response = PutPointsResponse()
      response.accepted = Int64(request.points?.value.count ?? 0)
      return response
    }

  func putPoints(
    _ request: PutPointsRequest, context: CallContext
  ) async throws(RPCError) -> PutPointsResponse {
    try await putPointsBody(request, context)
  }

  func putCustomers(
    _ request: PutCustomersRequest, context: CallContext
  ) async throws(RPCError) -> PutCustomersResponse {
    var response = PutCustomersResponse()
    response.created = Int64(request.customers.count)
    return response
  }

  func getCustomer(
    _ request: GetCustomerRequest, context: CallContext
  ) async throws(RPCError) -> GetCustomerResponse {
    throw RPCError(
      .notFound, field: "customer", reason: "unknown_customer",
      "there is no customer \(request.customer)")
  }

  func putMetrics(
    _ request: PutMetricsRequest, context: CallContext
  ) async throws(RPCError) -> PutMetricsResponse { PutMetricsResponse() }

  func listCustomers(
    _ request: ListCustomersRequest, context: CallContext
  ) async throws(RPCError) -> ListCustomersResponse { ListCustomersResponse() }

  func listMetrics(
    _ request: ListMetricsRequest, context: CallContext
  ) async throws(RPCError) -> ListMetricsResponse { ListMetricsResponse() }

  func advanceWatermark(
    _ request: AdvanceWatermarkRequest, context: CallContext
  ) async throws(RPCError) -> AdvanceWatermarkResponse { AdvanceWatermarkResponse() }

  func queryPoints(
    _ request: QueryPointsRequest, context: CallContext
  ) async throws(RPCError) -> QueryPointsResponse { QueryPointsResponse() }

  func getCompleteness(
    _ request: GetCompletenessRequest, context: CallContext
  ) async throws(RPCError) -> GetCompletenessResponse { GetCompletenessResponse() }
}

/// A server that listens for as long as the body runs, with a channel to it.
func withServer<Result>(
  _ handler: IngestFixture = IngestFixture(),
  url: String = uniqueInprocURL(),
  settings: RPCServerSettings = RPCServerSettings(serviceName: "ingest"),
  client: RPCClientSettings = RPCClientSettings(),
  _ body: (RPCServer, RPCChannel) async throws -> Result
) async throws -> Result {
  let server = RPCServer(urls: [url], services: [handler.rpcService], settings: settings)
  try server.listen()
  defer { server.close() }
  let channel = try RPCChannel(url: server.urls.first ?? url, settings: client)
  defer { channel.close() }
  return try await body(server, channel)
}

/// An address within the process that no other test uses.
func uniqueInprocURL() -> String {
  "inproc://test-\(UInt64.random(in: .min ... .max))"
}

extension PutPointsRequest {
  /// A small batch of points.
  static func fixture(rows: Int = 3) -> PutPointsRequest {
    var batch = PointBatch()
    batch.customers = ["acme", "größe"]
    batch.metrics = ["calls"]
    batch.customerIndex = (0..<rows).map { UInt32($0 % 2) }
    batch.metricIndex = [UInt32](repeating: 0, count: rows)
    batch.bucket = (0..<rows).map { Int32($0) }
    batch.value = (0..<rows).map { Double($0) * 1.5 }
    var request = PutPointsRequest()
    request.source = "test"
    request.sequence = 7
    request.mode = .set
    request.points = batch
    return request
  }
}

/// Waits until a condition holds, giving up the thread in between.
///
/// - Returns: False when it does not hold within the time.
func eventually(
  withinMilliseconds limit: Int = 5_000, _ condition: () async -> Bool
) async -> Bool {
  let deadline = Deadline.after(milliseconds: limit)
  while !deadline.hasPassed {
    if await condition() { return true }
    await Task.yield()
  }
  return false
}
