import AnomalyContract
import FindingsContract
import RPC
public import ServiceRuntime

/// The detector as a process: judges evidence and hands what it found to the classifier.
public struct DetectorService: Service {
  /// The word for logs.
  public let name = "detector"

  private let parts: ServiceBundle
  private let classifier: RPCBalancer

  /// Wires the parts.
  ///
  /// - Throws: `RPCError` when the classifier's address cannot be used.
  public init(settings: DetectorConfiguration, logger: Logger) throws {
    let registry = MetricsRegistry()
    let classifier = try settings.rpc.caller(to: "classifier", metrics: registry)
    let calls = DetectorCalls(classifier: ClassifierClient(classifier), registry: registry)
    let server = settings.rpc.server([calls.rpcService], logger: logger, metrics: registry)
    let admin = AdminServer(address: settings.runtime.adminAddress, registry: registry)
    self.classifier = classifier
    parts = ServiceBundle(
      name: "detector", [admin, server], logger: logger,
      started: {
        admin.markReady()
        logger.info(
          "service started",
          ["admin": admin.boundAddress ?? "", "listen": server.urls.joined(separator: ",")])
      })
  }

  /// Listens.
  public func start() async throws { try await parts.start() }

  /// Serves until asked to stop.
  public func run() async throws {
    defer { classifier.close() }
    try await parts.run()
  }

  /// Asks to stop; calls that are running end first.
  public func shutDown() async { await parts.shutDown() }
}
