import Locking
import Postgres
import SeriesModel
import SeriesStore

/// Daily series of many customers, in ingest's own tables.
struct Workload: Sendable {
  /// Series of one customer.
  static let metricsEach = 4

  /// 2024-01-01, a Monday.
  static let firstDay: Int32 = 19_723

  let customers: [CustomerID]
  let metrics: [Metric]

  init(series: Int) {
    customers = (0..<max(1, series / Self.metricsEach)).map {
      CustomerID(high: UInt64($0) &* 0x9E37_79B9_7F4A_7C15, low: UInt64($0))
    }
    metrics = (1...Self.metricsEach).map {
      Metric(id: MetricID(Int32($0)), name: "metric_\($0)", granularity: .day, kind: .count)
    }
  }

  var seriesCount: Int { customers.count * metrics.count }

  /// A working week with noise; now and then a customer falls for some days.
  static func value(_ customer: Int, _ metric: Int, _ day: Int) -> Double {
    let weekday = day % 7
    let level = Double(60 + (customer &* 37 &+ metric &* 11) % 400)
    let rhythm = weekday < 5 ? 1.0 : 0.35
    let noise = Double((day &* 7_919 &+ customer &* 104_729 &+ metric &* 31_337) % 101) / 101 - 0.5
    let falls = (customer &+ day / 5) % 97 == 0 && metric == 0
    return (level * rhythm * (1 + 0.2 * noise) * (falls ? 0.2 : 1)).rounded()
  }

  /// Writes customers, a tenth to each of ten segments, and metrics.
  func fillCatalogues(_ ingest: PostgresPool) async throws {
    _ = try await ingest.query(
      """
      INSERT INTO customer
      SELECT id, 'c' || place, 'c' || place, 'segment ' || place % 10, '', '', '', 0, 1, shard
      FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS new(id, shard, place)
      """,
      [
        .uuidArray(customers.map { PostgresUUID(high: $0.high, low: $0.low) }),
        .int32Array(customers.map { Int32($0.shard) }),
      ])
    _ = try await ingest.query(
      """
      INSERT INTO metric (key, name, dimension_names, dimension_values, granularity, kind,
        polarity, decimal_places, on_arrival, unit, display_name)
      SELECT name, name, '{}', '{}', 3, 1, 1, 0, false, '', '' FROM unnest($1::text[]) AS name
      """, [.textArray(metrics.map(\.name))])
  }

  /// Writes the points of some days and closes them.
  func fill(_ days: Range<Int>, _ ingest: PostgresPool) async throws {
    for from in stride(from: 0, to: customers.count, by: 500) {
      let chosen = from..<min(from + 500, customers.count)
      var rows = PointRows(customers: customers, metrics: metrics)
      for customer in chosen {
        for metric in metrics.indices {
          for day in days {
            rows.append(
              customerIndex: Int32(customer), metricIndex: Int32(metric),
              bucket: Self.firstDay + Int32(day), value: Self.value(customer, metric, day),
              row: 0)
          }
        }
      }
      let plan = PointPlan(rows, mode: .set)
      try await ingest.transaction { connection in
        _ = try SeriesWriter.write(plan, on: connection)
      }
    }
    try await ingest.transaction { connection in
      try SeriesWriter.barWrites(on: connection)
      let sequence = try SeriesWriter.nextSequence(on: connection)
      try connection.execute(
        """
        INSERT INTO closed_bucket VALUES (3, $1, $2)
        ON CONFLICT (granularity) DO UPDATE SET
          through_bucket = EXCLUDED.through_bucket, sequence = EXCLUDED.sequence
        """, [.int32(Self.firstDay + Int32(days.upperBound) - 1), .int64(sequence)])
    }
  }

  /// Reads the values of some days of all series as a scan does, and does nothing with them.
  ///
  /// - Returns: Seconds, of readers side by side the sum.
  func read(
    _ days: Range<Int>, _ reader: SeriesReader, seriesAtOnce: Int, daysAtOnce: Int,
    concurrency: Int
  ) async throws -> Double {
    let seconds = Locked(0.0)
    let next = Locked(0)
    let customersAtOnce = seriesAtOnce / metrics.count
    // A scan's range has neighbouring shards, whose customers stand together in the table.
    let order = customers.sorted { ($0.shard, $0) < ($1.shard, $1) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<concurrency {
        group.addTask {
          while true {
            let from = next.withLock { place in
              defer { place += customersAtOnce }
              return place
            }
            guard from < order.count else { return }
            let series = order[from..<min(from + customersAtOnce, order.count)].sorted()
              .flatMap { customer in metrics.map { SeriesKey(customer, $0.id) } }
            for first in stride(from: days.lowerBound, to: days.upperBound, by: daysAtOnce) {
              let begun = ContinuousClock.now
              let table = try await reader.slots(
                of: series, .day, from: Self.firstDay + Int32(first),
                through: Self.firstDay + Int32(min(first + daysAtOnce, days.upperBound)) - 1)
              let took = (ContinuousClock.now - begun) / .seconds(1)
              precondition(!table.values.isEmpty, "nothing was read")
              seconds.withLock { $0 += took }
            }
          }
        }
      }
      try await group.waitForAll()
    }
    return seconds.withLock { $0 }
  }
}
