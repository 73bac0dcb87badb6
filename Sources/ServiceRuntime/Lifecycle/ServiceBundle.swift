internal import Locking

/// Several services that are one to the outside, such as a server with its queue and its admin
/// address.
///
/// They start in order and stop in reverse, as in a ``ServiceGroup``; a stage of Tidemark is a
/// bundle, so that `tidemark up` can run six of them in one group.
public final class ServiceBundle: Service {
  /// A word for logs.
  public let name: String

  private let services: [any Service]
  private let prepare: @Sendable () async throws -> Void
  private let started: @Sendable () async -> Void
  private let group: ServiceGroup
  private let isAskedToStop = Locked(false)

  /// The drain of the parts ends with that of the group around the bundle.
  private static let drainSeconds: Double = 3_600

  /// Gathers services.
  ///
  /// - Parameters:
  ///   - name: A word for logs.
  ///   - services: The parts in the order of dependency.
  ///   - logger: Where stops are logged.
  ///   - prepare: What comes before the first start, such as migrations.
  ///   - started: What follows the last start, such as the line that says so.
  public init(
    name: String, _ services: [any Service], logger: Logger,
    prepare: @escaping @Sendable () async throws -> Void = {},
    started: @escaping @Sendable () async -> Void = {}
  ) {
    self.name = name
    self.services = services
    self.prepare = prepare
    self.started = started
    group = ServiceGroup(
      services.map(StartedService.init), logger: logger, drainSeconds: Self.drainSeconds,
      handlesSignals: false)
  }

  /// Prepares, and starts the parts in order; when one fails those before it are stopped.
  public func start() async throws {
    try await prepare()
    for (place, service) in services.enumerated() {
      do {
        try await service.start()
      } catch {
        for begun in services[..<place].reversed() { await begun.shutDown() }
        throw error
      }
    }
    await started()
  }

  /// Serves until all parts have ended.
  public func run() async throws { try await group.run() }

  /// Asks the parts to stop, in reverse order.
  public func shutDown() async {
    let wasAsked = isAskedToStop.withLock { asked in
      defer { asked = true }
      return asked
    }
    // To the group a second request means to cancel, which only a cancellation may mean here.
    if !wasAsked { group.triggerShutdown() }
  }
}

/// A service whose start lies behind it.
private struct StartedService: Service {
  private let service: any Service

  init(_ service: any Service) { self.service = service }

  var name: String { service.name }

  func run() async throws { try await service.run() }

  func shutDown() async { await service.shutDown() }
}
