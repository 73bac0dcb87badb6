internal import Classification
internal import Detection
internal import Postgres
internal import SeriesModel

/// The end of a review of customers.
///
/// All of it is worked out first, without a lock. Then customers are taken over in parts of a bounded
/// number of series, each by a short transaction that looks whether what is stored is still what was
/// worked from; where it is not, judging or a person was faster, and the part is worked out again
/// under its locks. No customer is divided, for an anomaly may be of several series.
struct ReviewTakeover: Sendable {
  /// How many series are locked at once, unless a single customer has more.
  static let partSeries = 32

  let store: ClassifierStore
  let wish: ReviewWish
  let review: ClosingReview
  let nowUnixMicroseconds: Int64

  /// What was worked out without locks.
  struct Ahead: Sendable {
    /// All series that were judged again.
    var judged: Set<SeriesKey> = []
    var state: ReviewState
    var events: Events
    var merge: ReviewMerge
  }

  /// The platform events that a review may meet, and those that began before as they were then.
  struct Events: Sendable {
    var keys: [PlatformEventTable.Key]
    var before: [ReviewMerge.Event]

    func isSame(as other: Events) -> Bool {
      keys == other.keys && before.elementsEqual(other.before, by: ==)
    }
  }

  /// Works out what the review comes to.
  ///
  /// - Throws: ``ClassifierError`` when a batch is of something else, or an anomaly has come to last
  ///   across the first bucket meanwhile.
  func workOut() async throws -> Ahead {
    try await store.pool.withConnection { connection in
      let customers = wish.customers.keys.sorted()
      var judged: Set<SeriesKey> = []
      try ReviewTable.forEachBatch(of: wish.id, on: connection) { batch in
        try wish.check(batch)
        for row in batch.order { judged.insert(batch.findings.series(ofRow: row)) }
      }
      let events = try events(on: connection)
      let state = try ReviewState.read(
        customers, wish.granularity, judged: judged, isLocked: false, on: connection)
      let own = reviewed(state, events)
      try own.checkStart(
        of: Set(customers.filter { !isTaken($0) }), earliest: review.earliest)
      var merge = own.begin(events: events.before)
      try ReviewTable.forEachBatch(of: wish.id, on: connection) { try merge.take($0) }
      return Ahead(judged: judged, state: state, events: events, merge: merge)
    }
  }

  /// The customers that are not taken over yet, by rising identity and few series at a time.
  func parts(_ ahead: Ahead) -> [[CustomerID]] {
    let counts = Dictionary(grouping: ahead.state.cursors.keys, by: \.customer)
      .mapValues(\.count)
    var parts: [[CustomerID]] = []
    var series = 0
    for customer in wish.customers.keys.sorted() where !isTaken(customer) {
      let count = counts[customer] ?? 0
      if parts.isEmpty || series + count > store.reviewPartSeries {
        parts.append([])
        series = 0
      }
      parts[parts.count - 1].append(customer)
      series += count
    }
    return parts
  }

  /// Takes some customers over in one transaction, unless somebody else has done so.
  func take(_ customers: [CustomerID], _ ahead: Ahead) async throws -> ReviewSummary {
    guard let last = customers.last else { return ReviewSummary() }
    let part = Set(customers)
    return try await store.pool.transaction { connection in
      guard try ReviewTable.take(through: last, of: review, on: connection) else {
        return ReviewSummary()
      }
      let state = try ReviewState.read(
        customers, wish.granularity, judged: ahead.judged.filter { part.contains($0.customer) },
        isLocked: true, on: connection)
      let events = try events(on: connection)
      var own = reviewed(state, events)
      try own.checkStart(of: part, earliest: review.earliest)
      if events.isSame(as: ahead.events), state == ahead.state.part(of: part) {
        own.finish(ahead.merge.part(of: part))
      } else {
        let present = ahead.state.replacing(part, by: state)
        var merge = reviewed(present, events).begin(events: events.before)
        try ReviewTable.forEachBatch(of: wish.id, on: connection) { try merge.take($0) }
        own.finish(merge.part(of: part))
      }
      try store.save(own, on: connection)
      return own.summary
    }
  }

  private func isTaken(_ customer: CustomerID) -> Bool {
    review.takenThrough.map { customer <= $0 } ?? false
  }

  private func reviewed(_ state: ReviewState, _ events: Events) -> ReviewedCustomers {
    ReviewedCustomers(
      wish, rules: store.rules, nowUnixMicroseconds: nowUnixMicroseconds, state,
      eventIDs: events.keys)
  }

  private func events(on connection: isolated PostgresConnection) throws -> Events {
    let keys = try PlatformEventTable.all(wish.granularity, on: connection)
      .filter { $0.since <= wish.through }
    let everyone = SeriesModel.Customer.everyone(in: "").id
    let earlier = keys.filter { $0.since < wish.from }
    let records = try AnomalyTable.load(
      earlier.map { (customer: everyone, id: $0.anomaly) }, on: connection)
    let before = earlier.compactMap { key -> ReviewMerge.Event? in
      guard var episode = records[key.anomaly]?.episode else { return nil }
      // Of one that lasts on, nothing of what comes is known yet.
      episode.endBucket = min(episode.endBucket, wish.from - 1)
      return (
        event: PlatformEvent(cohort: key.cohort, since: key.since, episode: episode),
        anomaly: key.anomaly
      )
    }
    return Events(keys: keys, before: before)
  }
}

extension ClassifierStore {
  /// Writes what a review of customers changes.
  fileprivate func save(
    _ review: ReviewedCustomers, on connection: isolated PostgresConnection
  ) throws {
    for record in review.savedRecords { try AnomalyTable.save(record, on: connection) }
    try SeriesTable.save(review.savedCursors, on: connection)
    for incident in review.removedIncidents {
      try IncidentTable.remove(incident, review.wish.granularity, on: connection)
    }
    for incident in review.savedIncidents {
      try IncidentTable.save(incident, review.wish.granularity, on: connection)
    }
    try DecisionTable.save(review.decisions, on: connection)
    try ChangeTable.append(review.changes, queue: queue, on: connection)
  }
}
