internal import Classification
internal import Detection
internal import Postgres
internal import SeriesModel

extension ClassifierStore {
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
    return try await pool.transaction { connection in
      try ReviewTable.open(id, atUnixMicroseconds: moment, on: connection)
      let known = try ReviewTable.anomalies(
        of: changes.map(\.customer), granularity, on: connection)
      let episodes = Dictionary(grouping: known, by: \.customer.id).mapValues {
        $0.map(\.episode)
      }
      return changes.map { change in
        reviewStart(
          changedFrom: change.first, known: episodes[change.customer] ?? [],
          granularity: granularity, rules: rules)
      }
    }
  }

  /// Keeps a batch that is part of a review.
  func keep(_ batch: JudgedBatch, _ bytes: [UInt8], of id: PostgresUUID) async throws {
    let part = batch.findings.count > 0 ? batch.metric(0).id.number : 0
    try await ReviewTable.keep(bytes, bucket: batch.bucket, part: part, of: id, in: pool)
  }

  /// Takes over what was judged again, in one transaction; a repeat changes nothing.
  ///
  /// - Throws: ``ClassifierError`` with `unknownReview` when it has to begin again.
  func closeReview(_ wish: ReviewWish) async throws -> ReviewSummary {
    let moment = now()
    return try await pool.transaction { connection in
      let isOpen = try ReviewTable.close(wish.id, batches: wish.batches, on: connection)
      guard isOpen else { return ReviewSummary() }
      let summary =
        if let part = wish.cohorts {
          try takeOver(wish, part, nowUnixMicroseconds: moment, on: connection)
        } else {
          try takeOver(wish, nowUnixMicroseconds: moment, on: connection)
        }
      try ReviewTable.clear(wish.id, on: connection)
      return summary
    }
  }

  private func takeOver(
    _ wish: ReviewWish, nowUnixMicroseconds now: Int64,
    on connection: isolated PostgresConnection
  ) throws -> ReviewSummary {
    let customers = wish.customers.keys.sorted()
    let first = try ReviewTable.anomalies(of: customers, wish.granularity, on: connection)
    var keys = Set(first.filter { $0.reach.scope == .series }.map(\.key))
    try ReviewTable.forEachBatch(of: wish.id, on: connection) { batch in
      try wish.check(batch)
      for row in batch.order { keys.insert(batch.findings.series(ofRow: row)) }
    }
    // Judging and people's wishes hold these locks as well; what was read before may be old.
    let order = keys.sorted()
    let cursors = try SeriesTable.lock(order, on: connection)
    let incidents = try IncidentTable.lock(customers, wish.granularity, on: connection)
    let (known, events) = try eventsBefore(wish.from, wish.granularity, on: connection)
    var review = ReviewedCustomers(
      wish, rules: rules, nowUnixMicroseconds: now,
      stored: try ReviewTable.anomalies(of: customers, wish.granularity, on: connection),
      words: try ReviewTable.words(on: customers, connection),
      cursors: Dictionary(uniqueKeysWithValues: zip(order, cursors)), incidents: incidents,
      eventIDs: known)
    var merge = try review.begin(events: events)
    try ReviewTable.forEachBatch(of: wish.id, on: connection) { try merge.take($0) }
    review.finish(merge)
    for record in review.savedRecords { try AnomalyTable.save(record, on: connection) }
    try SeriesTable.save(review.savedCursors, on: connection)
    for incident in review.removedIncidents {
      try IncidentTable.remove(incident, wish.granularity, on: connection)
    }
    for incident in review.savedIncidents {
      try IncidentTable.save(incident, wish.granularity, on: connection)
    }
    try DecisionTable.save(review.decisions, on: connection)
    try ChangeTable.append(review.changes, queue: queue, on: connection)
    return review.summary
  }

  /// All platform events that are known, and those that began before a bucket as they were then.
  private func eventsBefore(
    _ bucket: Int32, _ granularity: SeriesModel.Granularity,
    on connection: isolated PostgresConnection
  ) throws -> (keys: [PlatformEventTable.Key], events: [ReviewMerge.Event]) {
    let keys = try PlatformEventTable.all(granularity, on: connection)
    let everyone = SeriesModel.Customer.everyone(in: "").id
    let earlier = keys.filter { $0.since < bucket }
    let records = try AnomalyTable.load(
      earlier.map { (customer: everyone, id: $0.anomaly) }, on: connection)
    let events = earlier.compactMap { key -> ReviewMerge.Event? in
      guard var episode = records[key.anomaly]?.episode else { return nil }
      // Of one that lasts on, nothing of what comes is known yet.
      episode.endBucket = min(episode.endBucket, bucket - 1)
      return (
        event: PlatformEvent(cohort: key.cohort, since: key.since, episode: episode),
        anomaly: key.anomaly
      )
    }
    return (keys, events)
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
