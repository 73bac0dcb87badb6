internal import Classification
internal import Postgres
internal import SeriesModel

/// What people have dismissed, as the merge wants it.
enum DismissalTable {
  /// What was dismissed of series since a bucket, itself or with what spoke for it.
  static func load(
    _ keys: [SeriesKey], since bucket: Int32, on connection: isolated PostgresConnection
  ) throws -> [SeriesKey: [DismissedAnomaly]] {
    if keys.isEmpty { return [:] }
    let ids = try connection.execute(
      """
      SELECT part.customer_id, part.id
      FROM unnest($1::uuid[], $2::int4[]) AS wanted(customer_id, metric_id)
        JOIN anomaly AS part USING (customer_id, metric_id)
        LEFT JOIN anomaly AS leader
          ON leader.customer_id = part.customer_id AND leader.id = part.leader_id
      WHERE part.end_bucket >= $3 AND (part.state = $4 OR leader.state = $4)
      """,
      [
        .uuidArray(keys.map(\.customer.postgres)), .int32Array(keys.map(\.metric.number)),
        .int32(bucket), .int16(Int16(AnomalyState.dismissed.rawValue)),
      ]
    ).map { (customer: CustomerID($0.uuid(0)), id: AnomalyID($0.uuid(1))) }
    var found: [SeriesKey: [DismissedAnomaly]] = [:]
    for record in try AnomalyTable.load(ids, on: connection).values {
      found[record.key, default: []].append(
        DismissedAnomaly(record.episode, kind: record.metric.kind))
    }
    return found
  }
}
