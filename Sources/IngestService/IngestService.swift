internal import EvidenceContract
internal import PointsContract
public import Postgres
internal import RPC
internal import SeriesModel
internal import SeriesStore
public import ServiceRuntime
internal import WorkQueue

/// The stage that keeps customers, the metric catalogue, points and watermarks.
public struct IngestService: Service {
  /// The tables of ingest, in its own schema.
  public static let migrations: [Migration] =
    SeriesSchema.migrations + [WorkQueue.migration(version: SeriesSchema.queueVersion)]

  /// A word for logs.
  public let name = "ingest"

  private let bundle: ServiceBundle
  private let pool: PostgresPool

  /// Wires the stage; nothing is opened before ``start()``.
  ///
  /// - Parameters:
  ///   - configuration: The settings.
  ///   - logger: Where events go.
  ///   - registry: Where figures go.
  ///   - now: The time, in microseconds since 1970.
  /// - Throws: An error that names the setting when no caller of baseline can be made.
  public init(
    configuration: IngestConfiguration, logger: Logger, registry: MetricsRegistry,
    now: @escaping @Sendable () -> Int64 = { SystemTime.unixMicroseconds() }
  ) throws {
    let pool = PostgresPool(
      configuration: PostgresConfiguration(
        url: configuration.databaseURL.secret, applicationName: "tidemark-ingest"),
      size: configuration.databaseConnections)
    let queue = WorkQueue(pool: pool, schema: .ingest)
    let figures = IngestFigures(registry: registry)
    let calls = IngestCalls(
      pool: pool, queue: queue, settings: configuration, figures: figures, now: now)
    let baseline = BaselineClient(
      try configuration.rpc.caller(to: "baseline", metrics: registry))
    let runner = WorkQueueRunner(
      queue, name: "ingest-relay", handlers: BaselineRelay(baseline: baseline, pool: pool).handlers,
      logger: logger, registry: registry)
    let server = configuration.rpc.server([calls.rpcService], logger: logger, metrics: registry)
    let admin = AdminServer(
      address: configuration.runtime.adminAddress, registry: registry,
      readiness: [
        ReadinessCheck("database") {
          do {
            _ = try await pool.query("SELECT 1")
            return true
          } catch {
            return false
          }
        }
      ])
    let closer = BucketCloser(calls: calls, logger: logger)
    calls.reportLag(to: registry)
    self.pool = pool
    bundle = ServiceBundle(
      name: "ingest", [admin, runner, closer, server], logger: logger,
      prepare: {
        _ = try calls.organisationZone()
        try await Migrator.migrate(Self.migrations, on: pool)
      },
      started: {
        admin.markReady()
        logger.info(
          "service started",
          [
            "admin": admin.boundAddress ?? "", "listen": server.urls.joined(separator: ","),
          ])
      })
  }

  /// Migrates and opens all addresses.
  public func start() async throws { try await bundle.start() }

  /// Serves until asked to stop.
  public func run() async throws {
    do {
      try await bundle.run()
      await pool.close()
    } catch {
      await pool.close()
      throw error
    }
  }

  /// Asks to stop.
  public func shutDown() async { await bundle.shutDown() }
}
