internal import Classification
internal import Detection
internal import Postgres
internal import SeriesModel

extension ClassifierStore {
  /// How many buckets before the first that has changed are judged again for the sake of what lasted
  /// then: each of them is a batch that waits for the end.
  static let reviewReachBuckets: Int64 = 10_000

  /// Begins a review.
  ///
  /// - Parameters:
  ///   - id: What it is called by all that belongs to it.
  ///   - granularity: The length of the buckets.
  ///   - changes: The first bucket whose evidence has changed, a customer each; the customer of
  ///     zeros stands for the events of cohorts.
  /// - Returns: From which bucket on to judge, in the order of the customers.
  /// - Throws: ``PostgresError``.
  func openReview(
    _ id: PostgresUUID, _ granularity: SeriesModel.Granularity,
    changes: [(customer: CustomerID, first: Int32)]
  ) async throws -> [Int32] {
    let moment = now()
    let earliest = Int32(
      clamping: Int64(changes.map(\.first).min() ?? .min) - Self.reviewReachBuckets)
    return try await pool.transaction { connection in
      try ReviewTable.open(
        id, earliest: earliest, atUnixMicroseconds: moment, on: connection)
      let known = try ReviewTable.anomalies(
        of: changes.map(\.customer), granularity, on: connection)
      let episodes = Dictionary(grouping: known, by: \.customer.id).mapValues {
        $0.map(\.episode)
      }
      return changes.map { change in
        reviewStart(
          changedFrom: change.first, known: episodes[change.customer] ?? [],
          earliest: earliest, granularity: granularity, rules: rules)
      }
    }
  }

  /// Keeps a batch that is part of a review.
  func keep(_ batch: JudgedBatch, _ bytes: [UInt8], of id: PostgresUUID) async throws {
    let part = batch.findings.count > 0 ? batch.metric(0).id.number : 0
    try await ReviewTable.keep(bytes, bucket: batch.bucket, part: part, of: id, in: pool)
  }

  /// Takes over what was judged again, a few customers a transaction and each of them as a whole;
  /// a repeat goes on where an earlier one has ended, and changes nothing once all is done.
  ///
  /// - Parameters:
  ///   - wish: What was judged again.
  ///   - count: Is told what each part came to when it is committed.
  /// - Returns: What all parts of this call came to.
  /// - Throws: ``ClassifierError`` with `unknownReview` when it has to begin again; what was taken
  ///   over by then comes to the same once more.
  func closeReview(
    _ wish: ReviewWish, count: (ReviewSummary) -> Void = { _ in }
  ) async throws -> ReviewSummary {
    let moment = now()
    let closing = try await pool.transaction { connection in
      try ReviewTable.beginClosing(wish.id, batches: wish.batches, on: connection)
    }
    var sum = ReviewSummary()
    guard let closing else {
      try await ReviewTable.clear(wish.id, in: pool)
      return sum
    }
    if let part = wish.cohorts {
      sum = try await takeOver(closing, wish, part, nowUnixMicroseconds: moment)
      count(sum)
    } else {
      let takeover = ReviewTakeover(
        store: self, wish: wish, review: closing, nowUnixMicroseconds: moment)
      let ahead = try await takeover.workOut()
      for customers in takeover.parts(ahead) {
        let summary = try await takeover.take(customers, ahead)
        count(summary)
        sum += summary
      }
    }
    try await ReviewTable.finish(closing, in: pool)
    return sum
  }

  private func takeOver(
    _ closing: ClosingReview, _ wish: ReviewWish, _ part: ReviewWish.Part,
    nowUnixMicroseconds now: Int64
  ) async throws -> ReviewSummary {
    try await pool.transaction { connection in
      let everyone = SeriesModel.Customer.everyone(in: "").id
      guard try ReviewTable.take(through: everyone, of: closing, on: connection) else {
        return ReviewSummary()
      }
      return try takeOver(wish, part, nowUnixMicroseconds: now, on: connection)
    }
  }

  private func takeOver(
    _ wish: ReviewWish, _ part: ReviewWish.Part, nowUnixMicroseconds now: Int64,
    on connection: isolated PostgresConnection
  ) throws -> ReviewSummary {
    let keys = try PlatformEventTable.lockAll(wish.granularity, on: connection)
    let everyone = SeriesModel.Customer.everyone(in: "").id
    var review = ReviewedEvents(
      wish, part, rules: rules, nowUnixMicroseconds: now, keys: keys,
      stored: try ReviewTable.anomalies(of: [everyone], wish.granularity, on: connection),
      words: try ReviewTable.words(on: [everyone], connection))
    try ReviewTable.forEachBatch(of: wish.id, on: connection) { batch in
      try wish.check(batch)
      review.take(batch)
    }
    review.finish()
    for record in review.savedRecords { try AnomalyTable.save(record, on: connection) }
    for key in review.removed {
      try PlatformEventTable.remove(key, wish.granularity, on: connection)
    }
    for (event, anomaly) in review.saved {
      let isClaimed = try PlatformEventTable.claim(
        event, was: nil, wish.granularity, anomaly: anomaly, on: connection)
      guard isClaimed else {
        throw PostgresError(.serialization, detail: "a platform event has changed meanwhile")
      }
    }
    try ChangeTable.append(review.changes, queue: queue, on: connection)
    return review.summary
  }
}
