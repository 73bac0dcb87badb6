import EvidenceContract
import FindingsContract
import Locking
import Postgres
import RPC
import SeriesContract
import TestSupport
import Testing

@Suite(
  "Scans that are interrupted", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct ResumeTests {
  @Test func `a scan that died goes on and shows each bucket the same bytes`() async throws {
    try await BaselineHouse.with { house in
      try await house.fill(100...199)
      try await house.close(through: 199)
      house.detector.seen.withLock { $0.refusesFrom = 50 }
      try await house.serving { client in
        _ = try await client.startScan(BaselineHouse.scanRequest)
        for await _ in house.detector.refusals { break }
      }
      let before = house.detector.seen.withLock { seen in
        seen.refusesFrom = .max
        return seen.requests.count
      }
      #expect(before == 49)
      try await house.serving(replica: 1) { client in
        let report = try await house.scan(client)
        #expect(report.state == .completed)
        #expect(report.bucketsScanned == report.bucketsDue)
      }
      let requests = house.detector.seen.withLock { $0.requests }
      #expect(requests.count == 99)
      #expect(requests.values.allSatisfy { $0.allSatisfy { [first = $0[0]] in $0 == first } })
      // What was committed after 32 buckets is not shown again.
      let repeated = requests.values.count { $0.count > 1 }
      #expect(repeated > 0 && repeated < 32)
    }
  }

  @Test func `two replicas judge each bucket of each series once`() async throws {
    try await BaselineHouse.with(customers: 40) { house in
      try await house.fill(100...139)
      try await house.close(through: 139)
      try await house.serving { first in
        try await house.serving(replica: 1) { second in
          async let left = first.startScan(BaselineHouse.scanRequest)
          async let right = second.startScan(BaselineHouse.scanRequest)
          let runs = try await [left.runID, right.runID]
          #expect(runs[0] == runs[1])
          #expect(try await house.finished(runs[0], second).state == .completed)
        }
      }
      let seen = house.detector.seen.withLock { $0 }
      #expect(seen.rows == 80 * 39)
      #expect(seen.requests.values.allSatisfy { $0.count == 1 })
    }
  }

  @Test func `a state of another version is rebuilt and judged no second time`() async throws {
    try await BaselineHouse.with(customers: 2) { house in
      try await house.fill(100...159)
      try await house.close(through: 159)
      let baseline = try house.database.pool(.baseline, size: 1)
      try await house.serving { try await house.scan($0) }
      let states = try await baseline.query("SELECT state FROM series_state ORDER BY 1")
        .map { $0.bytes(0) }
      _ = try await baseline.query(
        "UPDATE series_state SET state = overlay(state PLACING '\\x00'::bytea FROM 1)")
      try await house.fill(160...160)
      try await house.close(through: 160)
      try await house.serving { client in
        let report = try await house.scan(client)
        #expect(report.state == .completed)
      }
      #expect(house.detector.seen.withLock { $0.requests.values.allSatisfy { $0.count == 1 } })
      #expect(house.detector.seen.withLock { $0.requests.count } == 60)
      #expect(states.count == 4)
      let lengths = try await baseline.query(
        "SELECT length(state), get_byte(state, 0) FROM series_state")
      #expect(lengths.allSatisfy { $0.int(0) > 1_000 && $0.int(1) == Int(states[0][0]) })
    }
  }

  @Test
  func
    `a point that came after its bucket closed changes nothing of a pinned run, and the model later`()
    async throws
  {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...159)
      let sequence = try await house.close(through: 159)
      try await house.set([(0, 0, 120, 5_000)])
      try await house.serving { client in
        var request = CloseBucketRequest()
        request.granularity = .day
        request.throughBucket = 159
        request.ingestSequence = sequence
        let first = try await client.closeBucket(request)
        _ = try await house.finished(first.runID, client)
        let seen = try house.detector.seen.withLock { seen in
          try seen.requests["120/c1"].map { try JudgeRequest(wireBytes: $0[0]) }
        }
        #expect(
          seen?.evidence?.observed[0] == BaselineHouse.value(customer: 0, metric: 0, bucket: 120))
        try await house.fill(160...160)
        // Of a row in which nothing might be found the statistics are not shown.
        try await house.set([(0, 0, 160, 0)])
        request.throughBucket = 160
        request.ingestSequence = try await house.close(through: 160)
        let second = try await client.closeBucket(request)
        _ = try await house.finished(second.runID, client)
        let after = try house.detector.seen.withLock { seen in
          try seen.requests["160/c1"].map { try JudgeRequest(wireBytes: $0[0]) }
        }
        // The last 56 values before bucket 160 begin at 104, so the late value is among them.
        #expect((after?.evidence?.standardDeviation.first ?? 0) > 500)
        #expect(house.detector.seen.withLock { $0.requests.count } == 60)
      }
    }
  }

  @Test func `a range that cannot be judged is set aside with its reason`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...110)
      try await house.close(through: 110)
      try await house.serving { try await house.scan($0) }
      let baseline = try house.database.pool(.baseline, size: 1)
      _ = try await baseline.query("UPDATE series_state SET state = substr(state, 1, 1)")
      _ = try await baseline.query(
        """
        CREATE FUNCTION impatient() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN IF NEW.set_aside_at IS NULL AND NEW.last_reason IS NOT NULL
          AND NEW.generation > OLD.generation AND NEW.attempts = OLD.attempts
          THEN NEW.due_at = now(); END IF; RETURN NEW; END'
        """)
      _ = try await baseline.query(
        "CREATE TRIGGER impatient BEFORE UPDATE ON work_job FOR EACH ROW EXECUTE FUNCTION impatient()"
      )
      try await house.fill(111...111)
      try await house.close(through: 111)
      try await house.serving { client in
        let report = try await house.scan(client)
        #expect(report.state == .completedWithFailures)
        #expect(report.seriesFailed == 2)
      }
      let reason = try await baseline.query(
        "SELECT last_reason FROM work_job WHERE set_aside_at IS NOT NULL"
      ).first?.text(0)
      #expect(reason?.contains("damaged") == true)
    }
  }
}
