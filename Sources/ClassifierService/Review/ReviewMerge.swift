internal import Baselines
internal import Classification
internal import Detection
internal import SeriesModel

/// What the batches of a review come to, merged in memory as they would have been when their
/// buckets were new.
struct ReviewMerge {
  /// An event with the identity of its anomaly.
  typealias Event = (event: PlatformEvent, anomaly: AnomalyID)

  /// A dismissal, which counts for what was judged after it was said.
  struct Verdict: Sendable, Hashable {
    var anomaly: DismissedAnomaly
    var atUnixMicroseconds: Int64
  }

  let rules: MergeRules
  let nowUnixMicroseconds: Int64
  /// What was raised before and is now looked at again; a person's word on it stands.
  let held: [AnomalyID: HeldAnomaly]
  /// What people have said is no problem, by series.
  let dismissed: [SeriesKey: [Verdict]]
  /// The anomalies of platform events that are known, by cohort and first bucket.
  let eventIDs: [PlatformEventTable.Key]

  /// The latest anomalies of each series.
  var cursors: [SeriesKey: SeriesCursor]
  /// What is known and has become known.
  var records: [AnomalyID: AnomalyRecord]
  /// The latest incidents.
  var incidents: [StoredIncident]
  /// The platform events so far.
  var events: [Event]
  /// What of each series was judged last, now and before.
  var seen: [SeriesKey: SeenWindow]
  /// What stands behind the anomalies that were opened or got worse.
  private(set) var decisions: [StoredDecision] = []

  /// Merges the next batch.
  ///
  /// - Throws: ``WireError`` when a finding cannot be written.
  mutating func take(_ batch: JudgedBatch) throws {
    followEvents(batch.findings)
    let keys = batch.order.map { batch.findings.series(ofRow: $0) }
    var merge = BatchMerge(
      batch, cursors: keys.map { cursors[$0] ?? SeriesCursor() }, rules: rules,
      nowUnixMicroseconds: nowUnixMicroseconds)
    let customers = Set(merge.customers)
    merge.incidents = incidents.filter { customers.contains($0.customer) }
    merge.events = events
    let bucket = batch.findings.bucket
    let end = (bucket.startUnixSecond + bucket.granularity.seconds) * 1_000_000
    for key in merge.found {
      merge.dismissed[key] = dismissed[key]?.filter { verdict in
        verdict.anomaly.endBucket < bucket.index && verdict.atUnixMicroseconds < end
      }.map(\.anomaly)
    }
    try merge.run(records)
    for (row, key) in zip(batch.order, keys) {
      seen[key, default: SeenWindow()].insert(
        bucket: bucket.index, revision: batch.findings.revision,
        hash: batch.findings.evidenceHash[row])
    }
    for place in merge.changedCursors { cursors[keys[place]] = merge.cursors[place] }
    for moved in merge.movedCursors {
      for side in Direction.allCases where cursors[moved.key]?[side] == moved.from.id {
        cursors[moved.key]?[side] = moved.to
      }
    }
    decisions += try batch.decisions(
      behind: merge.whole.compactMap { merge.records[$0] }, before: records)
    incidents.removeAll { customers.contains($0.customer) }
    incidents += merge.incidents
    records = merge.records
    // A person's word counts for all that comes after it.
    for id in Set(merge.whole) {
      guard let known = held[id], let episode = records[id]?.episode else { continue }
      records[id]?.episode = known.keepingWord(episode)
    }
  }

  /// What of it is of some customers.
  func part(of customers: Set<CustomerID>) -> ReviewMerge {
    var part = self
    part.cursors = cursors.filter { customers.contains($0.key.customer) }
    part.records = records.filter { customers.contains($0.value.customer.id) }
    part.incidents = incidents.filter { customers.contains($0.customer) }
    part.seen = seen.filter { customers.contains($0.key.customer) }
    part.decisions = decisions.filter { customers.contains($0.customer) }
    return part
  }

  private mutating func followEvents(_ findings: Detection.FindingsBatch) {
    let decisions = PlatformEvent.decisions(
      findings.cohorts, in: findings.bucket, known: events.map(\.event), rules: rules)
    for decision in decisions {
      let event = decision.event
      let known = eventIDs.first { $0.cohort == event.cohort && $0.since == event.since }
      let id =
        known?.anomaly
        ?? AnomalyRecord.makeID(platform: event, findings.bucket.granularity)
      events.removeAll { $0.event.cohort == event.cohort && $0.event.since == event.since }
      events.append((event: event, anomaly: id))
    }
  }
}

extension AnomalyRecord {
  /// As it was held before a review.
  func held(word: TransitionVerb?) -> HeldAnomaly {
    HeldAnomaly(
      id: id, metric: metric.id, scope: reach.scope, episode: episode, word: word)
  }

  /// As a review bears it.
  var borne: BorneAnomaly {
    BorneAnomaly(id: id, metric: metric.id, scope: reach.scope, episode: episode)
  }
}
