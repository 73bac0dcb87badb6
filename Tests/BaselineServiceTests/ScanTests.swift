import Baselines
import EvidenceContract
import FindingsContract
import Locking
import Postgres
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@Suite("Scans", .enabled(if: TestDatabase.isAvailable))
struct ScanTests {
  @Test func `a first scan walks all history and a second one changes nothing`() async throws {
    try await BaselineHouse.with { house in
      try await house.fill(100...179)
      try await house.close(through: 179)
      try await house.serving { client in
        let report = try await house.scan(client)
        #expect(report.state == .completed)
        #expect(report.seriesDue == 12)
        #expect(report.seriesScanned == 12)
        #expect(report.seriesFailed == 0)
        #expect(report.throughBucket == 179)
        #expect(report.bucketsScanned == report.bucketsDue)
        #expect(report.startedUnixUs > 0 && report.endedUnixUs >= report.startedUnixUs)
        let seen = house.detector.seen.withLock { $0 }
        // The first value of a series has nothing to be compared with.
        #expect(seen.rows == 12 * 79)
        #expect(seen.notified == [179])
        #expect(report.findings == Int64(seen.calls))
        let again = try await client.startScan(BaselineHouse.scanRequest)
        #expect(again.alreadyKnown)
        #expect(again.runID == report.runID)
        #expect(house.detector.seen.withLock { $0.calls } == seen.calls)
      }
    }
  }

  @Test func `a closed bucket is judged once and told to people`() async throws {
    try await BaselineHouse.with { house in
      try await house.fill(100...149)
      try await house.close(through: 149)
      try await house.serving { client in
        try await house.scan(client)
        try await house.fill(150...150)
        var request = CloseBucketRequest()
        request.granularity = .day
        request.throughBucket = 150
        request.ingestSequence = try await house.close(through: 150)
        let first = try await client.closeBucket(request)
        let report = try await house.finished(first.runID, client)
        #expect(report.bucketsScanned == 12)
        #expect(report.fromBucket == 150)
        #expect(try await client.closeBucket(request).runID == first.runID)
        #expect(house.detector.seen.withLock { $0.notified } == [149, 150])
        #expect(house.detector.seen.withLock { $0.requests.values.allSatisfy { $0.count == 1 } })
      }
    }
  }

  @Test func `what is handed over is what a model walked in one go would say`() async throws {
    try await BaselineHouse.with(customers: 2) { house in
      try await house.fill(100...169)
      try await house.close(through: 169)
      try await house.serving { try await house.scan($0) }
      var model = SeriesBaseline(kind: .count, granularity: .day)
      var expected: [UInt64] = []
      for bucket in 100...169 as ClosedRange<Int32> {
        var batch = Baselines.EvidenceBatch(
          runID: ScanRunID(high: 0, low: 0), bucket: Bucket(.day, bucket), revision: 1,
          ingestSequence: 0, modelVersion: "", windows: [1, 3, 7])
        _ = model.advance(
          to: bucket, value: BaselineHouse.value(customer: 1, metric: 0, bucket: bucket),
          customerIndex: 0, metricIndex: 0, into: &batch)
        expected += batch.inputHash
      }
      let requests = house.detector.seen.withLock { $0.requests }
      let hashes = try requests.values.flatMap { try Self.hashes(in: $0) }
      #expect(Set(expected).isSubset(of: Set(hashes)))
      #expect(expected.count == 69)
    }
  }

  private static func hashes(in requests: [[UInt8]]) throws -> [UInt64] {
    try requests.flatMap { try JudgeRequest(wireBytes: $0).evidence?.inputHash ?? [] }
  }

  @Test func `customers that come later are scanned with their history`() async throws {
    try await BaselineHouse.with { house in
      try await house.fill(100...139, customers: 0..<3)
      try await house.close(through: 139)
      try await house.serving { client in
        try await house.scan(client)
        try await house.fill(100...139, customers: 3..<6)
        let report = try await house.scan(client)
        #expect(report.seriesDue == 12)
        #expect(report.seriesScanned == 12)
        #expect(house.detector.seen.withLock { $0.rows } == 12 * 39)
      }
    }
  }

  @Test func `series without a value are skipped with the reason`() async throws {
    try await BaselineHouse.with(customers: 2) { house in
      try await house.fill(100...139, customers: 0..<1)
      try await house.set([(1, 0, 139, 5), (1, 1, 141, 5)])
      try await house.close(through: 139)
      try await house.serving { client in
        let report = try await house.scan(client)
        #expect(report.seriesScanned == 2)
        #expect(report.seriesSkipped == 2)
        #expect(report.skips.map(\.reason) == ["first_value", "not_started"])
      }
    }
  }
}
