import Postgres
import SeriesModel
import SeriesStore
import TestSupport
import Testing

/// Metrics from number 5 on, at the places from 4 on, are of days unless a test says otherwise.
@Suite("Metrics side by side", .enabled(if: TestDatabase.isAvailable))
struct MetricFamilyTests {
  private typealias Point = (customer: Int, metric: Int, bucket: Int32, value: Double)

  private struct Cell: Hashable {
    let customer: Int
    let metric: Int
    let bucket: Int32
  }

  @Test(arguments: [UInt64(1), 2], Granularity.allCases)
  func `any metrics in any order, changed and repeated, leave the last value of each`(
    seed: UInt64, granularity: Granularity
  ) async throws {
    let more = [Granularity](repeating: granularity, count: 5)
    try await StoreFixture.with(customers: 3, moreMetrics: more) { store in
      let places = [Int(granularity.rawValue) - 1, 4, 5, 6, 7, 8]
      var random = SeededGenerator(seed: seed)
      var truth: [Cell: Double] = [:]
      for _ in 0..<60 {
        let metrics = places.shuffled(using: &random)
          .prefix(Int.random(in: 1...6, using: &random))
        let days = Int32.random(in: 20_000...20_040, using: &random)
        var batch: [Cell: Double] = [:]
        for customer in 0..<3 {
          for metric in metrics {
            for day in days...days + Int32.random(in: 0...2, using: &random) {
              batch[Cell(customer: customer, metric: metric, bucket: day)] = Double(
                Int.random(in: 0...2, using: &random))
            }
          }
        }
        let changed = batch.filter { truth[$0.key] != $0.value }.count
        let points = batch.map { ($0.key.customer, $0.key.metric, $0.key.bucket, $0.value) }
        #expect(try await store.set(points).changed == Int64(changed), "seed \(seed)")
        #expect(try await store.set(points.reversed()).changed == 0)
        truth.merge(batch) { $1 }
      }
      try await Self.expect(truth, places, in: store)
    }
  }

  /// Compares what readers, rows and the first version of the chunks' view show.
  private static func expect(
    _ truth: [Cell: Double], _ places: [Int], in store: StoreFixture
  ) async throws {
    for metric in places {
      let table = try await store.values(metric: metric, from: 20_000, through: 20_042)
      for customer in 0..<3 {
        for day in Int32(20_000)...20_042 {
          let value = table[customer, day]
          let expected = truth[Cell(customer: customer, metric: metric, bucket: day)]
          #expect(expected == nil ? value.isNaN : value == expected)
        }
      }
    }
    let rows = try await store.pool.query(
      """
      SELECT customer, metric, bucket, value, slot_value(slots, bucket - chunk_start)
      FROM point_v1
      JOIN customer ON external_id = customer
      JOIN metric ON key = metric
      JOIN series_chunk_v1 USING (customer_id, metric_id)
      WHERE bucket - chunk_start BETWEEN 0 AND length(slots) / 8 - 1
      """)
    #expect(rows.count == truth.count)
    for row in rows {
      let customer = Int(row.text(0).dropFirst()) ?? -1
      let metric = (Int(row.text(1).dropFirst()) ?? 0) - 1
      let cell = Cell(customer: customer, metric: metric, bucket: row.int32(2))
      #expect(row.double(3) == truth[cell] && row.double(4) == truth[cell])
    }
  }

  @Test func `a value that differs is counted alone among those beside it`() async throws {
    try await StoreFixture.with(customers: 2, moreMetrics: [Granularity](repeating: .day, count: 4))
    { store in
      let first: [Point] = (0..<2).flatMap { customer in
        (4..<8).map { (customer: customer, metric: $0, bucket: 9, value: 1) }
      }
      try await store.set(first)
      var second: [Point] = first.map { point in
        (customer: point.customer, metric: point.metric, bucket: 10, value: point.value)
      }
      // One is there already, so that its chunk cannot be laid over as a whole.
      #expect(try await store.set([second[5]]).changed == 1)
      #expect(try await store.set(second).changed == 7)
      second[2].value = 2
      #expect(try await store.set(second).changed == 1)
      #expect(try await store.set(second).changed == 0)
      #expect(try await store.values(metric: 6, from: 9, through: 10).values == [1, 2, 1, 1])
    }
  }

  @Test func `metrics of one chunk that are sent apart, or with a gap, find their places`()
    async throws
  {
    try await StoreFixture.with(
      customers: 1, moreMetrics: [Granularity](repeating: .day, count: 4)
    ) { store in
      try await store.set((4..<8).map { (0, $0, 0, Double($0)) })
      for (day, lanes) in [[4], [7], [5, 6], [6, 7], [4, 5, 6], [4, 6], [4, 7]].enumerated() {
        let points = lanes.map { (0, $0, Int32(day + 1), Double($0 * 10 + day)) }
        #expect(try await store.set(points).changed == Int64(lanes.count))
        #expect(try await store.set(points).changed == 0)
        for metric in 4..<8 {
          let value = try await store.values(metric: metric, from: 0, through: 7)[0, Int32(day + 1)]
          let expected = Double(metric * 10 + day)
          #expect(lanes.contains(metric) ? value == expected : value.isNaN)
        }
      }
    }
  }

