import IngestService
import PointsContract
import Postgres
import RPC
import SeriesContract
import ServiceRuntime

/// The same rows through `PutPoints` over TCP, acknowledged after their commit.
struct ServiceRun {
  let adminURL: String
  let connections: Int

  /// Rows a second, from the first call to the last acknowledgement.
  func run(_ work: Workload, batchRows: Int) async throws -> Double {
    let name = "tidemark_benchmark"
    try await DatabaseSetup.remove(adminURL: adminURL, databaseName: name)
    try await DatabaseSetup.prepare(
      adminURL: adminURL, databaseName: name, passwords: [.ingest: "benchmark"])
    let url = try PostgresConfiguration(url: adminURL)
      .replacing(user: "tidemark_ingest", password: "benchmark", databaseName: name).url
    let service = try IngestService(
      configuration: configuration(url), logger: Logger(service: "benchmark", level: .error),
      registry: MetricsRegistry())
    try await service.start()
    let rate = try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await service.run() }
      let rate = try await measure(work, batchRows: batchRows)
      await service.shutDown()
      try await group.waitForAll()
      return rate
    }
    try await DatabaseSetup.remove(adminURL: adminURL, databaseName: name)
    return rate
  }

  private static let address = "tcp://127.0.0.1:24817"

  private func configuration(_ url: String) -> IngestConfiguration {
    var configuration = IngestConfiguration(
      rpc: RPCSettings(
        serviceName: "ingest", listenURLs: [Self.address],
        backendURLs: ["baseline": ["inproc://nobody"]]),
      databaseURL: url)
    configuration.databaseConnections = connections
    return configuration
  }

  private func measure(_ work: Workload, batchRows: Int) async throws -> Double {
    let caller = try RPCBalancer(urls: [Self.address], settings: RPCClientSettings())
    let client = IngestClient(caller)
    try await fill(client, work)
    try await send(client, work, 0..<work.rowsBefore, batchRows)
    let admin = PostgresPool(configuration: PostgresConfiguration(url: adminURL), size: 1)
    _ = try await admin.query("CHECKPOINT")
    await admin.close()
    let clock = ContinuousClock()
    let begun = clock.now
    try await send(client, work, work.rowsBefore..<work.value.count, batchRows)
    let elapsed = begun.duration(to: clock.now)
    caller.close()
    return Double(work.rowsMeasured) / elapsed.inSeconds
  }

  private func fill(_ client: IngestClient, _ work: Workload) async throws {
    for start in stride(from: 0, to: work.customers.count, by: 10_000) {
      var request = PutCustomersRequest()
      request.customers = work.customers[start..<min(start + 10_000, work.customers.count)]
        .map { externalID in
          var customer = Customer()
          customer.externalID = externalID
          return customer
        }
      _ = try await client.putCustomers(request)
    }
    var request = PutMetricsRequest()
    request.metrics = work.metrics.map { name in
      var metric = Metric()
      metric.name = name
      metric.granularity = .day
      metric.kind = .count
      return metric
    }
    _ = try await client.putMetrics(request)
  }

  private func send(
    _ client: IngestClient, _ work: Workload, _ rows: Range<Int>, _ batchRows: Int
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for mine in work.lanes(rows, count: connections, batchRows: batchRows) {
        group.addTask {
          for rows in mine {
            let answer = try await client.putPoints(
              Self.request(work, rows), options: CallOptions(timeoutMilliseconds: 120_000))
            precondition(answer.accepted == Int64(rows.count), "a row was not taken")
          }
        }
      }
      try await group.waitForAll()
    }
  }

  private static func request(_ work: Workload, _ rows: Range<Int>) -> PutPointsRequest {
    var request = PutPointsRequest()
    request.source = "benchmark"
    request.mode = .set
    var batch = PointBatch()
    batch.metrics = work.metrics
    // The dictionary holds the batch's own customers, as a sender would make it.
    var places: [UInt32: UInt32] = [:]
    batch.customerIndex.reserveCapacity(rows.count)
    var last: (customer: UInt32, place: UInt32) = (.max, 0)
    for row in rows {
      let customer = work.customerIndex[row]
      if customer != last.customer {
        let next = UInt32(batch.customers.count)
        let place = places[customer] ?? next
        if place == next {
          places[customer] = place
          batch.customers.append(work.customers[Int(customer)])
        }
        last = (customer, place)
      }
      batch.customerIndex.append(last.place)
    }
    batch.metricIndex = Array(work.metricIndex[rows])
    batch.bucket = Array(work.bucket[rows])
    batch.value = Array(work.value[rows])
    request.points = batch
    return request
  }
}
