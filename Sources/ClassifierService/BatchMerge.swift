internal import Classification
internal import Detection
internal import SeriesModel

/// What a batch changes, worked out from what is stored and carried out by one transaction.
///
/// Pure but for the clock, whose reading is an argument.
struct BatchMerge {
  /// A judgement that came with other evidence than before.
  struct Conflict: Sendable, Hashable {
    var row: Int
    var knownFingerprint: UInt64
  }

  let batch: JudgedBatch
  let rules: MergeRules
  let nowUnixMicroseconds: Int64

  /// By place in the batch's order.
  var cursors: [SeriesCursor]
  /// All that is known and has become known.
  var records: [AnomalyID: AnomalyRecord] = [:]
  private(set) var changedCursors: [Int] = []
  private(set) var changes: [RecordedChange] = []
  /// Anomalies to be written whole, and those of which only numbers changed.
  var whole: [AnomalyID] = []
  private(set) var numbers: [AnomalyID] = []
  private(set) var conflicts: [Conflict] = []
  var summary = ClassifySummary()
  /// Places in the order that hold something new.
  private(set) var fresh: [Int] = []
  /// The latest incidents of the batch's customers.
  var incidents: [StoredIncident] = []
  /// Places in ``incidents`` to be written.
  var changedIncidents: Set<Int> = []
  /// What people have said of the series with findings that it is no problem.
  var dismissed: [SeriesKey: [DismissedAnomaly]] = [:]
  /// Platform events that may explain what is found.
  var events: [(event: PlatformEvent, anomaly: AnomalyID)] = []
  /// Series that are not in the batch whose anomaly was taken over, with the one they have now.
  var movedCursors: [(key: SeriesKey, from: AnomalyRecord, to: AnomalyID)] = []

  /// Tells new rows from those seen before.
  init(
    _ batch: JudgedBatch, cursors: [SeriesCursor], rules: MergeRules, nowUnixMicroseconds: Int64
  ) {
    self.batch = batch
    self.rules = rules
    self.nowUnixMicroseconds = nowUnixMicroseconds
    self.cursors = cursors
    for (place, row) in batch.order.enumerated() {
      let verdict = cursors[place].seen.verdict(
        bucket: batch.bucket, revision: batch.findings.revision,
        hash: batch.findings.evidenceHash[row])
      switch verdict {
      case .fresh: fresh.append(place)
      case .known, .outdated: summary.alreadyKnown += 1
      case .conflict(let known): conflicts.append(Conflict(row: row, knownFingerprint: known))
      }
    }
  }

  /// The anomalies that the new rows need.
  var wanted: [(customer: CustomerID, id: AnomalyID)] {
    let merging = merging
    var keys: [(customer: CustomerID, id: AnomalyID)] = []
    for place in fresh {
      let row = batch.order[place]
      for direction in merging.sides(ofRow: row, followed: cursors[place].followed) {
        guard let id = cursors[place][direction] else { continue }
        keys.append((batch.customer(row).id, id))
      }
    }
    for stored in incidents {
      keys.append((stored.customer, stored.leaderID))
      if let wide = stored.wideID { keys.append((stored.customer, wide)) }
    }
    return keys
  }

  /// The series of the new rows on which a test fired.
  var found: [SeriesKey] {
    fresh.map { batch.order[$0] }.filter { batch.findingOfRow[$0] != nil }
      .map { batch.findings.series(ofRow: $0) }
  }

  /// The customers of the new rows, by rising identity.
  var customers: [CustomerID] { Set(fresh.map { batch.customer(batch.order[$0]).id }).sorted() }

  /// Merges all new rows, given the anomalies that were wanted.
  mutating func run(_ stored: [AnomalyID: AnomalyRecord]) throws {
    records = stored
    for place in incidents.indices {
      incidents[place].incident.wide = incidents[place].wideID.flatMap { stored[$0]?.episode }
    }
    var places = [Int](repeating: 0, count: batch.order.count)
    for (place, row) in batch.order.enumerated() { places[row] = place }
    let decisions = merging.decisions(
      rows: fresh.map { batch.order[$0] }, followed: { cursors[places[$0]].followed },
      episode: { row, direction in
        cursors[places[row]][direction].flatMap { stored[$0] }?.episode
      },
      dismissed: { dismissed[batch.findings.series(ofRow: $0)] ?? [] })
    try settle(decisions, places: places)
    for place in fresh {
      cursors[place].seen.insert(
        bucket: batch.bucket, revision: batch.findings.revision,
        hash: batch.findings.evidenceHash[batch.order[place]])
      changedCursors.append(place)
    }
  }

  private var merging: BatchMerging {
    BatchMerging(batch.findings, findingOfRow: batch.findingOfRow, rules: rules)
  }

