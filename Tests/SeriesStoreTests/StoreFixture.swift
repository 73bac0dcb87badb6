import Postgres
import SeriesModel
import SeriesStore
import TestSupport

/// A migrated database with a few customers and metrics.
struct StoreFixture {
  let database: TestDatabase
  let pool: PostgresPool
  let customers: [CustomerID]
  let metrics: [Metric]

  /// Metrics of each granularity have the numbers 1 to 4; more follow when asked for.
  static func with(
    customers count: Int = 8, moreMetrics: [Granularity] = [],
    migrations: [Migration] = SeriesSchema.migrations,
    _ body: (StoreFixture) async throws -> Void
  ) async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 8)
      try await Migrator.migrate(migrations, on: pool)
      let customers = (0..<count).map {
        CustomerID(high: UInt64($0) &* 0x9E37_79B9_7F4A_7C15, low: UInt64($0))
      }
      let metrics = (Granularity.allCases + moreMetrics).enumerated().map { place, granularity in
        Metric(
          id: MetricID(Int32(place + 1)), name: "m\(place + 1)", granularity: granularity,
          kind: .money, decimalPlaces: 2)
      }
      for customer in customers {
        _ = try await pool.query(
          "INSERT INTO customer VALUES ($1, $2, '', 's', '', '', '', 0, 1, $3)",
          [
            .uuid(high: customer.high, low: customer.low), .text("c\(customer.low)"),
            .int32(Int32(customer.shard)),
          ])
      }
      for metric in metrics {
        _ = try await pool.query(
          """
          INSERT INTO metric (key, name, dimension_names, dimension_values, granularity, kind,
            polarity, decimal_places, on_arrival, unit, display_name)
          VALUES ($1, $1, '{}', '{}', $2, 3, 1, 2, false, '', '')
          """,
          [
            .text(metric.name), .int16(Int16(metric.granularity.rawValue)),
          ])
      }
      try await body(
        StoreFixture(database: database, pool: pool, customers: customers, metrics: metrics))
    }
  }

  func rows(_ points: [(customer: Int, metric: Int, bucket: Int32, value: Double)]) -> PointRows {
    var rows = PointRows(customers: customers, metrics: metrics)
    for (number, point) in points.enumerated() {
      rows.append(
        customerIndex: Int32(point.customer), metricIndex: Int32(point.metric),
        bucket: point.bucket, value: point.value, row: UInt32(number))
    }
    return rows
  }

  @discardableResult
  func write(_ plan: PointPlan) async throws -> WriteOutcome {
    try await pool.transaction { try SeriesWriter.write(plan, on: $0) }
  }

  @discardableResult
  func set(
    _ points: [(customer: Int, metric: Int, bucket: Int32, value: Double)]
  ) async throws -> WriteOutcome {
    try await write(PointPlan(rows(points), mode: .set))
  }

  func close(_ granularity: Granularity, through bucket: Int32) async throws {
    try await pool.transaction { connection in
      try SeriesWriter.barWrites(on: connection)
      let sequence = try SeriesWriter.nextSequence(on: connection)
      try connection.execute(
        "INSERT INTO closed_bucket VALUES ($1, $2, $3)",
        [.int16(Int16(granularity.rawValue)), .int32(bucket), .int64(sequence)])
    }
  }

  /// All values of a metric, as baseline sees them.
  func values(metric: Int, from: Int32, through: Int32) async throws -> SlotTable {
    let reader = SeriesReader(pool: try database.pool(.baseline, size: 1))
    return try await reader.slots(
      of: customers.map { SeriesKey($0, metrics[metric].id) }, metrics[metric].granularity,
      from: from, through: through)
  }
}

/// A small generator whose seed is printed with a failure.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
