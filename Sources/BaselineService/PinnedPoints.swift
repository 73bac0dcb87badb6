import Postgres
import SeriesModel
import SeriesStore

/// Points as they were at a sequence of ingest, so that a repeat sees what the first try saw.
struct PinnedPoints: Sendable {
  let pool: PostgresPool
  let reader: SeriesReader

  /// Values of several series over a range of buckets, later corrections undone.
  func values(
    of series: [SeriesKey], _ granularity: Granularity, from: Int32, through: Int32,
    sequence: Int64
  ) async throws -> SlotTable {
    // The points first: a correction that comes in between is then seen, and undone as well.
    let table = try await reader.slots(of: series, granularity, from: from, through: through)
    let isCorrected = try await pool.query(
      "SELECT EXISTS (SELECT FROM ingest.correction_v1 WHERE sequence > $1)", [.int64(sequence)]
    ).single.bool(0)
    guard isCorrected else { return table }
    let later = try await pool.query(
      """
      SELECT DISTINCT ON (wanted.place, bucket) wanted.place, bucket, old_value
      FROM unnest($1::uuid[], $2::int[]) WITH ORDINALITY AS wanted(customer_id, metric_id, place)
      JOIN ingest.correction_v1 USING (customer_id, metric_id)
      WHERE sequence > $3 AND bucket BETWEEN $4 AND $5
      ORDER BY wanted.place, bucket, sequence
      """,
      [
        .uuidArray(series.map { PostgresUUID(high: $0.customer.high, low: $0.customer.low) }),
        .int32Array(series.map(\.metric.number)), .int64(sequence), .int32(from),
        .int32(through),
      ])
    var old: [Int: [Int32: Double]] = [:]
    for row in later {
      old[row.int(0) - 1, default: [:]][row.int32(1)] = row.optionalDouble(2) ?? .nan
    }
    return table.replacing(old)
  }
}
