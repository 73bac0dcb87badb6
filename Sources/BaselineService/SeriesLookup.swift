import Postgres
import RPC
import SeriesContract
import SeriesModel
import SeriesStore

/// Finds customers and metrics by the names that callers use, through ingest's views.
struct SeriesLookup: Sendable {
  let pool: PostgresPool
  let reader: SeriesReader

  /// The customer of an external id or a UUID.
  ///
  /// - Throws: NOT_FOUND or INVALID_ARGUMENT that names the field.
  func customer(_ name: String, field: String) async throws -> SeriesModel.Customer {
    guard !name.isEmpty else {
      throw RPCError(
        .invalidArgument, field: field, reason: "missing", "\(field) is missing")
    }
    try WireLimits.text(name, bytes: 200, field)
    let id = WireUUID(text: name)
    let rows = try await pool.query(
      """
      SELECT customer_id, external_id, name, segment, region, owner, zone, annual_value, version
      FROM ingest.customer_v1 WHERE external_id = $1 OR customer_id = $2
      ORDER BY external_id = $1 DESC LIMIT 1
      """, [.text(name), id.map { .uuid(high: $0.high, low: $0.low) } ?? .null])
    guard let row = rows.first else {
      throw RPCError(
        .notFound, field: field, reason: "unknown_customer", "\(field): no customer \(name)")
    }
    return SeriesModel.Customer(
      id: CustomerID(high: row.uuid(0).high, low: row.uuid(0).low), externalID: row.text(1),
      name: row.text(2), segment: row.text(3), region: row.text(4), owner: row.text(5),
      zone: row.text(6), annualValue: row.double(7), version: row.int64(8))
  }

  /// The metric of a key such as `departures{origin=JFK}`.
  ///
  /// - Throws: NOT_FOUND or INVALID_ARGUMENT that names the field.
  func metric(_ key: String, field: String) async throws -> SeriesModel.Metric {
    guard !key.isEmpty else {
      throw RPCError(
        .invalidArgument, field: field, reason: "missing", "\(field) is missing")
    }
    try WireLimits.text(key, bytes: 4_096, field)
    let rows = try await pool.query(
      """
      SELECT metric_id, name, dimension_names, dimension_values, granularity, kind, polarity,
        decimal_places, on_arrival, unit, display_name
      FROM ingest.metric_v1 WHERE key = $1
      """, [.text(key)])
    guard let metric = rows.first.flatMap({ SeriesModel.Metric(row: $0) }) else {
      throw RPCError(
        .notFound, field: field, reason: "unknown_metric", "\(field): no metric \(key)")
    }
    return metric
  }

  /// The number of the newest point or closing that ingest has counted.
  func newestSequence(_ closed: ClosedBuckets) async throws -> Int64 {
    let newest = try await pool.query(
      "SELECT COALESCE(max(sequence), 0) FROM ingest.correction_v1"
    ).single.int64(0)
    return max(newest, closed.sequence)
  }
}
