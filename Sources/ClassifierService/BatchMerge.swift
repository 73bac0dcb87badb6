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
  private(set) var cursors: [SeriesCursor]
  private(set) var records: [AnomalyID: AnomalyRecord] = [:]
  private(set) var changedCursors: [Int] = []
  private(set) var changes: [RecordedChange] = []
  /// Anomalies to be written whole, and those of which only numbers changed.
  private(set) var whole: [AnomalyID] = []
  private(set) var numbers: [AnomalyID] = []
  private(set) var conflicts: [Conflict] = []
  private(set) var summary = ClassifySummary()
  /// Places in the order that hold something new.
  private(set) var fresh: [Int] = []

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
    var keys: [(customer: CustomerID, id: AnomalyID)] = []
    for place in fresh {
      let row = batch.order[place]
      for direction in sides(place, row) {
        guard let id = cursors[place][direction] else { continue }
        keys.append((batch.customer(row).id, id))
      }
    }
    return keys
  }

  /// Merges all new rows, given the anomalies that were wanted.
  mutating func run(_ stored: [AnomalyID: AnomalyRecord]) throws {
    records = stored
    for place in fresh {
      let row = batch.order[place]
      for direction in sides(place, row) { try merge(place, row, direction) }
      cursors[place].seen.insert(
        bucket: batch.bucket, revision: batch.findings.revision,
        hash: batch.findings.evidenceHash[row])
      changedCursors.append(place)
    }
  }

  /// The sides of a row whose anomaly may change.
  private func sides(_ place: Int, _ row: Int) -> [Direction] {
    var sides = cursors[place].followed
    if let finding = batch.findingOfRow[row] {
      sides.insert(AnomalyType(batch.findings.findings[finding].kind).direction)
    }
    return Direction.allCases.filter { sides.contains($0) }
  }

  private mutating func merge(_ place: Int, _ row: Int, _ direction: Direction) throws {
    let known = cursors[place][direction].flatMap { records[$0] }
    let metric = batch.metric(row)
    let decision = mergeDecision(
      row: batch.judgedRow(row), direction: direction, episode: known?.episode,
      traits: SeriesTraits(metric), rules: rules)
    guard let episode = decision.episode else { return }
    if isFollowed(episode) {
      cursors[place].followed.insert(direction)
    } else {
      cursors[place].followed.remove(direction)
    }
    if decision.action == .open {
      try open(place, row, episode)
    } else if let known {
      try advance(known, to: decision, row: row)
    }
  }

  /// Whether the next row matters even without a finding.
  private func isFollowed(_ episode: Episode) -> Bool {
    if episode.state.isActive { return true }
    guard episode.state == .dismissed else { return false }
    // A dismissed one is followed until its excursion is over.
    let granularity = batch.findings.bucket.granularity
    return episode.calmBuckets < rules.calmBuckets(granularity)
  }

  private mutating func open(_ place: Int, _ row: Int, _ episode: Episode) throws {
    let customer = batch.customer(row)
    let metric = batch.metric(row)
    let record = AnomalyRecord(
      id: AnomalyRecord.makeID(
        SeriesKey(customer.id, metric.id), startBucket: episode.startBucket,
        direction: episode.direction),
      customer: customer, metric: metric, episode: episode, isHeard: batch.findings.notify,
      revision: 1, detectedUnixMicroseconds: nowUnixMicroseconds,
      possibleCause: cause(row, episode), evidence: try evidence(row))
    cursors[place][episode.direction] = record.id
    summary.opened += 1
    note(.opened, record)
  }

  private mutating func advance(
    _ known: AnomalyRecord, to decision: MergeDecision, row: Int
  ) throws {
    guard let episode = decision.episode, episode != known.episode else { return }
    var record = known
    record.episode = episode
    guard let kind = AnomalyChangeKind(decision.action) else {
      records[record.id] = record
      numbers.append(record.id)
      return
    }
    record.revision += 1
    record.customer = batch.customer(row)
    record.metric = batch.metric(row)
    record.resolvedUnixMicroseconds =
      kind == .resolved || kind == .withdrawn ? nowUnixMicroseconds : nil
    if kind == .changed || kind == .reopened {
      record.possibleCause = cause(row, episode)
      if batch.findingOfRow[row] != nil { record.evidence = try evidence(row) }
    }
    var told = kind
    if !record.isHeard, batch.findings.notify, kind == .changed || kind == .reopened {
      // What began in history has got worse, or begun again, before everybody's eyes: people hear
      // of it for the first time.
      record.isHeard = true
      told = .opened
    }
    if kind == .resolved { summary.resolved += 1 } else { summary.changed += 1 }
    note(told, record)
  }

  private mutating func note(_ kind: AnomalyChangeKind, _ record: AnomalyRecord) {
    records[record.id] = record
    whole.append(record.id)
    changes.append(
      RecordedChange(
        customer: record.customer.id,
        change: AnomalyChange(
          kind: kind, anomaly: record.anomaly, changedUnixMicroseconds: nowUnixMicroseconds),
        isHeard: record.isHeard))
  }

  private func cause(_ row: Int, _ episode: Episode) -> String {
    Wording.possibleCause(
      type: episode.type, metric: batch.metric(row),
      shared: batch.sharedMovement(row, episode.direction))
  }

  private func evidence(_ row: Int) throws -> AnomalyRecord.StoredEvidence {
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
}
