internal import AnomalyContract
internal import Baselines
internal import Classification
internal import Detection
internal import Postgres
internal import SeriesModel

/// What a batch does to platform events, carried out in its transaction before its rows are merged.
enum PlatformMerge {
  /// What came of it: the events that may explain what is found, and what is to be told.
  struct Result: Sendable {
    /// With the anomaly of each.
    var events: [(event: PlatformEvent, anomaly: AnomalyID)] = []
    var changes: [RecordedChange] = []
    var summary = ClassifySummary()
  }

  static func run(
    _ findings: Detection.FindingsBatch, rules: MergeRules, holdBuckets: Int32,
    nowUnixMicroseconds now: Int64, on connection: isolated PostgresConnection
  ) throws -> Result {
    let bucket = findings.bucket
    let everyone = SeriesModel.Customer.everyone(in: "").id
    let keys = try PlatformEventTable.load(
      bucket, recent: max(holdBuckets, rules.outageCalmBuckets(bucket.granularity)) + 1,
      since: findings.cohorts.compactMap(\.outageSince), on: connection)
    let records = try AnomalyTable.load(
      keys.map { (customer: everyone, id: $0.anomaly) }, on: connection)
    var result = Result()
    var known: [PlatformEvent] = []
    for key in keys {
      guard let record = records[key.anomaly] else { continue }
      let event = PlatformEvent(cohort: key.cohort, since: key.since, episode: record.episode)
      known.append(event)
      result.events.append((event: event, anomaly: key.anomaly))
    }
    let decisions = PlatformEvent.decisions(
      findings.cohorts, in: bucket, known: known, rules: rules)
    for decision in decisions {
      let event = decision.event
      let before = known.first { $0.cohort == event.cohort && $0.since == event.since }
      let id = AnomalyRecord.makeID(platform: event, bucket.granularity)
      let isClaimed = try PlatformEventTable.claim(
        event, was: before, bucket.granularity, anomaly: id, on: connection)
      result.events.removeAll { $0.anomaly == id }
      result.events.append((event: event, anomaly: id))
      guard isClaimed else { continue }
      // Only now is its lock held: what a person did meanwhile is not written over.
      if before != nil, try AnomalyTable.load([(everyone, id)], on: connection)[id] != records[id] {
        throw PostgresError(.serialization, detail: "a platform event has changed meanwhile")
      }
      var record = records[id] ?? AnomalyRecord(event, id: id, findings, detectedAt: now)
      record.episode = event.episode
      if decision.told != nil, before != nil { record.revision += 1 }
      record.resolvedUnixMicroseconds = decision.told == .resolved ? now : nil
      try AnomalyTable.save(record, on: connection)
      result.note(decision.told, record, at: now)
    }
    return result
  }
}

extension PlatformMerge.Result {
  fileprivate mutating func note(
    _ told: Classification.AnomalyChangeKind?, _ record: AnomalyRecord, at now: Int64
  ) {
    guard let told else { return }
    switch told {
    case .opened: summary.opened += 1
    case .resolved: summary.resolved += 1
    case .changed, .dismissed, .withdrawn, .reopened: summary.changed += 1
    }
    changes.append(RecordedChange(record, told, atUnixMicroseconds: now))
  }
}

extension AnomalyRecord {
  /// The anomaly of an event that a batch has come upon.
  init(
    _ event: PlatformEvent, id: AnomalyID, _ findings: Detection.FindingsBatch, detectedAt: Int64
  ) {
    let metric = SeriesModel.Metric.everything(findings.bucket.granularity)
    self.init(
      id: id, customer: .everyone(in: event.cohort), metric: metric, episode: event.episode,
      isHeard: findings.notify, revision: 1, detectedUnixMicroseconds: detectedAt,
      possibleCause: Wording.possibleCause(type: .platformOutage, metric: metric),
      evidence: StoredEvidence(finding: [], modelVersion: findings.modelVersion, hash: 0))
    reach.scope = .cohort(event.cohort)
    reach.seriesCount = findings.cohorts.first { $0.cohort == event.cohort }?.members ?? 0
  }

  /// The identity of the anomaly of a platform event.
  static func makeID(
    platform event: PlatformEvent, _ granularity: SeriesModel.Granularity
  ) -> AnomalyID {
    AnomalyID(
      .derived(
        from: "tidemark/anomaly/platform/\(granularity.rawValue)/\(event.since)/\(event.cohort)"))
  }
}
