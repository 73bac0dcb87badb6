internal import AnomalyContract
internal import EvidenceContract
internal import GatewayContract
internal import PointsContract
internal import Postgres
internal import RPC
public import ServiceRuntime

/// The gateway as a service: the public API over HTTP, the same by RPC, its admin address.
public struct GatewayService: Service {
  private let bundle: ServiceBundle
  private let edge: HTTPEdge
  private let server: RPCServer
  private let admin: AdminServer
  private let pool: PostgresPool
  private let backends: [RPCBalancer]

  /// A word for logs.
  public var name: String { "gateway" }

  /// Gathers the parts; nothing is opened before ``start()``.
  ///
  /// - Parameters:
  ///   - configuration: The settings.
  ///   - logger: Where it logs.
  ///   - registry: Where it counts.
  ///   - now: Microseconds since 1970; the time of tokens and of the audit.
  /// - Throws: An error of the RPC room when a backend's address cannot be used.
  public init(
    _ configuration: GatewayConfiguration, logger: Logger,
    registry: MetricsRegistry = MetricsRegistry(),
    now: @escaping @Sendable () -> Int64 = { SystemTime.unixMicroseconds() }
  ) throws {
    let pool = PostgresPool(
      configuration: configuration.database, size: configuration.databaseConnections)
    let tokens = GatewayTokens(pool: pool, now: now)
    let store = GatewayStore(pool: pool, now: now)
    let ingest = try configuration.rpc.caller(to: "ingest", metrics: registry)
    let classifier = try configuration.rpc.caller(to: "classifier", metrics: registry)
    let baseline = try configuration.rpc.caller(to: "baseline", metrics: registry)
    let gatekeeper = Gatekeeper(
      tokens: tokens,
      limiter: RefusalLimiter(
        limit: configuration.refusedTokensPerMinute, now: SystemTime.monotonicSeconds))
    let cursorKey = LateValue<[UInt8]>()
    let core = GatewayCore(
      ingest: IngestClient(ingest), classifier: ClassifierClient(classifier),
      baseline: BaselineClient(baseline), store: store, cursor: PageCursor(key: cursorKey))
    let api = PublicAPI(
      core: core, gatekeeper: gatekeeper, figures: GatewayFigures(registry), logger: logger,
      requestSeconds: configuration.requestSeconds)
    let edge = HTTPEdge(address: configuration.httpAddress) { await api.answer($0) }
    let calls = GatewayCalls(core: core, gatekeeper: gatekeeper)
    let server = configuration.rpc.server([calls.rpcService], logger: logger, metrics: registry)
    let admin = AdminServer(
      address: configuration.runtime.adminAddress, registry: registry,
      readiness: [ReadinessCheck("database") { await Self.isReachable(pool) }])
    bundle = ServiceBundle(
      name: "gateway", [admin, server, edge], logger: logger,
      prepare: {
        try await store.migrate()
        if let token = configuration.bootstrapToken { try await tokens.admitBootstrap(token) }
        cursorKey.set(try await store.signingKey())
      },
      started: {
        admin.markReady()
        logger.info(
          "service started",
          [
            "admin": admin.boundAddress ?? "", "http": edge.boundAddress ?? "",
            "listen": server.urls.joined(separator: ","),
          ])
      })
    (self.edge, self.server, self.admin, self.pool) = (edge, server, admin, pool)
    backends = [ingest, classifier, baseline]
  }

  /// Where HTTP is served, once started.
  public var httpAddress: String? { edge.boundAddress }

  /// Where health and figures are served, once started.
  public var adminAddress: String? { admin.boundAddress }

  /// Where calls are answered, once started.
  public var listenURLs: [String] { server.urls }

  /// Brings the schema up to date, listens and begins to answer.
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

  /// Asks to stop: no new requests, what was begun is finished.
  public func shutDown() async {
    admin.markDraining()
    await bundle.shutDown()
  }

  private func close() async {
    for backend in backends { backend.close() }
    await pool.close()
  }

  private static func isReachable(_ pool: PostgresPool) async -> Bool {
    do {
      _ = try await pool.query("SELECT 1 AS ready")
      return true
    } catch {
      return false
    }
  }
}
