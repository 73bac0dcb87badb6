internal import Classification
internal import Postgres
internal import SeriesModel

/// What is stored of the customers of a review, from which is worked out what it changes.
struct ReviewState: Sendable, Hashable {
  /// All anomalies of the customers.
  var stored: [AnomalyID: AnomalyRecord]
  /// What a person did last to each of them.
  var words: [AnomalyID: Classification.TransitionVerb]
  /// Series that were judged again or ever had an anomaly.
  var cursors: [SeriesKey: SeriesCursor]
  var incidents: [StoredIncident]

  /// What of it is of some customers.
  func part(of customers: Set<CustomerID>) -> ReviewState {
    let own = stored.filter { customers.contains($0.value.customer.id) }
    return ReviewState(
      stored: own, words: words.filter { own[$0.key] != nil },
      cursors: cursors.filter { customers.contains($0.key.customer) },
      incidents: incidents.filter { customers.contains($0.customer) })
  }

  /// The same with what another one says of some customers.
  func replacing(_ customers: Set<CustomerID>, by other: ReviewState) -> ReviewState {
    let old = part(of: customers)
    var next = self
    for id in old.stored.keys {
      next.stored[id] = nil
      next.words[id] = nil
    }
    for key in old.cursors.keys { next.cursors[key] = nil }
    next.stored.merge(other.stored) { $1 }
    next.words.merge(other.words) { $1 }
    next.cursors.merge(other.cursors) { $1 }
    next.incidents.removeAll { customers.contains($0.customer) }
    next.incidents += other.incidents
    return next
  }
}

extension ReviewState {
  /// Reads what is stored.
  ///
  /// `customers` are by rising identity, and `judged` are their series that were judged again. Where
  /// it `isLocked`, series and incidents are locked before anomalies are read, as judging and people's
  /// wishes do; then nothing of it changes before the end of the transaction.
  static func read(
    _ customers: [CustomerID], _ granularity: Granularity, judged: Set<SeriesKey>,
    isLocked: Bool, on connection: isolated PostgresConnection
  ) throws -> ReviewState {
    var keys = judged
    for record in try ReviewTable.anomalies(of: customers, granularity, on: connection)
    where record.reach.scope == .series { keys.insert(record.key) }
    let order = keys.sorted()
    let cursors =
      try isLocked
      ? SeriesTable.lock(order, on: connection) : SeriesTable.load(order, on: connection)
    let incidents =
      try isLocked
      ? IncidentTable.lock(customers, granularity, on: connection)
      : IncidentTable.load(customers, granularity, on: connection)
    // What was read before the locks may be old.
    let stored = try ReviewTable.anomalies(of: customers, granularity, on: connection)
    let known = Dictionary(uniqueKeysWithValues: stored.map { ($0.id, $0) })
    return ReviewState(
      stored: known,
      words: try ReviewTable.words(on: customers, connection).filter { known[$0.key] != nil },
      cursors: Dictionary(uniqueKeysWithValues: zip(order, cursors)), incidents: incidents)
  }
}
