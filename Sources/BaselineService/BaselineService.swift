import EvidenceContract
import FindingsContract
import Locking
import Postgres
import RPC
import SeriesStore
public import ServiceRuntime
import WorkQueue

/// Baseline as a process: keeps the models, runs the scans, tells what is normal.
public struct BaselineService: Service {
  /// The word for logs.
  public let name = "baseline"

  private let parts: ServiceBundle
  private let pool: PostgresPool
  private let detector: RPCBalancer
  private let isStopping: Locked<Bool>

  /// Wires the parts.
  ///
  /// - Throws: `RPCError` when the detector's address cannot be used, or an error that names the
  ///   organisation's zone when the system has none of that name.
  public init(
    settings: BaselineConfiguration, logger: Logger,
    registry: MetricsRegistry = MetricsRegistry()
  ) throws {
    let pool = PostgresPool(
      configuration: PostgresConfiguration(
        url: settings.databaseURL.secret, applicationName: "tidemark-baseline"),
      size: settings.scanConcurrency + 2)
    let queue = WorkQueue(pool: pool, schema: .baseline)
    let calendar = try ScanCalendar(
      table: CalendarTable(pool: pool, queue: queue),
      zones: ZoneFiles(directory: settings.zoneDirectory),
      organisationZone: settings.runtime.zone)
    let detector = try settings.rpc.caller(to: "detector", metrics: registry)
    let runs = ScanRunTable(pool: pool, queue: queue)
    let reader = SeriesReader(pool: pool)
    let isStopping = Locked(false)
    let cohorts = CohortTable(pool: pool)
    let judgement = SettingsTable(pool: pool)
    let figures = BaselineFigures(registry)
    let loader = RangeLoader(
      runs: runs, reader: reader, calendar: calendar, settings: judgement, cohorts: cohorts)
    let limits = ReviewLimits(days: settings.reviewDays, series: settings.reviewSeries)
    let review = RangeReview(
      loader: loader, detector: DetectorClient(detector), limits: limits,
      leaseSeconds: settings.leaseSeconds, figures: figures, logger: logger,
      isStopping: isStopping)
    let calls = BaselineCalls(
      runs: runs, reader: reader, lookup: SeriesLookup(pool: pool, reader: reader),
      calendar: calendar, cohorts: cohorts, settings: judgement,
      detector: DetectorClient(detector), notifiesHistory: settings.notifiesHistory)
    let planner = ScanPlanner(
      runs: runs, reader: reader, rangeSeries: settings.rangeSeries)
    let pass = CohortPass(
      loader: loader,
      events: EventReview(
        cohorts: cohorts, detector: DetectorClient(detector), isStopping: isStopping),
      limits: limits,
      concurrency: settings.scanConcurrency,
      seriesLimit: settings.cohortSeries, leaseSeconds: settings.leaseSeconds, figures: figures,
      logger: logger, isStopping: isStopping)
    let scan = RangeScan(
      loader: loader, review: review, detector: DetectorClient(detector),
      leaseSeconds: settings.leaseSeconds, figures: figures, isStopping: isStopping)
    let expiry = RunExpiry(runs: runs, days: max(settings.runDays, settings.reviewDays))
    let runner = WorkQueueRunner(
      queue, name: "baseline-scans",
      handlers: [
        ScanRunTable.planKind: { try await planner.plan($0) },
        ScanRunTable.cohortKind: { try await pass.make($0) },
        ScanRunTable.rangeKind: { try await scan.scan($0) },
        ScanRunTable.recheckKind: { try await runs.recheck($0) },
        ScanRunTable.expiryKind: { try await expiry.expire($0) },
      ],
      settings: WorkQueueRunner.Settings(
        concurrency: settings.scanConcurrency, leaseSeconds: settings.leaseSeconds),
      logger: logger, registry: registry)
    let server = settings.rpc.server([calls.rpcService], logger: logger, metrics: registry)
    let admin = AdminServer(
      address: settings.runtime.adminAddress, registry: registry,
      readiness: [ReadinessCheck("database") { await Self.answers(pool) }])
    self.pool = pool
    self.detector = detector
    self.isStopping = isStopping
    parts = ServiceBundle(
      name: "baseline", [admin, server, runner], logger: logger,
      prepare: { try await Migrator.migrate(BaselineSchema.migrations, on: pool) },
      started: {
        admin.markReady()
        logger.info(
          "service started",
          ["admin": admin.boundAddress ?? "", "listen": server.urls.joined(separator: ",")])
      })
  }

  private static func answers(_ pool: PostgresPool) async -> Bool {
    do {
      _ = try await pool.query("SELECT 1")
      return true
    } catch {
      return false
    }
  }

  /// Migrates and listens.
  public func start() async throws { try await parts.start() }

  /// Serves until asked to stop.
  public func run() async throws {
    defer { detector.close() }
    do {
      try await parts.run()
    } catch {
      await pool.close()
      throw error
    }
    await pool.close()
  }

  /// Asks to stop; scans give their range back after the bucket they are at.
  public func shutDown() async {
    isStopping.withLock { $0 = true }
    await parts.shutDown()
  }
}
