import PrivateCluster
import ServiceRuntime

/// Runs a private PostgreSQL: `tidemark cluster`.
func runCluster(_ context: CommandContext) async throws -> Int32 {
  let folder = context.reader.text(
    "folder", default: ".tidemark/postgres", help: "the folder of data, socket and log")
  let isThrownAway = context.reader.boolean(
    "throw-away", help: "quick instead of safe: for tests")
  let connections = context.reader.integer(
    "connections-limit", default: 200, in: 10...5_000, help: "sessions admitted")
  try context.settingsAreRead()
  let cluster = PrivateDatabaseCluster(
    ClusterConfiguration(
      folder: folder, durability: isThrownAway ? .throwAway : .durable,
      connectionsLimit: connections, sharedBuffersMebibytes: isThrownAway ? 256 : 128))
  let terminal = context.terminal
  let service = ClusterService(cluster) { terminal.line($0) }
  let logger = Logger(service: "cluster", level: .warning)
  try await ServiceGroup([service], logger: logger, drainSeconds: 90).run()
  return 0
}

/// A private cluster as the first service of a group, so that it stops last.
final class ClusterService: Service {
  let name = "postgres"

  private let cluster: PrivateDatabaseCluster
  private let started: @Sendable (String) async throws -> Void
  private let stops: AsyncStream<Void>
  private let stopper: AsyncStream<Void>.Continuation

  /// The closure hears the administrator's address once the cluster answers.
  init(
    _ cluster: PrivateDatabaseCluster, started: @escaping @Sendable (String) async throws -> Void
  ) {
    self.cluster = cluster
    self.started = started
    (stops, stopper) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  func start() async throws {
    let address = try await cluster.start()
    do {
      try await started(address)
    } catch {
      await cluster.stop()
      throw error
    }
  }

  func run() async throws {
    var iterator = stops.makeAsyncIterator()
    _ = await iterator.next()
    await cluster.stop()
  }

  func shutDown() async { stopper.finish() }
}
