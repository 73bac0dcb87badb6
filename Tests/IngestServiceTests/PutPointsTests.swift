import PointsContract
import Postgres
import RPC
import ServiceRuntime
import TestSupport
import Testing

@Suite("Putting points", .enabled(if: TestDatabase.isAvailable))
struct PutPointsTests {
  private let today = IngestFixture.today

  @Test func `points that were acknowledged are stored, and a repeat changes nothing`()
    async throws
  {
    try await IngestFixture.with { ingest in
      let request = IngestFixture.batch([
        ("acme", "logins", today - 1, 5), ("acme", "logins", today - 2, 6),
        ("beta", "departures{origin=JFK}", today - 1, 7),
      ])
      let first = try await ingest.client.putPoints(request)
      #expect(first.accepted == 3 && first.changed == 3 && first.faults.isEmpty)
      let second = try await ingest.client.putPoints(request)
      #expect(second.accepted == 3 && second.changed == 0)
      #expect(try await ingest.values("acme", "logins") == [today - 1: 5, today - 2: 6])
      let text = await ingest.registry.exposition()
      #expect(text.contains("tidemark_ingest_points_total{result=\"accepted\"} 3"))
      #expect(text.contains("tidemark_ingest_points_total{result=\"duplicate\"} 3"))
    }
  }

  @Test func `increments are counted once for each source and sequence`() async throws {
    try await IngestFixture.with { ingest in
      let batch = IngestFixture.batch(
        [("acme", "revenue", today, 10.25), ("acme", "revenue", today, 0.5)], mode: .increment,
        sequence: 7)
      #expect(try await ingest.client.putPoints(batch).repeatedBatch == false)
      let repeated = try await ingest.client.putPoints(batch)
      #expect(repeated.repeatedBatch && repeated.changed == 0 && repeated.accepted == 2)
      var next = batch
      next.sequence = 8
      _ = try await ingest.client.putPoints(next)
      #expect(try await ingest.values("acme", "revenue") == [today: 21.5])
    }
  }

  @Test func `times fall into the civil day of the customer's zone and the hour of UTC`()
    async throws
  {
    try await IngestFixture.with { ingest in
      var request = IngestFixture.batch([
        ("acme", "logins", 0, 1), ("beta", "logins", 0, 2), ("beta", "calls", 0, 3),
      ])
      // 02:30 UTC today is yesterday evening in New York.
      let time = (Int64(today) * 86_400 + 9_000) * 1_000_000
      request.points?.bucket = []
      request.points?.timeUnixUs = [time, time, time]
      _ = try await ingest.client.putPoints(request)
      #expect(try await ingest.values("acme", "logins") == [today: 1])
      #expect(try await ingest.values("beta", "logins") == [today - 1: 2])
      var query = QueryPointsRequest()
      query.customer = "beta"
      query.metric = "calls"
      query.fromBucket = today * 24
      query.toBucket = today * 24 + 23
      #expect(try await ingest.client.queryPoints(query).bucket == [today * 24 + 2])
    }
  }

  /// A row of its own beside two good ones, and the fault it has.
  static let badRows:
    [(customer: String, metric: String, offset: Int32, value: Double, code: String)] =
      [
        ("nobody", "logins", 0, 1, "unknown_customer"),
        ("acme", "unheard_of", 0, 1, "unknown_metric"),
        ("acme", "Logins!", 0, 1, "invalid_metric_key"),
        ("acme", "departures{origin=", 0, 1, "invalid_metric_key"),
        ("acme", "logins", 0, .nan, "not_finite"),
        ("acme", "logins", 0, -.infinity, "not_finite"),
        ("acme", "logins", 10, 1, "out_of_range"),
        ("acme", "logins", -40_000, 1, "out_of_range"),
        ("acme", "logins", -5, 99, "duplicate_row"),
      ]