  mutating func carryOut(_ settled: SettledDecision, place: Int) throws {
    let made = settled.made
    guard let episode = made.decision.episode else { return }
    if made.isFollowed {
      cursors[place].followed.insert(made.direction)
    } else {
      cursors[place].followed.remove(made.direction)
    }
    if made.decision.action == .open {
      try open(place, made.row, episode, told: settled.told)
    } else if let known = cursors[place][made.direction].flatMap({ records[$0] }) {
      try advance(known, to: made.decision, row: made.row, told: settled.told)
    }
  }

  private mutating func open(
    _ place: Int, _ row: Int, _ episode: Episode, told: AnomalyChangeKind?
  ) throws {
    let customer = batch.customer(row)
    let metric = batch.metric(row)
    let record = AnomalyRecord(
      id: AnomalyRecord.makeID(
        SeriesKey(customer.id, metric.id), startBucket: episode.startBucket,
        direction: episode.direction),
      customer: customer, metric: metric, episode: episode, isHeard: batch.findings.notify,
      revision: told == nil ? 0 : 1, detectedUnixMicroseconds: nowUnixMicroseconds,
      possibleCause: cause(row, episode), evidence: try evidence(row))
    cursors[place][episode.direction] = record.id
    guard told != nil else {
      records[record.id] = record
      whole.append(record.id)
      return
    }
    summary.opened += 1
    note(.opened, record)
  }

  private mutating func advance(
    _ known: AnomalyRecord, to decision: MergeDecision, row: Int, told: AnomalyChangeKind?
  ) throws {
    guard let episode = decision.episode, episode != known.episode else { return }
    var record = known
    record.episode = episode
    if episode.standing == .own { record.reach.leader = nil }
    guard let kind = told ?? AnomalyChangeKind(decision.action) else {
      records[record.id] = record
      if episode.standing == known.episode.standing {
        numbers.append(record.id)
      } else {
        whole.append(record.id)
      }
      return
    }
    record.customer = batch.customer(row)
    record.metric = batch.metric(row)
    record.resolvedUnixMicroseconds =
      kind == .resolved || kind == .withdrawn ? nowUnixMicroseconds : nil
    if kind == .changed || kind == .reopened || kind == .opened {
      record.possibleCause = cause(row, episode)
      if batch.findingOfRow[row] != nil { record.evidence = try evidence(row) }
    }
    guard told != nil else {
      // What another anomaly speaks for lives on in silence.
      records[record.id] = record
      whole.append(record.id)
      return
    }
    record.revision += 1
    var told = kind
    if !record.isHeard, batch.findings.notify, kind == .changed || kind == .reopened {
      // What began in history has got worse, or begun again, before everybody's eyes: people hear
      // of it for the first time.
      record.isHeard = true
      told = .opened
    }
    switch kind {
    case .opened: summary.opened += 1
    case .resolved: summary.resolved += 1
    case .changed, .dismissed, .withdrawn, .reopened: summary.changed += 1
    }
    note(told, record)
  }

  mutating func note(_ kind: AnomalyChangeKind, _ record: AnomalyRecord) {
    records[record.id] = record
    whole.append(record.id)
    changes.append(
      RecordedChange(record, kind, atUnixMicroseconds: nowUnixMicroseconds))
  }

  func cause(_ row: Int, _ episode: Episode) -> String {
    let customer = batch.customer(row).id
    let known = batch.order.indices.filter { batch.customer(batch.order[$0]).id == customer }
      .flatMap { place in
        Direction.allCases.compactMap { cursors[place][$0].flatMap { records[$0] } }
      }.map { CauseFacts.Companion($0.metric, $0.episode) }
    let facts = CauseFacts(
      batch.findings, row: row, episode: episode, known: known, events: events.map(\.event),
      shared: batch.sharedMovement(row, episode.direction))
    return Wording.possibleCause(rankedCauses(facts))
  }

  func evidence(_ row: Int) throws -> AnomalyRecord.StoredEvidence {
    AnomalyRecord.StoredEvidence(
      finding: try batch.encodedFinding(row), modelVersion: batch.findings.modelVersion,
      hash: batch.findings.evidenceHash[row])
  }
}

/// What a batch did.
struct ClassifySummary: Sendable, Hashable {
  var opened: Int64 = 0
  var changed: Int64 = 0
  var resolved: Int64 = 0
  var alreadyKnown: Int64 = 0

  static func + (left: ClassifySummary, right: ClassifySummary) -> ClassifySummary {
    var sum = left
    sum.opened += right.opened
    sum.changed += right.changed
    sum.resolved += right.resolved
    sum.alreadyKnown += right.alreadyKnown
    return sum
  }
}