  @Test func `metrics of very many chunks go by the stage, together or apart`() async throws {
    let count = 5_100
    try await StoreFixture.with(customers: count, moreMetrics: [.day, .day]) { store in
      var points = (0..<count * 2).map { ($0 / 2, 4 + $0 % 2, Int32(3), Double($0)) }
      let first = try await store.set(points)
      #expect(first.changed == Int64(count * 2))
      for lane in 0..<2 {
        let apart = (0..<count).map { ($0, 4 + lane, Int32(4), Double($0 + lane)) }
        #expect(try await store.set(apart).changed == Int64(count))
      }
      points[7].3 = -1
      #expect(try await store.set(points).changed == 1)
      #expect(try await store.values(metric: 5, from: 3, through: 4).row(3) == [-1, 4])
      #expect(try await store.values(metric: 4, from: 3, through: 4).row(3) == [6, 3])
    }
  }

  @Test func `a metric that comes later takes its place among the others`() async throws {
    try await StoreFixture.with(customers: 1, moreMetrics: [Granularity](repeating: .day, count: 4))
    { store in
      try await store.set([(0, 5, 3, 5), (0, 7, 3, 7), (0, 7, 4, 7.5)])
      try await store.close(.day, through: 3)
      let outcome = try await store.set([(0, 4, 3, 4), (0, 6, 4, 6), (0, 7, 3, 8)])
      #expect(outcome.changed == 3 && outcome.corrections == 2)
      try await store.write(PointPlan(store.rows([(0, 6, 4, 0.25)]), mode: .increment))
      for (metric, values) in [(5, [5, nil]), (7, [8, 7.5]), (4, [4, nil]), (6, [nil, 6.25])] {
        let table = try await store.values(metric: metric, from: 3, through: 4)
        #expect(table.values.map { $0.isNaN ? nil : $0 } == values)
      }
      let corrections = try await store.pool.query(
        "SELECT metric_id, old_value, new_value FROM correction ORDER BY metric_id")
      #expect(corrections.map { $0.int32(0) } == [5, 8])
      #expect(corrections[0].isNull(1) && corrections[1].double(1) == 7)
      #expect(corrections[1].double(2) == 8)
      let reader = SeriesReader(pool: try store.database.pool(.baseline, size: 1))
      let series = try await reader.series(.day, shards: 0..<1_024).series
      #expect(series.map(\.metric.number) == [5, 6, 7, 8])
    }
  }

  @Test func `writers of metrics side by side at once lose nothing`() async throws {
    try await StoreFixture.with(moreMetrics: [Granularity](repeating: .day, count: 4)) { store in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<32 {
          group.addTask {
            let day = Int32(task / 4)
            try await store.set((0..<8).map { ($0, 4 + task % 4, day, Double(task)) })
          }
        }
        try await group.waitForAll()
      }
      for lane in 0..<4 {
        let table = try await store.values(metric: 4 + lane, from: 0, through: 7)
        for customer in 0..<8 {
          #expect(Array(table.row(customer)) == (0..<8).map { Double($0 * 4 + lane) })
        }
      }
    }
  }

  @Test func `chunks of one metric that were stored before are taken along`() async throws {
    let before = SeriesSchema.migrations.filter { $0.version < SeriesSchema.queueVersion }
    try await StoreFixture.with(
      customers: 2, moreMetrics: [Granularity](repeating: .day, count: 3), migrations: before
    ) { store in
      for customer in 0..<2 {
        for (place, metric) in store.metrics.enumerated() where place != 4 {
          let slots = (0..<metric.granularity.slotsPerChunk).flatMap { slot in
            let value = slot % 3 == 0 ? SlotCoding.missing : Double(place * 1_000 + slot + customer)
            return withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
          }
          _ = try await store.pool.query(
            "INSERT INTO series_chunk VALUES ($1, $2, 0, $3)",
            [
              .uuid(high: store.customers[customer].high, low: store.customers[customer].low),
              .int32(metric.id.number), .bytes(slots),
            ])
        }
      }
      let query: PostgresStatement =
        "SELECT * FROM series_chunk_v1 ORDER BY customer_id, metric_id, chunk_start"
      let old = try await store.pool.query(query)
      let oldPoints = try await store.pool.query("SELECT * FROM point_v1 ORDER BY 1, 2, 3")
      try await Migrator.migrate(SeriesSchema.migrations, on: store.pool)
      let new = try await store.pool.query(query)
      #expect(old.count == 12 && new.count == 12)
      #expect(zip(old, new).allSatisfy { $0.bytes(3) == $1.bytes(3) && $0.int(1) == $1.int(1) })
      let points = try await store.pool.query("SELECT * FROM point_v1 ORDER BY 1, 2, 3")
      #expect(points.map { $0.double(4) } == oldPoints.map { $0.double(4) })
      for place in 0..<7 where place != 4 {
        let table = try await store.values(metric: place, from: 0, through: 5)
        #expect(table[1, 0].isNaN && table[1, 3].isNaN)
        #expect(table[1, 5] == Double(place * 1_000 + 6))
      }
    }
  }
}