  @Test(arguments: badRows.indices)
  func `one bad row refuses a batch, or is skipped where that is asked for`(index: Int)
    async throws
  {
    let bad = Self.badRows[index]
    try await IngestFixture.with { ingest in
      let rows = [
        ("acme", "logins", today - 5, 1.0),
        (bad.customer, bad.metric, today + bad.offset, bad.value),
        ("beta", "logins", today - 5, 2.0),
      ]
      let error = await #expect(throws: RPCError.self) {
        try await ingest.client.putPoints(IngestFixture.batch(rows))
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.details.first?.code == bad.code && error?.details.first?.field == "points[1]")
      #expect(try await ingest.values("acme", "logins").isEmpty, "nothing half stored")
      let skipped = try await ingest.client.putPoints(
        IngestFixture.batch(rows, policy: .skipRows))
      #expect(skipped.accepted == 2 && skipped.refused == 1)
      #expect(skipped.faults.map(\.row) == [1] && skipped.faults.map(\.code) == [bad.code])
      #expect(try await ingest.values("beta", "logins") == [today - 5: 2])
    }
  }

  @Test func `columns that do not fit together are refused by name`() async throws {
    try await IngestFixture.with { ingest in
      let good = IngestFixture.batch([("acme", "logins", today, 1)])
      let changes: [(inout PointBatch) -> Void] = [
        { $0.customerIndex = [] }, { $0.metricIndex = [0, 0] }, { $0.customerIndex = [1] },
        { $0.bucket = [] }, { $0.timeUnixUs = [0] }, { $0.bucket = [1, 2] },
      ]
      let names = [
        "customer_index", "metric_index", "customer_index", "bucket", "bucket", "bucket",
      ]
      for (change, name) in zip(changes, names) {
        var request = good
        var batch = try #require(request.points)
        change(&batch)
        request.points = batch
        let error = await #expect(throws: RPCError.self) {
          try await ingest.client.putPoints(request)
        }
        #expect(error?.code == .invalidArgument && error?.details.first?.field == "points.\(name)")
      }
      _ = try await ingest.client.putPoints(good)
    }
  }

  @Test func `a call without a mode, and increments without a sequence, are refused`()
    async throws
  {
    try await IngestFixture.with { ingest in
      for request in [
        IngestFixture.batch([], mode: .unspecified), IngestFixture.batch([], mode: .increment),
      ] {
        let error = await #expect(throws: RPCError.self) {
          try await ingest.client.putPoints(request)
        }
        #expect(error?.code == .invalidArgument)
      }
      let empty = try await ingest.client.putPoints(IngestFixture.batch([]))
      #expect(empty.accepted == 0)
    }
  }

  @Test func `a source that floods is refused before it is acknowledged, others are not`()
    async throws
  {
    try await IngestFixture.with { ingest in
      // Writes of points wait behind this lock, as they do while buckets are closed.
      let blocker = try ingest.database.pool(.ingest, size: 1)
      let (held, holder) = AsyncStream<Void>.makeStream()
      let (gate, opener) = AsyncStream<Void>.makeStream()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          _ = try await blocker.query("SELECT pg_advisory_lock(1952409963, 1)")
          holder.finish()
          for await _ in gate {}
          _ = try await blocker.query("SELECT pg_advisory_unlock(1952409963, 1)")
        }
        for await _ in held {}
        let results = AsyncStream<StatusCode>.makeStream()
        for number in 0..<12 {
          group.addTask {
            var batch = IngestFixture.batch([("acme", "logins", today - Int32(number), 1)])
            batch.source = "flood"
            do {
              let options = CallOptions(timeoutMilliseconds: 60_000, retries: .never)
              _ = try await ingest.client.putPoints(batch, options: options)
              results.continuation.yield(.ok)
            } catch {
              results.continuation.yield((error as? RPCError)?.code ?? .unknown)
            }
          }
        }
        var codes: [StatusCode] = []
        for await code in results.stream {
          codes.append(code)
          if codes.count == 4 { opener.finish() }
          if codes.count == 12 { break }
        }
        #expect(codes.prefix(4).allSatisfy { $0 == .resourceExhausted })
        #expect(codes.dropFirst(4).allSatisfy { $0 == .ok })
        try await group.waitForAll()
      }
      let values = try await ingest.values("acme", "logins")
      #expect(values.count == 8, "what was refused was not stored")
    }
  }

  @Test func `an answer that was lost is asked for again without harm`() async throws {
    try await IngestFixture.with { ingest in
      let batch = IngestFixture.batch(
        [("acme", "revenue", today, 1)], mode: .increment, sequence: 1)
      // Sessions end under the feet of calls at any moment, also after a commit.
      let admin = ingest.database.adminPool()
      for _ in 0..<20 {
        async let answer = ingest.client.putPoints(batch)
        _ = try await admin.query(
          """
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE usename = 'tidemark_ingest' AND datname = current_database()
          """)
        do { _ = try await answer } catch {
          let code = (error as? RPCError)?.code
          #expect(code == .unavailable || code == .deadlineExceeded)
        }
      }
      _ = try await ingest.client.putPoints(batch)
      #expect(try await ingest.values("acme", "revenue") == [today: 1])
    }
  }
}
