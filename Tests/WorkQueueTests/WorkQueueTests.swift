import Postgres
import TestSupport
import Testing
import WorkQueue

@Suite("Work queue", .enabled(if: TestDatabase.isAvailable))
struct WorkQueueTests {
  private static func with(
    settings: WorkQueue.Settings = .init(attemptsLimit: 3, backoffMilliseconds: 0),
    _ body: (WorkQueue, PostgresPool) async throws -> Void
  ) async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.notifier, size: 8)
      try await Migrator.migrate([WorkQueue.migration(version: 1)], on: pool)
      try await body(WorkQueue(pool: pool, schema: .notifier, settings: settings), pool)
    }
  }

  @Test func `a job lives and dies with the transactions around it`() async throws {
    struct Stop: Error {}
    try await Self.with { queue, pool in
      await #expect(throws: Stop.self) {
        try await pool.transaction { connection in
          try queue.enqueue([NewJob(kind: "send", key: "a")], on: connection)
          throw Stop()
        }
      }
      #expect(try await queue.claim(kinds: ["send"], limit: 10, leaseSeconds: 60).isEmpty)
      try await pool.transaction { try queue.enqueue([NewJob(kind: "send", key: "b")], on: $0) }
      let job = try #require(
        try await queue.claim(kinds: ["send"], limit: 10, leaseSeconds: 60).first)
      await #expect(throws: Stop.self) {
        try await pool.transaction { connection in
          try queue.complete(job, on: connection)
          throw Stop()
        }
      }
      #expect(try await queue.depths().first?.depth == 1)
      try await pool.transaction { try queue.complete(job, on: $0) }
      #expect(try await queue.depths().isEmpty)
    }
  }

  @Test func `a repeat merges with the job that waits, and not with one that has begun`()
    async throws
  {
    try await Self.with { queue, pool in
      for payload in [UInt8(1), 2] {
        try await pool.transaction { connection in
          try queue.enqueue(
            [
              NewJob(kind: "send", key: "a", payload: [9]),
              NewJob(kind: "send", key: "a", payload: [payload]),
            ], on: connection)
        }
      }
      let first = try await queue.claim(kinds: ["send"], limit: 10, leaseSeconds: 60)
      #expect(first.map(\.payload) == [[2]])
      try await pool.transaction {
        try queue.enqueue([NewJob(kind: "send", key: "a", payload: [3])], on: $0)
      }
      let second = try await queue.claim(kinds: ["send"], limit: 10, leaseSeconds: 60)
      #expect(second.map(\.payload) == [[3]])
    }
  }

  @Test func `whoever comes back after its lease went to another changes nothing`() async throws {
    try await Self.with { queue, pool in
      try await pool.transaction { try queue.enqueue([NewJob(kind: "send", key: "a")], on: $0) }
      let slow = try #require(
        try await queue.claim(kinds: ["send"], limit: 1, leaseSeconds: 0).first)
      let next = try #require(
        try await queue.claim(kinds: ["send"], limit: 1, leaseSeconds: 60).first)
      #expect(next.id == slow.id && next.generation > slow.generation && next.attempts == 2)
      for attempt in [0, 1, 2] {
        await #expect(throws: WorkQueueError.self) {
          switch attempt {
          case 0: try await pool.transaction { try queue.complete(slow, on: $0) }
          case 1: try await queue.fail(slow, reason: "too late")
          default:
            try await pool.transaction { try queue.renew(slow, leaseSeconds: 60, on: $0) }
          }
        }
      }
      try await pool.transaction { try queue.renew(next, leaseSeconds: 60, on: $0) }
      try await pool.transaction { try queue.complete(next, on: $0) }
    }
  }

  @Test func `each of many jobs goes to one of many workers`() async throws {
    try await Self.with { queue, pool in
      try await pool.transaction { connection in
        try queue.enqueue(
          (0..<1_000).map { NewJob(kind: "send", key: "\($0)") }, on: connection)
      }
      let ids = try await withThrowingTaskGroup(of: [Int64].self) { group in
        for _ in 0..<8 {
          group.addTask {
            var mine: [Int64] = []
            while true {
              let jobs = try await queue.claim(kinds: ["send"], limit: 37, leaseSeconds: 60)
              if jobs.isEmpty { return mine }
              mine += jobs.map(\.id)
            }
          }
        }
        return try await group.reduce(into: [Int64]()) { $0 += $1 }
      }
      #expect(ids.count == 1_000 && Set(ids).count == 1_000)
    }
  }

  @Test func `a job that fails too often is set aside with its reason and can be requeued`()
    async throws
  {
    try await Self.with { queue, pool in
      try await pool.transaction { try queue.enqueue([NewJob(kind: "send", key: "a")], on: $0) }
      for attempt in 1...3 {
        let jobs = try await queue.claim(kinds: ["send"], limit: 1, leaseSeconds: 60)
        #expect(jobs.first?.attempts == attempt)
        try await queue.fail(try #require(jobs.first), reason: "no such receiver\u{0}")
      }
      #expect(try await queue.claim(kinds: ["send"], limit: 1, leaseSeconds: 60).isEmpty)
      let aside = try await queue.setAsideJobs()
      #expect(aside.map(\.reason) == ["no such receiver"])
      #expect(try await queue.depths().map(\.setAside) == [1])
      #expect(try await queue.requeue(aside.map(\.id)) == 1)
      #expect(try await queue.claim(kinds: ["send"], limit: 1, leaseSeconds: 60).count == 1)
    }
  }

  @Test func `a job that ends its process each time is set aside`() async throws {
    try await Self.with { queue, pool in
      try await pool.transaction { try queue.enqueue([NewJob(kind: "send", key: "a")], on: $0) }
      for _ in 1...3 {
        #expect(try await queue.claim(kinds: ["send"], limit: 1, leaseSeconds: 0).count == 1)
      }
      #expect(try await queue.claim(kinds: ["send"], limit: 1, leaseSeconds: 0).isEmpty)
      #expect(try await queue.setAsideJobs().first?.reason.contains("lease ran out") == true)
    }
  }

  @Test func `waiting for something that is away never sets a job aside`() async throws {
    try await Self.with { queue, pool in
      try await pool.transaction { try queue.enqueue([NewJob(kind: "send", key: "a")], on: $0) }
      for _ in 1...20 {
        let job = try #require(
          try await queue.claim(kinds: ["send"], limit: 1, leaseSeconds: 60).first)
        try await queue.postpone(job, reason: "baseline is away", afterSeconds: 0)
      }
      #expect(try await queue.setAsideJobs().isEmpty)
    }
  }

  @Test func `urgent jobs come first and none comes before its time`() async throws {
    try await Self.with { queue, pool in
      try await pool.transaction { connection in
        try queue.enqueue(
          [
            NewJob(kind: "send", key: "low", priority: .low),
            NewJob(kind: "send", key: "high", priority: .high),
            NewJob(kind: "other", key: "x", priority: .high),
            NewJob(
              kind: "send", key: "later", notBeforeUnixMicroseconds: 4_000_000_000_000_000,
              priority: .high),
          ], on: connection)
      }
      let jobs = try await queue.claim(kinds: ["send"], limit: 10, leaseSeconds: 60)
      #expect(jobs.map(\.key) == ["high", "low"])
    }
  }
}
