import AnomalyContract
import Postgres
import RPC
import SeriesModel
import TestSupport
import Testing

@testable import ClassifierService

@Suite("What people see of the last days", .enabled(if: TestDatabase.isAvailable))
struct TrendTests {
  /// The changes that were written down, oldest first.
  private func changes(_ laboratory: Laboratory) async throws -> [AnomalyContract.Anomaly] {
    let rows = try await laboratory.pool.query(
      "SELECT change FROM anomaly_revision ORDER BY changed_unix_us, revision")
    return try rows.map { try #require(try AnomalyChange(wireBytes: $0.bytes(0)).anomaly) }
  }

  @Test(arguments: [true, false])
  func `a change that is told carries the values of its evidence`(isHeard: Bool) async throws {
    try await Laboratory.with { laboratory in
      var ring = (0..<21).map { Double($0) }
      ring[3] = .nan
      let batch = try World().batch(day: World.day, [30], notify: isHeard, ring: ring)
      _ = try await laboratory.store.classify(batch)
      let anomaly = try #require(try await changes(laboratory).first)
      guard isHeard else {
        #expect(anomaly.trendObserved.isEmpty && anomaly.trendObservedMask == 0)
        return
      }
      ring[3] = 0
      #expect(anomaly.trendObserved == ring)
      #expect(anomaly.trendExpected[20] == 21 && anomaly.trendExpected[3] == 0)
      let mask: UInt64 = (1 << 21) - 1 - (1 << 3)
      #expect(anomaly.trendObservedMask == mask && anomaly.trendExpectedMask == mask)
    }
  }

  @Test func `evidence without such values leaves them out`() async throws {
    try await Laboratory.with { laboratory in
      _ = try await laboratory.store.classify(try World().batch(day: World.day, [30]))
      let anomaly = try #require(try await changes(laboratory).first)
      #expect(anomaly.trendObserved.isEmpty && anomaly.trendExpected.isEmpty)
    }
  }
}
