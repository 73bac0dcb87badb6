internal import HTTPServer
internal import Locking

/// One thing that must work before a service may be given work.
public struct ReadinessCheck: Sendable {
  /// A word for the answer, such as "database".
  public let name: String

  /// Whether it works now; must end within a few seconds.
  public let isReady: @Sendable () async -> Bool

  /// Pairs a name with its check.
  public init(_ name: String, isReady: @escaping @Sendable () async -> Bool) {
    self.name = name
    self.isReady = isReady
  }
}

/// Serves `/healthz` (the process lives), `/readyz` (its checks hold) and `/metrics`.
///
/// Put it first in a group, so that it answers while the others start and drain.
public final class AdminServer: Service {
  private struct State {
    var server: HTTPServer?
    var isReady = false
    var isStopping = false
  }

  /// The word for logs.
  public let name = "admin"

  private let address: String
  private let registry: MetricsRegistry
  private let readiness: [ReadinessCheck]
  private let state = Locked(State())
  private let (stops, stopper) = AsyncStream<Void>.makeStream()

  /// Takes the address as settings have it, `host:port`.
  public init(address: String, registry: MetricsRegistry, readiness: [ReadinessCheck] = []) {
    self.address = address
    self.registry = registry
    self.readiness = readiness
  }

  /// The host and port that it listens on, once started.
  public var boundAddress: String? { state.withLock { $0.server?.boundAddress.description } }

  /// Tells that the service has started; until then `/readyz` says no.
  public func markReady() { state.withLock { $0.isReady = true } }

  /// Listens.
  public func start() async throws {
    let server = try HTTPServer(
      address: HTTPAddress(parsing: address), limits: Self.limits(), threads: 1
    ) { [weak self] request in
      await self?.answer(request) ?? HTTPResponse(status: 503)
    }
    state.withLock { $0.server = server }
  }

  /// Serves until asked to stop.
  public func run() async throws {
    for await _ in stops { break }
    let server = state.withLock { $0.server }
    await server?.stop()
  }

  /// Ends ``run()``.
  public func shutDown() async { stopper.finish() }

  /// Says no at `/readyz` from now on, so that nobody sends work to a service that drains.
  public func markDraining() { state.withLock { $0.isStopping = true } }

  private static func limits() -> HTTPLimits {
    var limits = HTTPLimits()
    limits.bodyBytesLimit = 1_024
    limits.connectionLimit = 64
    limits.handlerSeconds = 10
    return limits
  }

  private func answer(_ request: HTTPRequest) async -> HTTPResponse {
    guard request.method == "GET" || request.method == "HEAD" else {
      var refusal = Self.text(405, "only GET\n")
      refusal.headers["Allow"] = "GET, HEAD"
      return refusal
    }
    switch request.path {
    case "/healthz": return Self.text(200, "ok\n")
    case "/readyz": return await readinessAnswer()
    case "/metrics":
      return HTTPResponse(
        status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8",
        text: await registry.exposition())
    default: return Self.text(404, "no such page\n")
    }
  }

  private func readinessAnswer() async -> HTTPResponse {
    let (isReady, isStopping) = state.withLock { ($0.isReady, $0.isStopping) }
    if isStopping { return Self.text(503, "draining\n") }
    guard isReady else { return Self.text(503, "starting\n") }
    var failed: [String] = []
    for check in readiness where await !check.isReady() { failed.append(check.name) }
    return failed.isEmpty
      ? Self.text(200, "ready\n") : Self.text(503, "not ready: \(failed.joined(separator: ", "))\n")
  }

  private static func text(_ status: Int, _ text: String) -> HTTPResponse {
    var response = HTTPResponse(
      status: status, contentType: "text/plain; charset=utf-8", text: text)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
  }
}
