internal import Postgres
internal import RPC
internal import SeriesModel
internal import SeriesStore

/// Writes to the metric catalogue.
enum MetricTable {
  /// Adds or changes metrics and returns them with their numbers, in the order asked for.
  ///
  /// Granularity and decimal places are fixed by the first put, because stored points depend on
  /// them.
  static func put(
    _ metrics: [Metric], on connection: isolated PostgresConnection
  ) throws -> [Metric] {
    // One writer at a time: the catalogue is small and numbers should follow each other.
    try connection.execute("SELECT pg_advisory_xact_lock(1952409963, 2)")
    let known = try read(metrics, on: connection)
    for metric in metrics {
      guard let old = known[metric.key] else { continue }
      if old.granularity != metric.granularity || old.decimalPlaces != metric.decimalPlaces {
        throw RPCError(
          .failedPrecondition, field: metric.key, reason: "fixed",
          "metric \(quoted(metric.key)): granularity and decimal_places cannot change")
      }
    }
    let changed = metrics.filter { metric in
      guard let old = known[metric.key] else { return true }
      var same = metric
      same.id = old.id
      return same != old
    }
    if !changed.isEmpty { try write(changed, on: connection) }
    let now = changed.isEmpty ? known : try read(metrics, on: connection)
    return metrics.compactMap { now[$0.key] }
  }

  private static func read(
    _ metrics: [Metric], on connection: isolated PostgresConnection
  ) throws -> [String: Metric] {
    let rows = try connection.execute(
      """
      SELECT metric_id, name, dimension_names, dimension_values, granularity, kind, polarity,
        decimal_places, on_arrival, unit, display_name
      FROM metric WHERE key = ANY ($1)
      """, [.textArray(metrics.map(\.key))])
    var known: [String: Metric] = [:]
    for row in rows {
      if let metric = Metric(row: row) { known[metric.key] = metric }
    }
    return known
  }

  private static func write(
    _ metrics: [Metric], on connection: isolated PostgresConnection
  ) throws {
    for metric in metrics {
      try connection.execute(
        """
        INSERT INTO metric (key, name, dimension_names, dimension_values, granularity, kind,
          polarity, decimal_places, on_arrival, unit, display_name)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (key) DO UPDATE SET kind = EXCLUDED.kind, polarity = EXCLUDED.polarity,
          on_arrival = EXCLUDED.on_arrival, unit = EXCLUDED.unit,
          display_name = EXCLUDED.display_name
        """,
        [
          .text(metric.key), .text(metric.name), .textArray(metric.dimensions.map(\.name)),
          .textArray(metric.dimensions.map(\.value)),
          .int16(Int16(metric.granularity.rawValue)), .int16(Int16(metric.kind.rawValue)),
          .int16(Int16(metric.polarity.rawValue)), .int16(Int16(metric.decimalPlaces)),
          .bool(metric.onArrival), .text(metric.unit), .text(metric.displayName),
        ])
    }
  }
}
