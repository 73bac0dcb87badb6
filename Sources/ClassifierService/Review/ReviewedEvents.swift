internal import Classification
internal import Detection
internal import Postgres
internal import SeriesModel

/// What a review of cohorts changes: the anomalies of platform events.
struct ReviewedEvents {
  let wish: ReviewWish
  let part: ReviewWish.Part
  let rules: MergeRules
  let nowUnixMicroseconds: Int64
  /// The events that are known, with the anomaly of each.
  let keys: [PlatformEventTable.Key]
  let stored: [AnomalyID: AnomalyRecord]
  let words: [AnomalyID: Classification.TransitionVerb]

  /// The events so far, and the anomalies of those that the batches speak of.
  private var events: [PlatformEvent]
  private var made: [AnomalyID: AnomalyRecord] = [:]

  /// To be written.
  private(set) var savedRecords: [AnomalyRecord] = []
  private(set) var removed: [PlatformEventTable.Key] = []
  private(set) var saved: [(event: PlatformEvent, anomaly: AnomalyID)] = []
  private(set) var changes: [RecordedChange] = []
  private(set) var summary = ReviewSummary()

  init(
    _ wish: ReviewWish, _ part: ReviewWish.Part, rules: MergeRules, nowUnixMicroseconds: Int64,
    keys: [PlatformEventTable.Key], stored: [AnomalyRecord],
    words: [AnomalyID: Classification.TransitionVerb]
  ) {
    self.wish = wish
    self.part = part
    self.rules = rules
    self.nowUnixMicroseconds = nowUnixMicroseconds
    self.keys = keys
    let known = Dictionary(uniqueKeysWithValues: stored.map { ($0.id, $0) })
    self.stored = known
    self.words = words
    events = keys.compactMap { key in
      guard let record = known[key.anomaly], key.since < part.from else { return nil }
      return PlatformEvent(cohort: key.cohort, since: key.since, episode: record.episode)
    }
  }

  /// Follows the events through the next batch.
  mutating func take(_ batch: JudgedBatch) {
    let decisions = PlatformEvent.decisions(
      batch.findings.cohorts, in: batch.findings.bucket, known: events, rules: rules)
    for decision in decisions {
      let event = decision.event
      events.removeAll { $0.cohort == event.cohort && $0.since == event.since }
      events.append(event)
      let id = AnomalyRecord.makeID(platform: event, wish.granularity)
      if made[id] == nil {
        made[id] = AnomalyRecord(event, id: id, batch.findings, detectedAt: nowUnixMicroseconds)
      }
      made[id]?.episode = event.episode
    }
  }

  /// Holds what the batches bear against what is stored.
  mutating func finish() {
    let held = stored.values.filter { record in
      (part.from...max(part.from, wish.through)).contains(record.episode.startBucket)
        || made[record.id] != nil
    }
    let decisions = reviewDecisions(
      held: held.map { $0.held(word: words[$0.id]) }, borne: made.values.map(\.borne))
    for decision in decisions { carryOut(decision) }
  }

  private mutating func carryOut(_ decision: ReviewDecision) {
    let known = decision.isHeld ? stored[decision.id] : nil
    guard var record = decision.borne.flatMap({ made[$0] }) ?? known else { return }
    record.id = decision.id
    record.episode = decision.episode
    if decision.borne == nil, decision.episode != known?.episode {
      record.possibleCause = Wording.reviewCause(part.cause, detail: part.detail)
    }
    summary.note(decision.told)
    let change = record.settle(
      decision, known: known, notifiesHistory: wish.notifiesHistory,
      nowUnixMicroseconds: nowUnixMicroseconds)
    if let change { changes.append(change) }
    if record != known { savedRecords.append(record) }
    removed += keys.filter { $0.anomaly == decision.id }
    if decision.borne != nil, case .cohort(let cohort) = record.reach.scope {
      let event = PlatformEvent(
        cohort: cohort, since: record.episode.startBucket, episode: record.episode)
      saved.append((event: event, anomaly: record.id))
    }
  }
}
