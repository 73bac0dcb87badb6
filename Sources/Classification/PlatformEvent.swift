public import Baselines
internal import Detection
internal import Glibc
public import SeriesModel

/// Something that all customers of a cohort went through at once: the life of its one anomaly.
public struct PlatformEvent: Sendable, Hashable {
  /// Who; empty for all customers.
  public var cohort: String
  /// The bucket in which it began, by which it is known together with the cohort.
  public var since: Int32
  /// The life; its last bucket is the newest that a row called part of it.
  public var episode: Episode

  /// Gathers an event, as a store gives it back.
  public init(cohort: String, since: Int32, episode: Episode) {
    self.cohort = cohort
    self.since = since
    self.episode = episode
  }

  /// The events that a bucket opens, extends or ends.
  ///
  /// Depends on the newest bucket of each event alone and not on how often or in which order
  /// the parts of a bucket are looked at, so that parts judged side by side agree.
  ///
  /// - Parameters:
  ///   - rows: What the bucket did to each cohort.
  ///   - bucket: The bucket.
  ///   - known: The events that have not ended, and those that rows speak of again.
  ///   - rules: How severity follows, and how many quiet buckets end an event.
  /// - Returns: What is to be done about events, those that nothing happens to left out.
  public static func decisions(
    _ rows: [CohortRow], in bucket: Bucket, known: [PlatformEvent],
    rules: MergeRules = MergeRules()
  ) -> [PlatformDecision] {
    var decisions: [PlatformDecision] = []
    for row in rows.sorted(by: { $0.cohort < $1.cohort }) {
      guard let since = row.outageSince else { continue }
      let event = known.first { $0.cohort == row.cohort && $0.since == since }
      if let decision = event?.extended(by: row, in: bucket, rules)
        ?? (event == nil ? opened(by: row, since: since, in: bucket, rules) : nil)
      {
        decisions.append(decision)
      }
    }
    let quiet = Set(rows.filter { $0.outageSince == nil }.map(\.cohort))
    for event in known where event.episode.state.isActive && quiet.contains(event.cohort) {
      let calm = Int64(bucket.index) - Int64(event.episode.endBucket)
      guard calm >= Int64(rules.outageCalmBuckets(bucket.granularity)) else { continue }
      var ended = event
      ended.episode.state = .resolved
      decisions.append(PlatformDecision(event: ended, told: .resolved))
    }
    return decisions
  }

  private static func opened(
    by row: CohortRow, since: Int32, in bucket: Bucket, _ rules: MergeRules
  ) -> PlatformDecision {
    var event = PlatformEvent(
      cohort: row.cohort, since: since,
      episode: Episode(
        direction: .down, type: .platformOutage, severity: .warning, state: .open,
        startBucket: since, endBucket: bucket.index, lastBucket: bucket.index, observedSum: 0,
        expectedSum: 0, countedBuckets: 0, score: max(row.score, 1)))
    event.add(row, in: bucket, rules)
    return PlatformDecision(event: event, told: .opened)
  }

  private func extended(
    by row: CohortRow, in bucket: Bucket, _ rules: MergeRules
  ) -> PlatformDecision? {
    guard bucket.index > episode.endBucket, episode.state != .withdrawn else { return nil }
    var event = self
    let before = event.episode.severity
    event.episode.endBucket = bucket.index
    event.episode.lastBucket = bucket.index
    event.add(row, in: bucket, rules)
    if event.episode.state == .resolved {
      event.episode.state = event.episode.isAcknowledged ? .acknowledged : .open
      return PlatformDecision(event: event, told: .reopened)
    }
    let isWorse = event.episode.severity > before && event.episode.state.isActive
    return PlatformDecision(event: event, told: isWorse ? .changed : nil)
  }

  private mutating func add(_ row: CohortRow, in bucket: Bucket, _ rules: MergeRules) {
    episode.observedSum += 100 * exp(row.effect)
    episode.expectedSum += 100
    episode.countedBuckets += 1
    episode.score = max(episode.score, row.score)
    // Never information only: whatever its size, it has everybody in it.
    episode.severity = max(
      episode.severity,
      rules.severity.severity(
        magnitude: episode.magnitude(.count), score: episode.score,
        durationBuckets: episode.durationBuckets,
        granularity: bucket.granularity, intent: .risk))
  }

  /// Whether it explains what is found of a member in that bucket.
  func covers(_ bucket: Int32, of cohort: String, hold: Int32) -> Bool {
    guard self.cohort.isEmpty || self.cohort == cohort, bucket >= since else { return false }
    return Int64(bucket) < Int64(episode.endBucket) + Int64(hold)
  }
}

/// What is to be done about a platform event.
public struct PlatformDecision: Sendable, Hashable {
  /// The event afterwards.
  public var event: PlatformEvent
  /// What people are told, or nil.
  public var told: AnomalyChangeKind?

  /// Gathers a decision.
  public init(event: PlatformEvent, told: AnomalyChangeKind?) {
    self.event = event
    self.told = told
  }
}
