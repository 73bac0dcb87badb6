internal import AnomalyContract
internal import Classification
internal import Detection
internal import FindingsContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel

/// The tables `review` and `review_batch`: what is judged again and not taken over yet.
enum ReviewTable {
  /// After so long an open review was given up by its caller, in microseconds.
  static let abandonedMicroseconds: Int64 = 86_400_000_000

  /// How many batches, of up to a mebibyte each, are read at once.
  private static let pageBatches = 16

  /// Begins a review anew, whatever it held; those that were given up are cleared away.
  static func open(
    _ id: PostgresUUID, atUnixMicroseconds now: Int64, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      DELETE FROM review_batch USING review
      WHERE review_batch.review_id = review.review_id
        AND (review.review_id = $1 OR opened_unix_us < $2)
      """,
      [.uuid(id), .int64(now - abandonedMicroseconds)])
    try connection.execute(
      "DELETE FROM review WHERE opened_unix_us < $1", [.int64(now - abandonedMicroseconds)])
    try connection.execute(
      """
      INSERT INTO review (review_id, opened_unix_us) VALUES ($1, $2)
      ON CONFLICT (review_id) DO UPDATE SET
        opened_unix_us = EXCLUDED.opened_unix_us, is_closed = false
      """, [.uuid(id), .int64(now)])
  }

  /// Keeps a batch; the same one again takes its place.
  ///
  /// - Throws: ``ClassifierError`` with `unknownReview` when no such review is open.
  static func keep(
    _ findings: [UInt8], bucket: Int32, part: Int32, of id: PostgresUUID, in pool: PostgresPool
  ) async throws {
    let kept = try await pool.query(
      """
      INSERT INTO review_batch (review_id, bucket, part, findings)
      SELECT review_id, $2, $3, $4 FROM review WHERE review_id = $1 AND NOT is_closed
      ON CONFLICT (review_id, bucket, part) DO UPDATE SET findings = EXCLUDED.findings
      """, [.uuid(id), .int32(bucket), .int32(part), .bytes(findings)])
    guard kept.affected == 1 else { throw unknown(id) }
  }

  /// Ends a review, which no other does at the same time; false when it has been ended before.
  ///
  /// - Throws: ``ClassifierError`` with `unknownReview` when there is none of that identity, or
  ///   when it does not hold the batches that its caller has handed over: then somebody else, who
  ///   took the caller for dead, has begun it again.
  static func close(
    _ id: PostgresUUID, batches: Int, on connection: isolated PostgresConnection
  ) throws -> Bool {
    let known = try connection.execute(
      "SELECT is_closed FROM review WHERE review_id = $1 FOR UPDATE", [.uuid(id)]
    ).first
    guard let known else { throw unknown(id) }
    if known.bool(0) { return false }
    let count = try connection.execute(
      "SELECT count(*) FROM review_batch WHERE review_id = $1", [.uuid(id)]
    ).single.int(0)
    guard count == batches else {
      throw ClassifierError(
        .unknownReview, field: "review_id",
        "the review \(AnomalyID(id).wireUUID.text) holds \(count) batches and not \(batches):"
          + " it was begun again")
    }
    try connection.execute(
      "UPDATE review SET is_closed = true WHERE review_id = $1", [.uuid(id)])
    return true
  }

  /// Goes through what was kept, bucket by bucket, with few of it in memory.
  static func forEachBatch(
    of id: PostgresUUID, on connection: isolated PostgresConnection,
    _ body: (JudgedBatch) throws -> Void
  ) throws {
    var last: (bucket: Int32, part: Int32) = (.min, .min)
    while true {
      let rows = try connection.execute(
        """
        SELECT findings, bucket, part FROM review_batch
        WHERE review_id = $1 AND (bucket, part) > ($2, $3) ORDER BY bucket, part LIMIT $4
        """, [.uuid(id), .int32(last.bucket), .int32(last.part), .int64(Int64(pageBatches))])
      for row in rows {
        let wire = try FindingsContract.FindingsBatch(wireBytes: row.bytes(0))
        try body(JudgedBatch(Detection.FindingsBatch(wire)))
        last = (row.int32(1), row.int32(2))
      }
      if rows.count < pageBatches { return }
    }
  }

  /// Forgets what was kept.
  static func clear(_ id: PostgresUUID, on connection: isolated PostgresConnection) throws {
    try connection.execute("DELETE FROM review_batch WHERE review_id = $1", [.uuid(id)])
  }

  /// All anomalies of customers in a granularity, those of cohorts left out.
  static func anomalies(
    of customers: [CustomerID], _ granularity: SeriesModel.Granularity,
    on connection: isolated PostgresConnection
  ) throws -> [AnomalyRecord] {
    let rows = try connection.execute(
      "SELECT customer_id, id FROM anomaly WHERE customer_id = ANY ($1::uuid[])",
      [.uuidArray(customers.map(\.postgres))])
    let keys = rows.map { (customer: CustomerID($0.uuid(0)), id: AnomalyID($0.uuid(1))) }
    return try AnomalyTable.load(keys, on: connection).values
      .filter { $0.metric.granularity == granularity }.sorted { $0.id < $1.id }
  }

  /// What a person did last to each anomaly of some customers.
  static func words(
    on customers: [CustomerID], _ connection: isolated PostgresConnection
  ) throws -> [AnomalyID: Classification.TransitionVerb] {
    var words: [AnomalyID: Classification.TransitionVerb] = [:]
    for row in try connection.execute(
      """
      SELECT DISTINCT ON (customer_id, anomaly_id) anomaly_id, verb FROM transition
      WHERE customer_id = ANY ($1::uuid[])
      ORDER BY customer_id, anomaly_id, number DESC
      """, [.uuidArray(customers.map(\.postgres))])
    {
      words[AnomalyID(row.uuid(0))] =
        UInt8(exactly: row.int64(1)).flatMap(TransitionVerb.init(rawValue:))
    }
    return words
  }

  private static func unknown(_ id: PostgresUUID) -> ClassifierError {
    ClassifierError(
      .unknownReview, field: "review_id",
      "no review \(AnomalyID(id).wireUUID.text) is open")
  }
}
