internal import AnomalyContract
internal import DeliveryContract
internal import RPC
public import ServiceRuntime

/// The notifier as a service: its methods, its workers, its admin address.
public struct NotifierService: Service {
  private let bundle: ServiceBundle
  private let core: NotifierCore
  private let classifier: RPCBalancer?

  /// A word for logs.
  public var name: String { "notifier" }

  /// Gathers the parts; nothing is opened before ``start()``.
  ///
  /// - Parameters:
  ///   - configuration: The settings.
  ///   - logger: Where it logs.
  ///   - registry: Where it counts.
  ///   - now: Microseconds since 1970.
  /// - Throws: `EgressError` when libcurl cannot be started.
  public init(
    _ configuration: NotifierConfiguration, logger: Logger,
    registry: MetricsRegistry = MetricsRegistry(),
    now: @escaping @Sendable () -> Int64 = { SystemTime.unixMicroseconds() }
  ) throws {
    // What people do at PagerDuty goes there; without its address nothing is taken from outside.
    let isKnown = configuration.rpc.backendURLs["classifier"]?.isEmpty == false
    let classifier =
      try isKnown ? configuration.rpc.caller(to: "classifier", metrics: registry) : nil
    let core = try NotifierCore(
      settings: configuration.notifier, classifier: classifier.map { ClassifierClient($0) },
      logger: logger, registry: registry, clock: now)
    let server = configuration.rpc.server(
      [core.calls.rpcService], logger: logger, metrics: registry)
    let admin = AdminServer(
      address: configuration.runtime.adminAddress, registry: registry,
      readiness: [ReadinessCheck("database") { await core.isDatabaseReady() }])
    bundle = ServiceBundle(
      name: "notifier", [admin, ConfigurationKeeper(core), DeliveryRunners(core), server],
      logger: logger,
      prepare: { try await core.migrate() },
      started: {
        admin.markReady()
        logger.info(
          "service started",
          [
            "admin": admin.boundAddress ?? "", "listen": server.urls.joined(separator: ","),
            "receivers": "\(core.configuration.current.receivers.count)",
          ])
      })
    self.core = core
    self.classifier = classifier
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

  private func close() async {
    classifier?.close()
    await core.close()
  }

  /// Asks to stop: no new calls, what is being sent is finished.
  public func shutDown() async { await bundle.shutDown() }
}
