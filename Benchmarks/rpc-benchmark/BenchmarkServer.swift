import CBenchmarkFloors
import Glibc
import PointsContract
import RPC
import SeriesContract

/// The answering side, in a process of its own.
enum BenchmarkServer {
  /// Listens, prints the address and answers until the process is ended.
  static func run(kind: String) async throws {
    benchmark_follow_parent()
    if kind == "floor" {
      let number = nanomsg_floor_serve("tcp://127.0.0.1:0", 128)
      throw BenchmarkError(what: "the floor's server: libnng \(number)")
    }
    let server = RPCServer(
      urls: ["tcp://127.0.0.1:0"], services: [Echo().rpcService],
      settings: RPCServerSettings(
        serviceName: "ingest", runsHandlersInline: kind == "inline"))
    try server.listen()
    print(server.urls[0])
    // A pipe is buffered by blocks, and the parent waits for the line.
    fflush(nil)
    try await server.run()
  }
}

/// What went wrong with a run.
struct BenchmarkError: Error, CustomStringConvertible {
  let what: String
  var description: String { what }
}

/// Gives the text of a request back as the name of a customer.
private struct Echo: IngestHandler {
  func getCustomer(
    _ request: GetCustomerRequest, context: CallContext
  ) async throws(RPCError) -> GetCustomerResponse {
    var customer = Customer()
    customer.name = request.customer
    var response = GetCustomerResponse()
    response.customer = customer
    return response
  }

  func putCustomers(
    _ request: PutCustomersRequest, context: CallContext
  ) async throws(RPCError) -> PutCustomersResponse { throw Self.refusal }

  func putMetrics(
    _ request: PutMetricsRequest, context: CallContext
  ) async throws(RPCError) -> PutMetricsResponse { throw Self.refusal }

  func putPoints(
    _ request: PutPointsRequest, context: CallContext
  ) async throws(RPCError) -> PutPointsResponse { throw Self.refusal }

  func listCustomers(
    _ request: ListCustomersRequest, context: CallContext
  ) async throws(RPCError) -> ListCustomersResponse { throw Self.refusal }

  func listMetrics(
    _ request: ListMetricsRequest, context: CallContext
  ) async throws(RPCError) -> ListMetricsResponse { throw Self.refusal }

  func advanceWatermark(
    _ request: AdvanceWatermarkRequest, context: CallContext
  ) async throws(RPCError) -> AdvanceWatermarkResponse { throw Self.refusal }

  func queryPoints(
    _ request: QueryPointsRequest, context: CallContext
  ) async throws(RPCError) -> QueryPointsResponse { throw Self.refusal }

  func getCompleteness(
    _ request: GetCompletenessRequest, context: CallContext
  ) async throws(RPCError) -> GetCompletenessResponse { throw Self.refusal }

  private static let refusal = RPCError(.unimplemented, "not part of the benchmark")
}
