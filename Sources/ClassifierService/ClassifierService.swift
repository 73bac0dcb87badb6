internal import AnomalyContract
internal import DeliveryContract
internal import EvidenceContract
internal import Postgres
internal import RPC
public import ServiceRuntime
internal import WorkQueue

/// The classifier as a service: its methods, its outbox, its admin address.
public struct ClassifierService: Service {
  private let bundle: ServiceBundle
  private let pool: PostgresPool
  private let notifier: RPCBalancer
  private let baseline: RPCBalancer?

  /// A word for logs.
  public var name: String { "classifier" }

  /// Gathers the parts; nothing is opened before ``start()``.
  ///
  /// - Parameters:
  ///   - configuration: The settings.
  ///   - logger: Where it logs.
  ///   - registry: Where it counts.
  ///   - now: Microseconds since 1970; the time of detection.
  /// - Throws: An error of the RPC room when an address of another service cannot be used.
  public init(
    _ configuration: ClassifierConfiguration, logger: Logger,
    registry: MetricsRegistry = MetricsRegistry(),
    now: @escaping @Sendable () -> Int64 = { SystemTime.unixMicroseconds() }
  ) throws {
    let pool = PostgresPool(
      configuration: configuration.database, size: configuration.databaseConnections)
    let store = ClassifierStore(pool: pool, now: now)
    let notifier = try configuration.rpc.caller(to: "notifier", metrics: registry)
    let baseline = try Self.baseline(configuration.rpc, registry)
    let settings = SettingsHandOver(
      table: SettingsTable(store), baseline: baseline.map { BaselineClient($0) },
      logger: logger)
    let endpoint = ClassifierEndpoint(
      store: store, figures: ClassifierFigures(registry), settings: settings)
    let server = configuration.rpc.server(
      [endpoint.rpcService], logger: logger, metrics: registry)
    let submission = ChangeSubmission(store: store, notifier: NotifierClient(notifier))
    let runner = WorkQueueRunner(
      store.queue, name: "classifier-outbox",
      handlers: [
        ChangeTable.jobKind: { job in try await submission.handle(job) },
        SettingsHandOver.jobKind: { job in try await settings.handle(job) },
      ],
      logger: logger, registry: registry)
    let retention = Retention(
      store: store, decisionDays: configuration.decisionDays,
      historyDays: configuration.historyDays, logger: logger)
    let admin = AdminServer(
      address: configuration.runtime.adminAddress, registry: registry,
      readiness: [
        ReadinessCheck("database") {
          do {
            _ = try await pool.query("SELECT 1 AS ready")
            return true
          } catch {
            return false
          }
        }
      ])
    bundle = ServiceBundle(
      name: "classifier", [admin, retention, runner, server], logger: logger,
      prepare: {
        try await store.migrate()
        try await settings.table.remind(isReachable: settings.baseline != nil)
      },
      started: {
        admin.markReady()
        logger.info(
          "service started",
          [
            "admin": admin.boundAddress ?? "", "listen": server.urls.joined(separator: ","),
          ])
      })
    self.pool = pool
    self.notifier = notifier
    self.baseline = baseline
  }

  /// Baseline takes over what people set; without its address nothing can be set.
  private static func baseline(
    _ settings: RPCSettings, _ registry: MetricsRegistry
  ) throws(RPCError) -> RPCBalancer? {
    guard settings.backendURLs["baseline"]?.isEmpty == false else { return nil }
    return try settings.caller(to: "baseline", metrics: registry)
  }

  /// Brings the schema up to date, listens and begins to work.
  public func start() async throws { try await bundle.start() }

  /// Serves until asked to stop, then ends all connections.
  public func run() async throws {
    do {
      try await bundle.run()
    } catch {
      await close()
      throw error
    }
    await close()
  }

  /// Asks to stop: no new calls, what was begun is finished.
  public func shutDown() async { await bundle.shutDown() }

  private func close() async {
    notifier.close()
    baseline?.close()
    await pool.close()
  }
}
