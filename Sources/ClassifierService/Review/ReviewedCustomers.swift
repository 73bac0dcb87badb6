internal import Classification
internal import Detection
internal import Postgres
internal import SeriesModel

/// What a review of customers changes, worked out from what is stored and from what was judged
/// again.
struct ReviewedCustomers {
  let wish: ReviewWish
  let rules: MergeRules
  let nowUnixMicroseconds: Int64
  /// All anomalies of the customers.
  let stored: [AnomalyID: AnomalyRecord]
  let words: [AnomalyID: Classification.TransitionVerb]
  /// Series and incidents as they are, under lock.
  let cursors: [SeriesKey: SeriesCursor]
  let incidents: [StoredIncident]
  let eventIDs: [PlatformEventTable.Key]

  /// To be written.
  private(set) var savedRecords: [AnomalyRecord] = []
  private(set) var savedCursors: [(key: SeriesKey, cursor: SeriesCursor)] = []
  private(set) var savedIncidents: [StoredIncident] = []
  private(set) var removedIncidents: [StoredIncident] = []
  private(set) var changes: [RecordedChange] = []
  private(set) var decisions: [StoredDecision] = []
  private(set) var summary = ReviewSummary()
  /// Identities that the evidence gives, where they go on under another one.
  private var keptIDs: [AnomalyID: AnomalyID] = [:]

  init(
    _ wish: ReviewWish, rules: MergeRules, nowUnixMicroseconds: Int64, _ state: ReviewState,
    eventIDs: [PlatformEventTable.Key]
  ) {
    self.wish = wish
    self.rules = rules
    self.nowUnixMicroseconds = nowUnixMicroseconds
    stored = state.stored
    words = state.words
    cursors = state.cursors
    incidents = state.incidents
    self.eventIDs = eventIDs
  }

  private func start(of customer: CustomerID) -> Int32 {
    wish.customers[customer]?.from ?? wish.through
  }

  /// Whether it was over before anything was judged again.
  private func isBefore(_ record: AnomalyRecord) -> Bool {
    record.episode.startBucket < start(of: record.customer.id)
  }

  /// Whether a bucket that is not closed yet has raised it.
  private func isLater(_ record: AnomalyRecord) -> Bool {
    record.episode.startBucket > wish.through
  }

  /// What was over before anything was judged again.
  private var before: [AnomalyRecord] { stored.values.filter(isBefore) }

  /// What is held against what is borne.
  private var held: [AnomalyRecord] {
    stored.values.filter { !isBefore($0) && !isLater($0) }
  }

  /// Begins the merging of what was judged again.
  ///
  /// - Parameter events: The platform events that began before.
  /// - Returns: What stood before, which takes the batches bucket by bucket.
  func begin(events: [ReviewMerge.Event]) -> ReviewMerge {
    ReviewMerge(
      rules: rules, nowUnixMicroseconds: nowUnixMicroseconds,
      held: Dictionary(uniqueKeysWithValues: held.map { ($0.id, $0.held(word: words[$0.id])) }),
      dismissed: dismissals, eventIDs: eventIDs, cursors: Self.cursors(of: before),
      records: Dictionary(uniqueKeysWithValues: before.map { ($0.id, $0) }),
      incidents: incidents.filter { $0.incident.startBucket < start(of: $0.customer) },
      events: events, seen: cursors.mapValues(\.seen))
  }

  /// Holds what the batches bear against what is stored.
  mutating func finish(_ merge: ReviewMerge) {
    let (before, held) = (before, held)
    let touched = before.filter { merge.records[$0.id]?.episode != $0.episode }
    let old = Set(before.map(\.id)).subtracting(touched.map(\.id))
    let borne = merge.records.values.filter { !old.contains($0.id) }
    var owners = Set((held + touched).map(\.customer.id))
    owners.formUnion(borne.map(\.customer.id))
    for customer in owners.sorted() {
      let decisions = reviewDecisions(
        held: (held + touched).filter { $0.customer.id == customer }
          .map { $0.held(word: words[$0.id]) },
        borne: borne.filter { $0.customer.id == customer }.map(\.borne))
      for decision in decisions {
        if let borne = decision.borne, borne != decision.id { keptIDs[borne] = decision.id }
      }
      for decision in decisions { carryOut(decision, merge.records, of: customer) }
    }
    // Two that are the same one now may speak of one bucket; the later counts.
    var latest: [AnomalyID: [Int32: StoredDecision]] = [:]
    for var decision in merge.decisions {
      decision.anomaly = kept(decision.anomaly)
      latest[decision.anomaly, default: [:]][decision.bucket] = decision
    }
    decisions = latest.values.flatMap(\.values)
      .sorted { ($0.anomaly, $0.bucket) < ($1.anomaly, $1.bucket) }
    point(merge)
  }

  /// Refuses when an anomaly of some customers has come to last across their first bucket.
  ///
  /// - Throws: ``ClassifierError`` with `unknownReview`.
  func checkStart(of customers: Set<CustomerID>, earliest: Int32) throws(ClassifierError) {
    for (customer, part) in wish.customers where customers.contains(customer) {
      let own = stored.values.filter { $0.customer.id == customer && !isLater($0) }
      let start = reviewStart(
        changedFrom: part.from, known: own.map(\.episode), earliest: earliest,
        granularity: wish.granularity, rules: rules)
      guard start < part.from else { continue }
      throw ClassifierError(
        .unknownReview, field: "customers",
        "what was raised has changed since the review was opened; it has to begin again")
    }
  }

