import BaselineService
import EvidenceContract
import FindingsContract
import Postgres
import RPC
import SeriesContract
import SeriesModel
import SeriesStore
import ServiceRuntime
import TestSupport
import Testing

/// A database with ingest's schema, some customers with two daily metrics, and a fake detector.
struct BaselineHouse {
  let database: TestDatabase
  let ingest: PostgresPool
  let customers: [CustomerID]
  let metrics: [SeriesModel.Metric]
  let detector: RecordingDetector
  let number = UInt64.random(in: .min ... .max)

  static func with(
    customers count: Int = 6, _ body: (BaselineHouse) async throws -> Void
  ) async throws {
    try await TestDatabase.with { database in
      let ingest = try database.pool(.ingest)
      try await Migrator.migrate(SeriesSchema.migrations, on: ingest)
      let house = BaselineHouse(
        database: database, ingest: ingest,
        customers: (1...count).map {
          CustomerID(high: UInt64($0) &* 0x9E37_79B9_7F4A_7C15, low: UInt64($0))
        },
        metrics: ["calls", "logins"].enumerated().map { place, name in
          SeriesModel.Metric(
            id: MetricID(Int32(place + 1)), name: name, granularity: .day, kind: .count)
        }, detector: RecordingDetector())
      try await house.fillCatalogues()
      let server = RPCServer(
        urls: [house.detectorURL], services: [house.detector.rpcService],
        settings: RPCServerSettings(serviceName: "detector"))
      try server.listen()
      defer { server.close() }
      try await body(house)
    }
  }

  private func fillCatalogues() async throws {
    for customer in customers {
      _ = try await ingest.query(
        "INSERT INTO customer VALUES ($1, $2, $2, 'large', '', '', '', 0, 1, $3)",
        [
          .uuid(high: customer.high, low: customer.low), .text("c\(customer.low)"),
          .int32(Int32(customer.shard)),
        ])
    }
    for metric in metrics {
      _ = try await ingest.query(
        """
        INSERT INTO metric (key, name, dimension_names, dimension_values, granularity, kind,
          polarity, decimal_places, on_arrival, unit, display_name)
        VALUES ($1, $1, '{}', '{}', 3, 1, 1, 0, false, '', '')
        """, [.text(metric.name)])
    }
  }

  var detectorURL: String { "inproc://detector-\(number)" }

  /// What the tests put into a bucket, the same each time it is asked.
  static func value(customer: Int, metric: Int, bucket: Int32) -> Double {
    let weekday = Double((bucket + 3) % 7)
    let noise = Double((Int(bucket) &* 7_919 &+ customer &* 104_729 &+ metric &* 31) % 13)
    return 40 + Double(customer * 10) + (weekday < 5 ? 30 : 0) + noise
  }

  /// Writes the usual values of a range of buckets.
  func fill(_ buckets: ClosedRange<Int32>, customers chosen: Range<Int>? = nil) async throws {
    var points: [(Int, Int, Int32, Double)] = []
    for customer in chosen ?? customers.indices {
      for metric in metrics.indices {
        for bucket in buckets {
          points.append(
            (
              customer, metric, bucket,
              Self.value(customer: customer, metric: metric, bucket: bucket)
            ))
        }
      }
    }
    try await set(points)
  }

  func set(_ points: [(customer: Int, metric: Int, bucket: Int32, value: Double)]) async throws {
    var rows = PointRows(customers: customers, metrics: metrics)
    for (number, point) in points.enumerated() {
      rows.append(
        customerIndex: Int32(point.customer), metricIndex: Int32(point.metric),
        bucket: point.bucket, value: point.value, row: UInt32(number))
    }
    let plan = PointPlan(rows, mode: .set)
    try await ingest.transaction { connection in
      _ = try SeriesWriter.write(plan, on: connection)
    }
  }

  /// Closes buckets; the answer is the sequence of the closing.
  @discardableResult
  func close(through bucket: Int32) async throws -> Int64 {
    try await ingest.transaction { connection in
      try SeriesWriter.barWrites(on: connection)
      let sequence = try SeriesWriter.nextSequence(on: connection)
      try connection.execute(
        """
        INSERT INTO closed_bucket VALUES (3, $1, $2)
        ON CONFLICT (granularity) DO UPDATE SET
          through_bucket = EXCLUDED.through_bucket, sequence = EXCLUDED.sequence
        """, [.int32(bucket), .int64(sequence)])
      return sequence
    }
  }

  /// Runs one replica of baseline for as long as the body takes.
  func serving(
    replica: Int = 0, rangeSeries: Int = 1_000, cohortSeries: Int = 1_000,
    reviewDays: Int = 400, reviewSeries: Int = 10_000, detectorURL: String? = nil,
    _ body: (BaselineClient) async throws -> Void
  ) async throws {
    let url = "inproc://baseline-\(number)-\(replica)"
    let settings = BaselineConfiguration(
      runtime: RuntimeSettings(),
      rpc: RPCSettings(
        serviceName: "baseline", listenURLs: [url],
        backendURLs: ["detector": [detectorURL ?? self.detectorURL]]),
      databaseURL: Redacted(try database.url(.baseline)), rangeSeries: rangeSeries,
      cohortSeries: cohortSeries, leaseSeconds: 1, reviewDays: reviewDays,
      reviewSeries: reviewSeries)
    let service = try BaselineService(
      settings: settings, logger: Logger(service: "baseline", level: .critical))
    try await service.start()
    async let serving: Void = service.run()
    let channel = try RPCChannel(url: url)
    do {
      try await body(BaselineClient(channel))
    } catch {
      channel.close()
      await service.shutDown()
      _ = try? await serving
      throw error
    }
    channel.close()
    await service.shutDown()
    try await serving
  }

  /// Asks until the run has ended.
  func finished(_ run: [UInt8], _ client: BaselineClient) async throws -> GetScanResponse {
    var request = GetScanRequest()
    request.runID = run
    let deadline = Deadline.after(milliseconds: 60_000)
    while !deadline.hasPassed {
      let report = try await client.getScan(request, options: Self.patient)
      if report.state != .running { return report }
      await Task.yield()
    }
    Issue.record("the run has not ended in a minute")
    throw RPCError(.deadlineExceeded, "the run has not ended in a minute")
  }

  /// Starts a scan of all days and waits for its end.
  @discardableResult
  func scan(_ client: BaselineClient) async throws -> GetScanResponse {
    let started = try await client.startScan(Self.scanRequest, options: Self.patient)
    return try await finished(started.runID, client)
  }

  /// For a machine that has other work to do.
  static let patient = CallOptions(timeoutMilliseconds: 30_000)

  static var scanRequest: StartScanRequest {
    var request = StartScanRequest()
    request.granularity = .day
    return request
  }
}
