import Postgres
import SeriesModel
import SeriesStore
import TestSupport
import Testing

@Suite("Points at rest", .enabled(if: TestDatabase.isAvailable))
struct SeriesWriterTests {
  @Test(arguments: 0..<4)
  func `batches cut, reordered and repeated in any way leave the same slots`(metric: Int)
    async throws
  {
    for seed in [UInt64(1), 2] {
      try await StoreFixture.with { store in
        var random = SeededGenerator(seed: seed)
        var truth: [Int: [Int32: Double]] = [:]
        var points: [(customer: Int, metric: Int, bucket: Int32, value: Double)] = []
        for _ in 0..<600 {
          let customer = Int.random(in: 0..<8, using: &random)
          let bucket = Int32.random(in: -40...700, using: &random)
          let value = Double.random(in: -1e6...1e6, using: &random)
          if truth[customer]?[bucket] != nil { continue }
          truth[customer, default: [:]][bucket] = value
          points.append((customer, metric, bucket, value))
        }
        var changed: Int64 = 0
        for round in 0..<3 {
          points.shuffle(using: &random)
          var start = 0
          while start < points.count {
            let end = min(points.count, start + Int.random(in: 1...120, using: &random))
            let outcome = try await store.set(Array(points[start..<end]))
            changed += outcome.changed
            if round > 0 { #expect(outcome.changed == 0, "a repeat changes nothing") }
            start = end
          }
        }
        #expect(changed == Int64(points.count))
        let table = try await store.values(metric: metric, from: -40, through: 700)
        for customer in 0..<8 {
          for bucket in Int32(-40)...700 {
            let value = table[customer, bucket]
            let expected = truth[customer]?[bucket]
            #expect(expected == nil ? value.isNaN : value == expected, "seed \(seed)")
          }
        }
      }
    }
  }

  @Test func `a large batch goes by the stage and gives what a small one gives`() async throws {
    try await StoreFixture.with(customers: 3_000) { store in
      for day in Int32(20_000)...20_003 {
        let points = (0..<6_000).map { ($0 / 2, 2 + $0 % 2, day, Double($0) + Double(day)) }
        #expect(try await store.set(points).changed == 6_000)
        #expect(try await store.set(points.reversed()).changed == 0)
      }
      let table = try await store.values(metric: 2, from: 19_999, through: 20_004)
      #expect(table[2_999, 20_003] == 5_998 + 20_003)
      #expect(table[0, 19_999].isNaN && table[0, 20_004].isNaN)
    }
  }

  @Test func `an append of a few buckets a series is laid over in layers`() async throws {
    try await StoreFixture.with(customers: 3_000) { store in
      // Two days of all, a third of some: the first layers by the stage, the last by arrays.
      var points: [(customer: Int, metric: Int, bucket: Int32, value: Double)] = []
      for customer in 0..<3_000 {
        points.append((customer, 2, 20_000, Double(customer)))
        points.append((customer, 2, 20_001, Double(customer) + 3_000))
        points.append((customer, 3, 100, 7))
        if customer < 500 { points.append((customer, 2, 20_002, 1)) }
      }
      #expect(try await store.set(points).changed == 9_500)
      #expect(try await store.set(points.reversed()).changed == 0)
      let table = try await store.values(metric: 2, from: 20_000, through: 20_002)
      #expect(table[2_999, 20_000] == 2_999 && table[2_999, 20_001] == 5_999)
      #expect(table[499, 20_002] == 1 && table[500, 20_002].isNaN)
    }
  }

  @Test func `daily appends stay on their page`() async throws {
    try await StoreFixture.with(customers: 200) { store in
      let month = Int32(CivilDate(year: 2026, month: 1, day: 1)?.dayIndex ?? 0)
      let admin = store.database.adminPool()
      for day in 0..<31 {
        try await store.set((0..<200).map { ($0, 2, month + Int32(day), Double(day)) })
        // Transactions of other tests may keep dead versions from being pruned on the way.
        _ = try await admin.query("VACUUM ingest.series_chunk")
      }
      var updates: (all: Int64, hot: Int64) = (0, 0)
      // Figures come some time after the sessions that caused them have gone idle.
      while updates.all < 6_000 {
        _ = try await store.pool.query("SELECT pg_stat_force_next_flush()")
        let row = try await admin.query(
          """
          SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
          WHERE relname = 'series_chunk'
          """
        ).single
        updates = (row.int64(0), row.int64(1))
      }
      #expect(updates.hot == updates.all)
    }
  }

  @Test func `increments add up whatever their order, and a counted batch is known`()
    async throws
  {
    try await StoreFixture.with { store in
      var random = SeededGenerator(seed: 3)
      var amounts = (0..<300).map { _ in Double(Int.random(in: -99_999...99_999, using: &random)) }
      amounts = amounts.map { $0 / 100 }
      let exact = amounts.reduce(0) { $0 + Int(($1 * 100).rounded()) }
      for customer in 0..<2 {
        amounts.shuffle(using: &random)
        for (sequence, start) in stride(from: 0, to: 300, by: 30).enumerated() {
          let batch = amounts[start..<start + 30].map { (customer, 2, Int32(7), $0) }
          let plan = PointPlan(store.rows(batch), mode: .increment)
          for attempt in 0..<2 {
            let isNew = try await store.pool.transaction { connection in
              let isNew = try SeriesWriter.enter(
                source: "shop \(customer)", sequence: UInt64.max - UInt64(sequence), accepted: 30,
                nowUnixMicroseconds: 0, on: connection)
              if isNew { _ = try SeriesWriter.write(plan, on: connection) }
              return isNew
            }
            #expect(isNew == (attempt == 0))
          }
        }
      }
      let table = try await store.values(metric: 2, from: 7, through: 7)
      #expect(table[0, 7] == Double(exact) / 100)
      #expect(table[1, 7].bitPattern == table[0, 7].bitPattern)
    }
  }

  @Test func `writers of the same chunks at once lose nothing`() async throws {
    try await StoreFixture.with { store in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for day in Int32(0)..<31 {
          group.addTask {
            let points = (0..<8).map { ($0, 2, day, Double(day)) }
            if day % 2 == 0 {
              try await store.set(points)
            } else {
              try await store.write(PointPlan(store.rows(points), mode: .increment))
            }
          }
        }
        try await group.waitForAll()
      }
      let table = try await store.values(metric: 2, from: 0, through: 30)
      for customer in 0..<8 { #expect(Array(table.row(customer)) == (0..<31).map { Double($0) }) }
    }
  }

  @Test func `a write to a closed bucket is kept as a correction, one to an open bucket is not`()
    async throws
  {
    try await StoreFixture.with { store in
      try await store.set([(0, 2, 100, 1)])
      try await store.close(.day, through: 100)
      let outcome = try await store.set([
        (0, 2, 100, 2), (0, 2, 101, 3), (1, 2, 99, 4), (0, 3, 50, 5),
      ])
      #expect(outcome.changed == 4 && outcome.corrections == 2 && outcome.sequence == 2)
      #expect(try await store.set([(0, 2, 100, 2)]).corrections == 0)
      let rows = try await store.database.pool(.baseline, size: 1).query(
        """
        SELECT bucket, old_value, new_value, sequence FROM ingest.correction_v1 ORDER BY bucket
        """)
      #expect(rows.map { $0.int32(0) } == [99, 100])
      #expect(rows[0].isNull(1) && rows[0].double(2) == 4)
      #expect(rows[1].double(1) == 1 && rows[1].double(2) == 2 && rows[1].int64(3) == 2)
    }
  }

  @Test func `a sum beyond what adds up exactly is refused with its row and nothing is stored`()
    async throws
  {
    try await StoreFixture.with { store in
      let most = Double(1 << 51) / 100
      try await store.write(PointPlan(store.rows([(0, 2, 5, most)]), mode: .increment))
      let error = await #expect(throws: SeriesStoreError.self) {
        try await store.write(
          PointPlan(store.rows([(1, 2, 5, 1), (0, 2, 5, 1)]), mode: .increment))
      }
      #expect(error?.code == .sumOutOfRange && error?.row == 1)
      #expect(try await store.values(metric: 2, from: 5, through: 5)[1, 5].isNaN)
    }
  }
}
