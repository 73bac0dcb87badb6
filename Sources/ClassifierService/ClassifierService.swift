internal import AnomalyContract
internal import DeliveryContract
internal import Postgres
internal import RPC
public import ServiceRuntime
internal import WorkQueue

/// The classifier as a service: its methods, its outbox, its admin address.
public struct ClassifierService: Service {
  private let bundle: ServiceBundle
  private let pool: PostgresPool
  private let notifier: RPCBalancer

  /// A word for logs.
  public var name: String { "classifier" }

  /// Gathers the parts; nothing is opened before ``start()``.
  ///
  /// - Parameters:
  ///   - configuration: The settings.
  ///   - logger: Where it logs.
  ///   - registry: Where it counts.
  ///   - now: Microseconds since 1970; the time of detection.
  /// - Throws: An error of the RPC room when the notifier's address cannot be used.
  public init(
    _ configuration: ClassifierConfiguration, logger: Logger,
    registry: MetricsRegistry = MetricsRegistry(),
    now: @escaping @Sendable () -> Int64 = { SystemTime.unixMicroseconds() }
  ) throws {
    let pool = PostgresPool(
      configuration: configuration.database, size: configuration.databaseConnections)
    let store = ClassifierStore(pool: pool, now: now)
    let notifier = try configuration.rpc.caller(to: "notifier", metrics: registry)
    let endpoint = ClassifierEndpoint(store: store, figures: ClassifierFigures(registry))
    let server = configuration.rpc.server(
      [endpoint.rpcService], logger: logger, metrics: registry)
    let submission = ChangeSubmission(store: store, notifier: NotifierClient(notifier))
    let runner = WorkQueueRunner(
      store.queue, name: "classifier-outbox",
      handlers: [ChangeTable.jobKind: { job in try await submission.handle(job) }],
      logger: logger, registry: registry)
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
      name: "classifier", [admin, runner, server], logger: logger,
      prepare: { try await store.migrate() },
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
    await pool.close()
  }
}
