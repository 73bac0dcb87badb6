import Locking
import ServiceRuntime

/// A service that can only be made once those before it in the group have started.
///
/// The six services read their database's address when they are made, and `tidemark up` knows it
/// only when its own PostgreSQL answers.
final class LateService: Service {
  let name: String

  private let make: @Sendable () throws -> any Service
  private let made = Locked<(any Service)?>(nil)

  init(_ name: String, _ make: @escaping @Sendable () throws -> any Service) {
    self.name = name
    self.make = make
  }

  func start() async throws {
    let service = try make()
    made.withLock { $0 = service }
    try await service.start()
  }

  func run() async throws {
    guard let service = made.withLock({ $0 }) else {
      preconditionFailure("a service runs after it has started")
    }
    try await service.run()
  }

  func shutDown() async { await made.withLock { $0 }?.shutDown() }
}

/// What is done once all services before it have started; it has no work of its own.
final class StartedNote: Service {
  let name = "note"

  private let tell: @Sendable () async throws -> Void
  private let untell: @Sendable () async -> Void
  private let stops: AsyncStream<Void>
  private let stopper: AsyncStream<Void>.Continuation

  /// Both closures are run once: the first when all have started, the second when they stop.
  init(
    started tell: @escaping @Sendable () async throws -> Void,
    stopping untell: @escaping @Sendable () async -> Void
  ) {
    self.tell = tell
    self.untell = untell
    (stops, stopper) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  func start() async throws { try await tell() }

  func run() async throws {
    var iterator = stops.makeAsyncIterator()
    _ = await iterator.next()
    await untell()
  }

  func shutDown() async { stopper.finish() }
}
