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

  /// How many are forgotten at once.
  private static let clearBatches: Int = 256

  /// Begins a review anew, whatever it held; those that were given up are cleared away.
  static func open(
    _ id: PostgresUUID, earliest: Int32, atUnixMicroseconds now: Int64,
    on connection: isolated PostgresConnection
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
      INSERT INTO review (review_id, opened_unix_us, earliest) VALUES ($1, $2, $3)
      ON CONFLICT (review_id) DO UPDATE SET
        opened_unix_us = EXCLUDED.opened_unix_us, attempt = review.attempt + 1,
        earliest = EXCLUDED.earliest,
        is_closing = false, is_closed = false, taken_through = NULL
      """, [.uuid(id), .int64(now), .int32(earliest)])
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
      SELECT review_id, $2, $3, $4 FROM review WHERE review_id = $1 AND NOT is_closing AND NOT is_closed
      ON CONFLICT (review_id, bucket, part) DO UPDATE SET findings = EXCLUDED.findings
      """, [.uuid(id), .int32(bucket), .int32(part), .bytes(findings)])
    guard kept.affected == 1 else { throw unknown(id) }
  }

  private static let stateStatement: PostgresStatement = """
    SELECT attempt, is_closing, is_closed, taken_through, earliest FROM review WHERE review_id = $1
    FOR UPDATE
    """

  /// Begins to take a review over: nothing is added to it any more.
  ///
  /// - Returns: Which beginning of it is closed, or nil when it has been closed before.
  /// - Throws: ``ClassifierError`` with `unknownReview` when there is none of that identity, or
  ///   when it does not hold the batches that its caller has handed over: then somebody else, who
  ///   took the caller for dead, has begun it again.
  static func beginClosing(
    _ id: PostgresUUID, batches: Int, on connection: isolated PostgresConnection
  ) throws -> ClosingReview? {
    let known = try connection.execute(
      stateStatement, [.uuid(id)]
    ).first
    guard let known else { throw unknown(id) }
    if known.bool(2) { return nil }
    if !known.bool(1) {
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
        "UPDATE review SET is_closing = true WHERE review_id = $1", [.uuid(id)])
    }
    return ClosingReview(
      id: id, attempt: known.int64(0),
      takenThrough: known.optionalUUID(3).map { CustomerID($0) }, earliest: known.int32(4))
  }

  /// Notes, in the transaction that does it, that customers up to one are taken over; no other
  /// does it at the same time.
  ///
  /// - Returns: False when somebody else has done it before.
  /// - Throws: ``ClassifierError`` with `unknownReview` when it was begun again meanwhile.
  static func take(
    through last: CustomerID, of review: ClosingReview, on connection: isolated PostgresConnection
  ) throws -> Bool {
    let known = try connection.execute(
      stateStatement, [.uuid(review.id)]
    ).first
    guard let known, known.int64(0) == review.attempt, known.bool(1) || known.bool(2) else {
      throw unknown(review.id)
    }
    if known.bool(2) { return false }
    if let taken = known.optionalUUID(3), CustomerID(taken) >= last { return false }
    try connection.execute(
      "UPDATE review SET taken_through = $2 WHERE review_id = $1",
      [.uuid(review.id), .uuid(last.postgres)])
    return true
  }

  /// Ends a review of which everything was taken over, and forgets what was kept, few at a time.
  static func finish(_ review: ClosingReview, in pool: PostgresPool) async throws {
    _ = try await pool.query(
      "UPDATE review SET is_closed = true WHERE review_id = $1 AND attempt = $2 AND is_closing",
      [.uuid(review.id), .int64(review.attempt)])
    try await clear(review.id, in: pool)
  }

  /// Forgets what was kept of a review that is closed.
  static func clear(_ id: PostgresUUID, in pool: PostgresPool) async throws {
    while true {
      let removed = try await pool.query(
        """
        DELETE FROM review_batch WHERE (review_id, bucket, part) IN (
          SELECT review_id, bucket, part FROM review_batch JOIN review USING (review_id)
          WHERE review_id = $1 AND is_closed LIMIT $2)
        """, [.uuid(id), .int64(Int64(clearBatches))]
      ).affected
      if removed < clearBatches { return }
    }
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

/// A review that is being taken over.
struct ClosingReview: Sendable, Hashable {
  var id: PostgresUUID
  /// Which of its beginnings.
  var attempt: Int64
  /// Customers up to this one were taken over before.
  var takenThrough: CustomerID?
  /// The first bucket that may be judged again.
  var earliest: Int32
}