  /// What people dismissed, itself or with what spoke for it.
  private var dismissals: [SeriesKey: [ReviewMerge.Verdict]] {
    var found: [SeriesKey: [ReviewMerge.Verdict]] = [:]
    for record in stored.values.sorted(by: { $0.id < $1.id }) where record.reach.scope == .series {
      let leader = record.reach.leader.flatMap { stored[$0] }
      guard record.episode.state == .dismissed || leader?.episode.state == .dismissed else {
        continue
      }
      let dismissal = record.dismissal ?? leader?.dismissal
      found[record.key, default: []].append(
        ReviewMerge.Verdict(
          anomaly: DismissedAnomaly(record.episode, kind: record.metric.kind),
          atUnixMicroseconds: dismissal?.atUnixMicroseconds ?? .max))
    }
    return found
  }

  /// Where series stood after anomalies that are over.
  private static func cursors(of before: [AnomalyRecord]) -> [SeriesKey: SeriesCursor] {
    var cursors: [SeriesKey: SeriesCursor] = [:]
    let order = before.sorted {
      ($0.episode.startBucket, $0.episode.endBucket, $0.id)
        < ($1.episode.startBucket, $1.episode.endBucket, $1.id)
    }
    for record in order where record.reach.scope == .series {
      guard record.episode.state != .withdrawn else { continue }
      cursors[record.key, default: SeriesCursor()][record.episode.direction] = record.id
    }
    return cursors
  }

  private func kept(_ id: AnomalyID) -> AnomalyID { keptIDs[id] ?? id }

  private mutating func carryOut(
    _ decision: ReviewDecision, _ records: [AnomalyID: AnomalyRecord], of customer: CustomerID
  ) {
    let known = decision.isHeld ? stored[decision.id] : nil
    guard var record = decision.borne.flatMap({ records[$0] }) ?? known else { return }
    record.id = decision.id
    record.episode = decision.episode
    record.reach.leader = record.reach.leader.map(kept)
    if decision.borne == nil, decision.episode != known?.episode,
      let part = wish.customers[customer]
    {
      record.possibleCause = Wording.reviewCause(part.cause, detail: part.detail)
    }
    summary.note(decision.told)
    if let change = record.settle(
      decision, known: known, notifiesHistory: wish.notifiesHistory,
      nowUnixMicroseconds: nowUnixMicroseconds)
    {
      changes.append(change)
    }
    if record != known { savedRecords.append(record) }
  }

  /// Lets series and incidents point to what there is now.
  private mutating func point(_ merge: ReviewMerge) {
    for (key, seen) in merge.seen.sorted(by: { $0.key < $1.key }) where seen.lastBucket != nil {
      let live = cursors[key] ?? SeriesCursor()
      var next = merge.cursors[key] ?? SeriesCursor()
      next.seen = seen
      next.isStored = live.isStored
      for side in Direction.allCases {
        if let id = live[side], let record = stored[id], isLater(record) {
          next[side] = id
          if live.followed.contains(side) { next.followed.insert(side) }
        } else {
          next[side] = next[side].map(kept)
        }
      }
      if next != cursors[key] { savedCursors.append((key: key, cursor: next)) }
    }
    var rest = incidents
    for made in merge.incidents {
      var next = made
      next.leaderID = kept(next.leaderID)
      next.wideID = next.wideID.map(kept)
      let place = rest.firstIndex {
        $0.customer == made.customer && $0.incident.direction == made.incident.direction
      }
      let live = place.map { rest.remove(at: $0) }
      next.isStored = live != nil
      if next != live { savedIncidents.append(next) }
    }
    removedIncidents = rest
  }
}

extension AnomalyRecord {
  /// Takes over from what was known of it what evidence does not say: when it was found, who hears
  /// of it, how often it was told, and what people said.
  ///
  /// - Returns: What is to be told, or nil.
  mutating func settle(
    _ decision: ReviewDecision, known: AnomalyRecord?, notifiesHistory: Bool,
    nowUnixMicroseconds now: Int64
  ) -> RecordedChange? {
    // What is found anew and is over is history, of which nobody hears unless asked.
    isHeard = known?.isHeard ?? (notifiesHistory || episode.state.isActive)
    revision = known?.revision ?? 0
    detectedUnixMicroseconds = known?.detectedUnixMicroseconds ?? now
    dismissal = known?.dismissal
    let isOver = episode.state == .resolved || episode.state == .withdrawn
    resolvedUnixMicroseconds =
      isOver
      ? (episode.state == known?.episode.state ? known?.resolvedUnixMicroseconds : nil) ?? now
      : nil
    guard let kind = decision.told else { return nil }
    revision += 1
    return RecordedChange(self, kind, atUnixMicroseconds: now)
  }
}

/// What a review did.
struct ReviewSummary: Sendable, Hashable {
  var opened: Int64 = 0
  var changed: Int64 = 0
  var resolved: Int64 = 0
  var withdrawn: Int64 = 0

  static func += (sum: inout ReviewSummary, other: ReviewSummary) {
    sum.opened += other.opened
    sum.changed += other.changed
    sum.resolved += other.resolved
    sum.withdrawn += other.withdrawn
  }

  mutating func note(_ told: AnomalyChangeKind?) {
    switch told {
    case .opened: opened += 1
    case .resolved: resolved += 1
    case .withdrawn: withdrawn += 1
    case .changed, .dismissed, .reopened: changed += 1
    case nil: break
    }
  }
}
