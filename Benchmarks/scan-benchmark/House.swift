import BaselineService
import ClassifierService
import DetectorService
import EvidenceContract
import Postgres
import RPC
import SeriesContract
import SeriesModel
import SeriesStore
import ServiceRuntime

/// Baseline, detector and classifier in this process, on a database of their own.
struct House: Sendable {
  static let database = "tidemark_scan_benchmark"
  static let password = "benchmark"
  static let roles: [DatabaseRole] = [.ingest, .baseline, .classifier]

  let adminURL: String
  let concurrency: Int
  private let baselineFigures = MetricsRegistry()
  private let classifierFigures = MetricsRegistry()

  init(adminURL: String, concurrency: Int) {
    self.adminURL = adminURL
    self.concurrency = concurrency
  }

  private func url(_ role: DatabaseRole) throws -> String {
    try PostgresConfiguration(url: adminURL).replacing(
      user: role.roleName, password: Self.password, databaseName: Self.database
    ).url
  }

  func pool(_ role: DatabaseRole) throws -> PostgresPool {
    PostgresPool(configuration: PostgresConfiguration(url: try url(role)), size: concurrency + 1)
  }

  /// A checkpoint, so that what was written before costs nothing while the clock runs.
  func settle() async throws {
    let admin = PostgresPool(
      configuration: try PostgresConfiguration(url: adminURL).replacing(
        databaseName: Self.database), size: 1)
    _ = try await admin.query("CHECKPOINT")
    _ = try await admin.query("VACUUM (ANALYZE)")
    await admin.close()
  }

  /// Makes the database, runs the services for as long as the body takes, and removes it.
  func with(_ body: (House, BaselineClient) async throws -> Void) async throws {
    try await DatabaseSetup.remove(adminURL: adminURL, databaseName: Self.database)
    try await DatabaseSetup.prepare(
      adminURL: adminURL, databaseName: Self.database,
      passwords: Dictionary(uniqueKeysWithValues: Self.roles.map { ($0, Self.password) }))
    let ingest = try pool(.ingest)
    try await Migrator.migrate(SeriesSchema.migrations, on: ingest)
    await ingest.close()
    let services = try services()
    for service in services { try await service.start() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for service in services { group.addTask { try await service.run() } }
      let channel = try RPCChannel(url: Self.address("baseline"))
      try await body(self, BaselineClient(channel))
      channel.close()
      for service in services.reversed() { await service.shutDown() }
      try await group.waitForAll()
    }
    try await DatabaseSetup.remove(adminURL: adminURL, databaseName: Self.database)
  }

  private static func address(_ name: String) -> String { "inproc://scan-benchmark-\(name)" }

  private static func rpc(_ name: String, calls backend: String) -> RPCSettings {
    RPCSettings(
      serviceName: name, listenURLs: [address(name)],
      backendURLs: [backend: [address(backend)]])
  }

  private func services() throws -> [any Service] {
    let logger = Logger(service: "benchmark", level: .error)
    let classifier = try ClassifierService(
      ClassifierConfiguration(
        rpc: Self.rpc("classifier", calls: "notifier"),
        database: PostgresConfiguration(url: try url(.classifier))),
      logger: logger, registry: classifierFigures)
    let detector = try DetectorService(
      settings: DetectorConfiguration(
        runtime: RuntimeSettings(), rpc: Self.rpc("detector", calls: "classifier")),
      logger: logger)
    let baseline = try BaselineService(
      settings: BaselineConfiguration(
        runtime: RuntimeSettings(), rpc: Self.rpc("baseline", calls: "detector"),
        databaseURL: Redacted(try url(.baseline)), scanConcurrency: concurrency),
      logger: logger, registry: baselineFigures)
    return [classifier, detector, baseline]
  }

  /// Judges what is closed and waits for the end.
  ///
  /// - Returns: Seconds from the call to the end.
  func scan(_ client: BaselineClient) async throws -> Double {
    var request = StartScanRequest()
    request.granularity = .day
    let begun = ContinuousClock.now
    var question = GetScanRequest()
    question.runID = try await client.startScan(request).runID
    while true {
      let report = try await client.getScan(question)
      if report.state != .running {
        precondition(report.state == .completed && report.seriesFailed == 0, "a scan failed")
        return (ContinuousClock.now - begun) / .seconds(1)
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// The seconds that went into each part so far, of ranges side by side the sum.
  func parts() async -> [String: Double] {
    var parts = Self.sums(
      await baselineFigures.exposition(), of: "tidemark_baseline_scan_seconds_total",
      label: "part")
    let calls = Self.sums(
      await classifierFigures.exposition(), of: "tidemark_rpc_server_duration_seconds_sum",
      label: "method")
    parts["classify"] = calls["tidemark.v1.Classifier/Classify"] ?? 0
    return parts
  }

  private static func sums(_ text: String, of name: String, label: String) -> [String: Double] {
    var sums: [String: Double] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("\(name){") {
      guard let value = line.split(separator: " ").last.flatMap({ Double($0) }),
        let word = line.split(separator: "\(label)=\"").last?.split(separator: "\"").first
      else { continue }
      sums[String(word), default: 0] += value
    }
    return sums
  }
}
