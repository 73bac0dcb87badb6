import Postgres
import SeriesModel
import SeriesStore
import TestSupport
import Testing

@Suite("Reading points", .enabled(if: TestDatabase.isAvailable))
struct SeriesReaderTests {
  @Test func `baseline sees series by shard, metrics and closed buckets`() async throws {
    try await StoreFixture.with(customers: 50) { store in
      try await store.set(
        (0..<50).flatMap { [($0, 2, 1, 1.0), ($0, 2, 40, 2.0), ($0, 3, 1, 1.0)] })
      try await store.close(.day, through: 40)
      let reader = SeriesReader(pool: try store.database.pool(.baseline, size: 1))
      let all = try await reader.series(.day, shards: 0..<1_024)
      #expect(all.series.count == 50 && all.customers.count == 50)
      #expect(all.series == all.series.sorted())
      #expect(all.customerIndex.map { all.customers[$0].id } == all.series.map(\.customer))
      let half = try await reader.series(.day, shards: 0..<512)
      #expect(half.series == all.series.filter { $0.customer.shard < 512 })
      let counts = try await reader.seriesCounts(.day)
      #expect(counts.map(\.count).reduce(0, +) == 50)
      #expect(try await reader.metrics().map(\.key) == ["m1", "m2", "m3", "m4"])
      #expect(try await reader.closed(.day)?.through == Bucket(.day, 40))
      #expect(try await reader.closed(.week) == nil)
      #expect(try await reader.firstBucket(.day) == 0)
      #expect(try await reader.firstBucket(.hour) == nil)
      #expect(try await reader.firstBucket(.day, of: all.customers.map(\.id)) == 0)
      #expect(try await reader.firstBucket(.day, of: []) == nil)
    }
  }

  @Test func `points show as rows, to the last bit`() async throws {
    let values: [Double] = [
      0, -0.0, 1, -1.5, .pi, Double(bitPattern: 2_024), .leastNonzeroMagnitude,
      .leastNormalMagnitude,
      .greatestFiniteMagnitude, -123_456.789, 0.1,
    ]
    try await StoreFixture.with { store in
      try await store.set(values.enumerated().map { (0, 2, Int32($0.offset), $0.element) })
      let rows = try await store.pool.query(
        "SELECT bucket, value, starts_at::date::text, customer, metric FROM point_v1 ORDER BY bucket"
      )
      #expect(rows.map { $0.double(1).bitPattern } == values.map(\.bitPattern))
      #expect(rows[1].text(2) == "1970-01-02" && rows[1].text(3) == "c0" && rows[1].text(4) == "m3")
    }
  }

  @Test func `baseline may read views and nothing else of ingest`() async throws {
    try await StoreFixture.with { store in
      let pool = try store.database.pool(.baseline, size: 1)
      for statement: PostgresStatement in [
        "SELECT 1 FROM ingest.series_chunk", "SELECT 1 FROM ingest.customer",
        "SELECT 1 FROM ingest.ledger", "DELETE FROM ingest.series_chunk_v2",
      ] {
        let error = await #expect(throws: PostgresError.self) { try await pool.query(statement) }
        #expect(error?.code == .permission)
      }
    }
  }
}
