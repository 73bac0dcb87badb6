import EvidenceContract
import IngestService
import Locking
import PointsContract
import Postgres
import RPC
import SeriesContract
import ServiceRuntime
import TestSupport

/// Notes what ingest hands over to baseline, and can be away.
final class FakeBaseline: BaselineHandler {
  let (closed, closer) = AsyncStream<CloseBucketRequest>.makeStream()
  let (observed, observer) = AsyncStream<ObserveRequest>.makeStream()
  private let refusals = Locked(0)

  func refuseNext(_ count: Int) { refusals.withLock { $0 = count } }

  func closeBucket(
    _ request: CloseBucketRequest, context: CallContext
  ) async throws(RPCError) -> CloseBucketResponse {
    let isAway = refusals.withLock { left in
      if left == 0 { return false }
      left -= 1
      return true
    }
    if isAway {
      throw RPCError(code: .unavailable, message: "away", retryAfterMilliseconds: 1)
    }
    closer.yield(request)
    return CloseBucketResponse()
  }

  func observe(
    _ request: ObserveRequest, context: CallContext
  ) async throws(RPCError) -> ObserveResponse {
    observer.yield(request)
    return ObserveResponse()
  }

  func startScan(
    _ request: StartScanRequest, context: CallContext
  ) async throws(RPCError) -> StartScanResponse { StartScanResponse() }

  func getScan(
    _ request: GetScanRequest, context: CallContext
  ) async throws(RPCError) -> GetScanResponse { GetScanResponse() }

  func getBaseline(
    _ request: GetBaselineRequest, context: CallContext
  ) async throws(RPCError) -> GetBaselineResponse { GetBaselineResponse() }

  func putCalendar(
    _ request: PutCalendarRequest, context: CallContext
  ) async throws(RPCError) -> PutCalendarResponse { PutCalendarResponse() }
  func listCalendar(
    _ request: ListCalendarRequest, context: CallContext
  ) async throws(RPCError) -> ListCalendarResponse { ListCalendarResponse() }
  func removeCalendarEntries(
    _ request: RemoveCalendarEntriesRequest, context: CallContext
  ) async throws(RPCError) -> RemoveCalendarEntriesResponse { RemoveCalendarEntriesResponse() }

  func takeSettings(
    _ request: TakeSettingsRequest, context: CallContext
  ) async throws(RPCError) -> TakeSettingsResponse { TakeSettingsResponse() }

  func explain(
    _ request: ExplainRequest, context: CallContext
  ) async throws(RPCError) -> ExplainResponse { ExplainResponse() }
}

/// Ingest over `inproc://` on a database of its own, with a few customers and metrics.
struct IngestFixture: Sendable {
  /// 2026-01-15T12:00:00Z, the time that ingest believes it is.
  static let nowUnixSecond: Int64 = 1_768_478_400

  /// The day that holds it.
  static let today = Int32(nowUnixSecond / 86_400)

  let client: IngestClient
  let database: TestDatabase
  let baseline: FakeBaseline
  let registry: MetricsRegistry

  static func with(_ body: (IngestFixture) async throws -> Void) async throws {
    try await TestDatabase.with { database in
      let word = database.name
      let baseline = FakeBaseline()
      let backend = RPCServer(
        urls: ["inproc://\(word)-baseline"], services: [baseline.rpcService],
        settings: RPCServerSettings(serviceName: "baseline"))
      try backend.listen()
      defer { backend.close() }
      let registry = MetricsRegistry()
      let service = try IngestService(
        configuration: IngestConfiguration(
          rpc: RPCSettings(
            serviceName: "ingest", listenURLs: ["inproc://\(word)"],
            backendURLs: ["baseline": ["inproc://\(word)-baseline"]]),
          databaseURL: try database.url(.ingest)),
        logger: Logger(service: "test", level: .critical), registry: registry,
        now: { nowUnixSecond * 1_000_000 })
      try await service.start()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        let caller = try RPCBalancer(urls: ["inproc://\(word)"], settings: RPCClientSettings())
        let fixture = IngestFixture(
          client: IngestClient(caller), database: database, baseline: baseline,
          registry: registry)
        do {
          try await fixture.fill()
          try await body(fixture)
        } catch {
          await service.shutDown()
          throw error
        }
        await service.shutDown()
        try await group.waitForAll()
      }
    }
  }

  private func fill() async throws {
    var customers = PutCustomersRequest()
    customers.customers = ["acme", "beta", "gamma"].map { Self.customer($0) }
    customers.customers[1].zone = "America/New_York"
    _ = try await client.putCustomers(customers)
    var metrics = PutMetricsRequest()
    metrics.metrics = [
      Self.metric("logins"), Self.metric("revenue", kind: .money, places: 2),
      Self.metric("calls", granularity: .hour), Self.metric("health", kind: .gauge),
      Self.metric("departures", dimensions: ["origin": "JFK"]),
    ]
    metrics.metrics[3].onArrival = true
    _ = try await client.putMetrics(metrics)
  }

  static func customer(_ externalID: String) -> Customer {
    var customer = Customer()
    customer.externalID = externalID
    customer.name = externalID.uppercased()
    return customer
  }

  static func metric(
    _ name: String, granularity: Granularity = .day, kind: MetricKind = .count, places: Int32 = 0,
    dimensions: [String: String] = [:]
  ) -> Metric {
    var metric = Metric()
    metric.name = name
    metric.granularity = granularity
    metric.kind = kind
    metric.decimalPlaces = places
    metric.dimensions = dimensions.sorted { $0.key < $1.key }.map { name, value in
      var pair = LabelPair()
      pair.name = name
      pair.value = value
      return pair
    }
    return metric
  }

  /// A batch of points, its dictionaries made from them.
  static func batch(
    _ points: [(customer: String, metric: String, bucket: Int32, value: Double)],
    mode: PutMode = .set, policy: FaultPolicy = .refuseBatch, sequence: UInt64 = 0
  ) -> PutPointsRequest {
    var request = PutPointsRequest()
    request.source = "test"
    request.sequence = sequence
    request.mode = mode
    request.faultPolicy = policy
    var batch = PointBatch()
    for point in points {
      batch.customerIndex.append(place(of: point.customer, in: &batch.customers))
      batch.metricIndex.append(place(of: point.metric, in: &batch.metrics))
      batch.bucket.append(point.bucket)
      batch.value.append(point.value)
    }
    request.points = batch
    return request
  }

  private static func place(of word: String, in words: inout [String]) -> UInt32 {
    if let place = words.firstIndex(of: word) { return UInt32(place) }
    words.append(word)
    return UInt32(words.count - 1)
  }

  /// The stored values of a metric in the last days.
  func values(_ customer: String, _ metric: String, days: Int32 = 30) async throws -> [Int32:
    Double]
  {
    var query = QueryPointsRequest()
    query.customer = customer
    query.metric = metric
    query.fromBucket = Self.today - days
    query.toBucket = Self.today + 1
    let answer = try await client.queryPoints(query)
    return Dictionary(uniqueKeysWithValues: zip(answer.bucket, answer.value))
  }

  func advance(through bucket: Int32, source: String = "test") async throws
    -> AdvanceWatermarkResponse
  {
    var request = AdvanceWatermarkRequest()
    request.source = source
    request.granularity = .day
    request.throughBucket = bucket
    return try await client.advanceWatermark(request)
  }
}
