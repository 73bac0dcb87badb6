internal import Classification
internal import Postgres
internal import SeriesModel

/// An incident as it is stored: with the anomalies that speak for it.
struct StoredIncident: Sendable, Hashable {
  var customer: CustomerID
  /// Its anomaly of the customer as a whole is known by ``wideID`` alone and stored as any other.
  var incident: Incident
  /// The anomaly of the metric that people heard of first.
  var leaderID: AnomalyID
  /// The anomaly of the customer as a whole.
  var wideID: AnomalyID?
  /// Whether the row is in the table.
  var isStored = false

  /// The anomaly that members point to.
  var speakerID: AnomalyID { wideID ?? leaderID }
}

/// The table `incident`: the latest incident of each customer, granularity and side.
enum IncidentTable {
  /// Locks the incidents of customers, in the order of their keys.
  ///
  /// Taken after the locks of series, by judging and by people's wishes alike.
  static func lock(
    _ customers: [CustomerID], _ granularity: Granularity,
    on connection: isolated PostgresConnection
  ) throws -> [StoredIncident] {
    try incidents(
      customers, granularity,
      """
      SELECT customer_id, direction, start_bucket, last_bucket, base_metrics, derived_metrics,
        leader_metric, leader_id, polarity, wide_id
      FROM incident WHERE granularity = $1 AND customer_id = ANY ($2)
      ORDER BY customer_id, direction
      FOR UPDATE
      """, on: connection)
  }

  /// The same without locks, for those who look again before they write.
  static func load(
    _ customers: [CustomerID], _ granularity: Granularity,
    on connection: isolated PostgresConnection
  ) throws -> [StoredIncident] {
    try incidents(
      customers, granularity,
      """
      SELECT customer_id, direction, start_bucket, last_bucket, base_metrics, derived_metrics,
        leader_metric, leader_id, polarity, wide_id
      FROM incident WHERE granularity = $1 AND customer_id = ANY ($2)
      ORDER BY customer_id, direction
      """, on: connection)
  }

  private static func incidents(
    _ customers: [CustomerID], _ granularity: Granularity, _ statement: PostgresStatement,
    on connection: isolated PostgresConnection
  ) throws -> [StoredIncident] {
    let rows = try connection.execute(
      statement, [.int16(Int16(granularity.rawValue)), .uuidArray(customers.map(\.postgres))])
    return try rows.map { row in
      guard let direction = UInt8(exactly: row.int64(1)).flatMap(Direction.init(rawValue:)),
        let polarity = UInt8(exactly: row.int64(8)).flatMap(Polarity.init(rawValue:))
      else { throw PostgresError(.value, detail: "an incident holds a word of a newer release") }
      return StoredIncident(
        customer: CustomerID(row.uuid(0)),
        incident: Incident(
          direction: direction, startBucket: row.int32(2), lastBucket: row.int32(3),
          baseMetrics: row.int64Array(4).map { MetricID(Int32(clamping: $0)) },
          derivedMetrics: row.int64Array(5).map { MetricID(Int32(clamping: $0)) },
          leader: MetricID(row.int32(6)), polarity: polarity),
        leaderID: AnomalyID(row.uuid(7)), wideID: row.optionalUUID(9).map { AnomalyID($0) },
        isStored: true)
    }
  }

  /// Writes an incident.
  ///
  /// - Throws: ``PostgresError`` with `serialization` when another replica has meanwhile made the
  ///   row; the transaction is run again then and finds it.
  static func save(
    _ stored: StoredIncident, _ granularity: Granularity,
    on connection: isolated PostgresConnection
  ) throws {
    let incident = stored.incident
    let written = try connection.execute(
      stored.isStored ? updateStatement : insertStatement,
      [
        .uuid(stored.customer.postgres), .int16(Int16(granularity.rawValue)),
        .int16(Int16(incident.direction.rawValue)), .int32(incident.startBucket),
        .int32(incident.lastBucket),
        .int64Array(incident.baseMetrics.map { Int64($0.number) }),
        .int64Array(incident.derivedMetrics.map { Int64($0.number) }),
        .int32(incident.leader.number), .uuid(stored.leaderID.postgres),
        .int16(Int16(incident.polarity.rawValue)),
        stored.wideID.map { .uuid($0.postgres) } ?? .null,
      ])
    guard written.affected == 1 else {
      throw PostgresError(.serialization, detail: "another replica judges the same customer")
    }
  }

  /// Forgets an incident that nothing bears any more.
  static func remove(
    _ stored: StoredIncident, _ granularity: Granularity,
    on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      "DELETE FROM incident WHERE customer_id = $1 AND granularity = $2 AND direction = $3",
      [
        .uuid(stored.customer.postgres), .int16(Int16(granularity.rawValue)),
        .int16(Int16(stored.incident.direction.rawValue)),
      ])
  }

  private static let updateStatement: PostgresStatement = """
    UPDATE incident SET start_bucket = $4, last_bucket = $5, base_metrics = $6,
      derived_metrics = $7, leader_metric = $8, leader_id = $9, polarity = $10, wide_id = $11
    WHERE customer_id = $1 AND granularity = $2 AND direction = $3
    """

  private static let insertStatement: PostgresStatement = """
    INSERT INTO incident (customer_id, granularity, direction, start_bucket, last_bucket,
      base_metrics, derived_metrics, leader_metric, leader_id, polarity, wide_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT DO NOTHING
    """
}
