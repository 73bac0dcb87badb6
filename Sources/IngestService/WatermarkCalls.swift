internal import PointsContract
internal import Postgres
internal import RPC
internal import SeriesContract
internal import SeriesModel
internal import SeriesStore
internal import WorkQueue

extension IngestCalls {
  func advanceWatermark(
    _ request: AdvanceWatermarkRequest, context: CallContext
  ) async throws(RPCError) -> AdvanceWatermarkResponse {
    let granularity = try SeriesModel.Granularity(request.granularity, field: "granularity")
    guard !request.source.isEmpty, request.source.utf8.count <= 100 else {
      throw RPCError(
        .invalidArgument, field: "source", reason: "missing", "source must have 1 to 100 bytes")
    }
    guard acceptedTime.buckets(granularity).contains(request.throughBucket) else {
      throw RPCError(
        .invalidArgument, field: "through_bucket", reason: "out_of_range",
        "through_bucket \(request.throughBucket) is outside the accepted time")
    }
    let now = nowUnixMicroseconds()
    do {
      return try await pool.transaction { connection in
        try SeriesWriter.barWrites(on: connection)
        try connection.execute(
          """
          INSERT INTO watermark AS known (source, granularity, through_bucket, advanced_at)
          VALUES ($1, $2, $3, $4)
          ON CONFLICT (source, granularity) DO UPDATE SET
            through_bucket = EXCLUDED.through_bucket, advanced_at = EXCLUDED.advanced_at
          WHERE known.through_bucket < EXCLUDED.through_bucket
          """,
          [
            .text(request.source), .int16(Int16(granularity.rawValue)),
            .int32(request.throughBucket), .timestamp(unixMicroseconds: now),
          ])
        return try self.closeBuckets(granularity, nowUnixMicroseconds: now, on: connection)
      }
    } catch {
      throw RPCError(error, while: "advance watermark")
    }
  }

  /// Closes what all sources have passed, or one has and whose time is over, and tells baseline
  /// in the same transaction.
  ///
  /// Writes must be barred.
  func closeBuckets(
    _ granularity: SeriesModel.Granularity, nowUnixMicroseconds now: Int64,
    on connection: isolated PostgresConnection
  ) throws -> AdvanceWatermarkResponse {
    let key = PostgresValue.int16(Int16(granularity.rawValue))
    let marks = try connection.execute(
      "SELECT min(through_bucket), max(through_bucket) FROM watermark WHERE granularity = $1",
      [key]
    ).single
    let closed = try SeriesWriter.closedThrough(on: connection)[granularity]
    var response = AdvanceWatermarkResponse()
    response.closedThroughBucket = closed ?? 0
    guard let slowest = marks.optionalInt64(0), let fastest = marks.optionalInt64(1) else {
      return response
    }
    // A source that lags holds a bucket open until its lateness limit and no longer.
    let overdue = Lateness.lastOverdue(granularity, nowUnixSecond: now / 1_000_000)
    let through = Int32(max(slowest, min(fastest, Int64(overdue))))
    if let closed, through <= closed { return response }
    let sequence = try SeriesWriter.nextSequence(on: connection)
    try connection.execute(
      """
      INSERT INTO closed_bucket (granularity, through_bucket, sequence) VALUES ($1, $2, $3)
      ON CONFLICT (granularity) DO UPDATE SET
        through_bucket = EXCLUDED.through_bucket, sequence = EXCLUDED.sequence
      """, [key, .int32(through), .int64(sequence)])
    try queue.enqueue(
      [BaselineRelay.close(Bucket(granularity, through), sequence: sequence)], on: connection)
    response.bucketsClosed = closed.map { Int64(through) - Int64($0) } ?? 1
    response.closedThroughBucket = through
    return response
  }

  func getCompleteness(
    _ request: GetCompletenessRequest, context: CallContext
  ) async throws(RPCError) -> GetCompletenessResponse {
    let granularity = try SeriesModel.Granularity(request.granularity, field: "granularity")
    let key = PostgresValue.int16(Int16(granularity.rawValue))
    do {
      return try await pool.transaction(isolation: .repeatableRead) { connection in
        var response = GetCompletenessResponse()
        if let closed = try SeriesWriter.closedThrough(on: connection)[granularity] {
          response.anyClosed = true
          response.closedThroughBucket = closed
        }
        response.sources = try connection.execute(
          """
          SELECT source, through_bucket, advanced_at FROM watermark
          WHERE granularity = $1 ORDER BY source
          """, [key]
        ).map { row in
          var source = SourceCompleteness()
          source.source = row.text(0)
          source.throughBucket = row.int32(1)
          source.advancedUnixUs = row.timestamp(2)
          return source
        }
        let counts = try connection.execute(
          """
          SELECT (SELECT count(*) FROM customer),
            (SELECT count(*) FROM series_v1 WHERE granularity = $1)
          """, [key]
        ).single
        response.customers = counts.int64(0)
        response.series = counts.int64(1)
        response.ingestSequence = try SeriesWriter.lastSequence(on: connection)
        return response
      }
    } catch {
      throw RPCError(error, while: "get completeness")
    }
  }
}

/// How long a bucket waits for sources that lag.
enum Lateness {
  /// Seconds after the end of a bucket.
  static func seconds(_ granularity: SeriesModel.Granularity) -> Int64 {
    switch granularity {
    case .week: 2 * 3_600
    case .day: 6 * 3_600
    case .hour: 30 * 60
    case .fiveMinutes: 5 * 60
    }
  }

  /// The last bucket whose lateness limit has passed, by UTC and a day's slack for civil buckets.
  static func lastOverdue(
    _ granularity: SeriesModel.Granularity, nowUnixSecond: Int64
  ) -> Int32 {
    let slack: Int64 = granularity == .day || granularity == .week ? 43_200 : 0
    let second = nowUnixSecond - seconds(granularity) - slack
    return (Bucket(granularity, holdingUnixSecond: second)?.index ?? .min + 1) - 1
  }
}
