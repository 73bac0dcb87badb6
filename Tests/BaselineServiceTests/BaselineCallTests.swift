import EvidenceContract
import Locking
import Postgres
import RPC
import SeriesContract
import TestSupport
import Testing

@Suite("Baseline's methods", .enabled(if: TestDatabase.isAvailable))
struct BaselineCallTests {
  private func failure<Response>(
    _ body: () async throws(RPCError) -> Response
  ) async -> RPCError? {
    do throws(RPCError) {
      _ = try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test func `what is normal is told with its band and its sample`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...129)
      try await house.close(through: 129)
      try await house.serving { client in
        var request = GetBaselineRequest()
        request.customer = "c1"
        request.metric = "calls"
        let early = await failure { () throws(RPCError) in try await client.getBaseline(request) }
        #expect(early?.code == .failedPrecondition)
        #expect(early?.details.first?.code == "insufficient_history")
        try await house.scan(client)
        let normal = try await client.getBaseline(request)
        #expect(normal.bucket == 129)
        #expect(normal.sampleSize == 30)
        #expect(normal.needed == 56)
        #expect(normal.window == 30)
        #expect(normal.coverage == 0.95)
        #expect(normal.profile.count == 7)
        #expect(normal.lower < normal.expected && normal.expected < normal.upper)
        #expect((40...85).contains(normal.level))
        #expect(!normal.method.isEmpty)
        request.customer = "nobody"
        let unknown = await failure { () throws(RPCError) in try await client.getBaseline(request) }
        #expect(unknown?.code == .notFound)
        #expect(unknown?.details.first?.field == "customer")
        request.customer = "c1"
        request.metric = "nothing"
        let metric = await failure { () throws(RPCError) in try await client.getBaseline(request) }
        #expect(metric?.code == .notFound)
        #expect(metric?.details.first?.field == "metric")
      }
    }
  }

  @Test func `a point on arrival is judged at revision 0 and advances nothing`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...159)
      try await house.close(through: 159)
      let baseline = try house.database.pool(.baseline, size: 1)
      try await house.serving { client in
        try await house.scan(client)
        let before = try await baseline.query("SELECT state FROM series_state").map { $0.bytes(0) }
        var request = ObserveRequest()
        request.customer = "c1"
        request.metric = "calls"
        request.bucket = 161
        request.value = 3
        #expect(try await client.observe(request).judged)
        #expect(try await client.observe(request).judged)
        let seen = house.detector.seen.withLock { $0 }
        #expect(seen.requests["161/c1"]?.count == 2)
        #expect(seen.requests["161/c1"]?[0] == seen.requests["161/c1"]?[1])
        #expect(seen.revisions.filter { $0 == 0 }.count == 2)
        let after = try await baseline.query("SELECT state FROM series_state").map { $0.bytes(0) }
        #expect(before == after)
        request.bucket = 159
        #expect(try await client.observe(request).skippedBecause == "already_judged")
        request.bucket = 10_000
        #expect(try await client.observe(request).skippedBecause == "too_far_ahead")
        request.value = .nan
        let bad = await failure { () throws(RPCError) in try await client.observe(request) }
        #expect(bad?.code == .invalidArgument)
        #expect(bad?.details.first?.field == "value")
      }
    }
  }

  @Test func `a scan is refused where there is nothing to scan or nobody of that name`()
    async throws
  {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.serving { client in
        let none = await failure { () throws(RPCError) in
          try await client.startScan(BaselineHouse.scanRequest)
        }
        #expect(none?.code == .failedPrecondition)
        #expect(none?.details.first?.code == "nothing_closed")
        try await house.fill(100...110)
        try await house.close(through: 110)
        var request = BaselineHouse.scanRequest
        request.customers = ["c1", "nobody"]
        let unknown = await failure { () throws(RPCError) in try await client.startScan(request) }
        #expect(unknown?.code == .notFound)
        #expect(unknown?.details.first?.field == "customers[1]")
        request = BaselineHouse.scanRequest
        request.operationID = [1, 2, 3]
        let operation = await failure { () throws(RPCError) in try await client.startScan(request) }
        #expect(operation?.details.first?.field == "operation_id")
        request.granularity = .unspecified
        let granularity = await failure { () throws(RPCError) in
          try await client.startScan(request)
        }
        #expect(granularity?.details.first?.field == "granularity")
        var report = GetScanRequest()
        report.runID = Array(repeating: 7, count: 16)
        let run = await failure { () throws(RPCError) in try await client.getScan(report) }
        #expect(run?.code == .notFound)
      }
    }
  }

  @Test func `the same operation answers with the same run`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...110)
      try await house.close(through: 110)
      try await house.serving { client in
        var request = BaselineHouse.scanRequest
        request.operationID = Array(1...16)
        let first = try await client.startScan(request)
        _ = try await house.finished(first.runID, client)
        try await house.fill(111...111)
        try await house.close(through: 111)
        let again = try await client.startScan(request)
        #expect(again.runID == first.runID)
        #expect(again.alreadyKnown)
      }
    }
  }
}
