import Locking
import Postgres
import ServiceRuntime
import TestSupport
import Testing
import WorkQueue

@Suite("Work queue runner", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(2)))
struct WorkQueueRunnerTests {
  /// Polls so seldom that only a wake-up can explain that a test ends in time.
  private static let settings = WorkQueueRunner.Settings(
    concurrency: 4, leaseSeconds: 60, pollSeconds: 600)

  private static func with(
    handler: @escaping WorkQueueRunner.Handler,
    settings: WorkQueueRunner.Settings = settings,
    _ body: (WorkQueue, PostgresPool, MetricsRegistry) async throws -> Void
  ) async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.notifier, size: 4)
      try await Migrator.migrate([WorkQueue.migration(version: 1)], on: pool)
      let queue = WorkQueue(
        pool: pool, schema: .notifier,
        settings: .init(attemptsLimit: 3, backoffMilliseconds: 0))
      let registry = MetricsRegistry()
      let runner = WorkQueueRunner(
        queue, name: "runner", handlers: ["send": handler], settings: settings,
        logger: Logger(service: "test", level: .critical), registry: registry)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await runner.run() }
        try await body(queue, pool, registry)
        await runner.shutDown()
        try await group.waitForAll()
      }
    }
  }

  @Test func `each job is done once, woken by its commit`() async throws {
    let (done, doer) = AsyncStream<String>.makeStream()
    try await Self.with { job in
      doer.yield(job.key)
      return .finished
    } _: { queue, pool, registry in
      try await pool.transaction { connection in
        try queue.enqueue((0..<100).map { NewJob(kind: "send", key: "\($0)") }, on: connection)
      }
      var keys: [String] = []
      for await key in done {
        keys.append(key)
        if keys.count == 100 { break }
      }
      #expect(Set(keys).count == 100)
    }
  }

  @Test func `what was begun is finished before the runner ends`()
    async throws
  {
    let (begun, beginner) = AsyncStream<Void>.makeStream()
    let (gate, opener) = AsyncStream<Void>.makeStream()
    let finished = Locked(0)
    try await Self.with { _ in
      beginner.yield()
      for await _ in gate {}
      finished.withLock { $0 += 1 }
      return .finished
    } _: { queue, pool, _ in
      try await pool.transaction { connection in
        try queue.enqueue((0..<10).map { NewJob(kind: "send", key: "\($0)") }, on: connection)
      }
      var count = 0
      for await _ in begun {
        count += 1
        if count == 4 { break }
      }
      opener.finish()
    }
    // The body ends by asking to stop while four are in progress; some may have followed them.
    #expect(finished.withLock { $0 } >= 4)
  }

  @Test func `a handler that throws is tried again, and its job set aside in the end`()
    async throws
  {
    struct Refused: Error, CustomStringConvertible { let description = "receiver said no" }
    let (tries, trier) = AsyncStream<Int>.makeStream()
    let polling = WorkQueueRunner.Settings(concurrency: 1, leaseSeconds: 60, pollSeconds: 0.01)
    try await Self.with(
      handler: { job in
        trier.yield(job.attempts)
        throw Refused()
      }, settings: polling
    ) { queue, pool, registry in
      try await pool.transaction { try queue.enqueue([NewJob(kind: "send", key: "a")], on: $0) }
      for await attempt in tries where attempt == 3 { break }
      // The third try is told before it is noted, and that is seen in the table alone.
      while try await queue.setAsideJobs().isEmpty { try Task.checkCancellation() }
      #expect(try await queue.setAsideJobs().first?.reason == "receiver said no")
      let text = await registry.exposition()
      #expect(text.contains("tidemark_workqueue_set_aside{kind=\"send\"} 1"))
      #expect(text.contains("tidemark_workqueue_depth{kind=\"send\"} 0"))
    }
  }
}
