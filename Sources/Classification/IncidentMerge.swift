internal import Detection
internal import SeriesModel

/// One side of one customer in one bucket.
struct IncidentMerge {
  let merging: CustomerMerging
  let direction: Direction
  /// Of all sides; only those of this one are touched.
  var settled: [SettledDecision]
  var incident: Incident?
  /// The anomaly that people heard of first in the incident.
  let leader: Episode?
  /// Whether the incident is to be written.
  private(set) var isChanged = false
  /// What is to be done about the customer as a whole.
  private(set) var wide: WideDecision?
  /// Whether the customer as a whole goes on in the place of the leader's anomaly.
  private var takesOverLeader = false
  private var beginsWide = false

  init(
    _ merging: CustomerMerging, direction: Direction, settled: [SettledDecision],
    incident: Incident?, leader: Episode?
  ) {
    self.merging = merging
    self.direction = direction
    self.settled = settled
    self.incident = incident
    self.leader = leader
  }

  private var bucket: Int32 { merging.findings.bucket.index }

  private func metric(_ place: Int) -> Metric { merging.metric(ofRow: settled[place].made.row) }

  private func isDerived(_ place: Int) -> Bool { IncidentRules.isDerived(metric(place)) }

  /// The decisions of this side, in an order that does not depend on that of the series.
  var places: [Int] {
    settled.indices.filter { settled[$0].made.direction == direction }.sorted { left, right in
      let (first, second) = (score(left), score(right))
      return first == second ? metric(left).id < metric(right).id : first > second
    }
  }

  private func score(_ place: Int) -> Double { settled[place].made.decision.episode?.score ?? 0 }

  /// Whether people would hear of something that they did not know to be there.
  private func isAlarm(_ place: Int, isHeld: Bool) -> Bool {
    guard let episode = settled[place].made.decision.episode, episode.state.isActive else {
      return false
    }
    switch settled[place].made.decision.action {
    case .open, .reopen: return true
    // What outlasts the platform event that explained it is an event of its own.
    case .extend, .escalate, .resume: return episode.standing == .held && !isHeld
    case .startRecovering, .keepRecovering, .resolve, .withdraw, .nothing: return false
    }
  }

  private mutating func settle(_ place: Int, _ outcome: SettledDecision.Outcome) {
    settled[place].outcome = outcome
    switch outcome {
    case .opened:
      settled[place].made.decision.episode?.standing = .own
      let isReopened = settled[place].told == .reopened
      settled[place].told = isReopened ? .reopened : .opened
    case .joined:
      settled[place].made.decision.episode?.standing = .joined
      settled[place].told = nil
    case .held:
      settled[place].made.decision.episode?.standing = .held
      settled[place].told = nil
    case .update: break
    }
  }

  /// Decides of each alarm whether it speaks for itself.
  mutating func settleAlarms(isHeld: Bool) {
    let alarms = places.filter { isAlarm($0, isHeld: isHeld) }
    guard !alarms.isEmpty else { return }
    if isHeld {
      for place in alarms { settle(place, .held) }
      return
    }
    guard direction != .neither else {
      for place in alarms { settle(place, .opened) }
      return
    }
    if let known = liveIncident {
      join(alarms, to: known)
    } else if incident == nil || bucket > (incident?.lastBucket ?? .min) {
      begin(alarms)
    } else {
      // A correction of buckets before the latest incident says nothing of that one.
      for place in alarms { settle(place, .opened) }
    }
  }

  /// The incident that an alarm now is part of; one of whose beginning a person said that it is no
  /// problem swallows nothing.
  private var liveIncident: Incident? {
    let window = merging.incidentRules.windowBuckets(merging.findings.bucket.granularity)
    guard let incident, !incident.metrics.isEmpty, incident.takes(bucket, window: window) else {
      return nil
    }
    if incident.wide == nil, leader?.state == .dismissed { return nil }
    return incident
  }

  private mutating func join(_ alarms: [Int], to known: Incident) {
    var next = known
    for place in alarms { next.insert(metric(place)) }
    next.lastBucket = max(bucket, known.lastBucket)
    let grows =
      known.wide == nil && next.baseMetrics.count >= merging.incidentRules.wideMetricsMin
    for place in alarms {
      let speaks = known.wide == nil && !grows && !isDerived(place)
      settle(place, speaks ? .opened : .joined)
    }
    if grows {
      takesOverLeader = true
      beginsWide = true
      // The leader's own decision of this bucket is part of the whole from now on.
      for place in places where metric(place).id == known.leader {
        if settled[place].outcome == .update { settle(place, .joined) }
        settled[place].outcome = alarms.contains(place) ? .joined : .update
      }
    }
    incident = next
    isChanged = true
  }

  private mutating func begin(_ alarms: [Int]) {
    let base = alarms.filter { !isDerived($0) }
    guard let best = base.first ?? alarms.first else { return }
    var next = Incident(
      direction: direction, startBucket: bucket, lastBucket: bucket, baseMetrics: [],
      leader: metric(best).id, polarity: metric(best).polarity)
    for place in alarms { next.insert(metric(place)) }
    beginsWide = base.count >= merging.incidentRules.wideMetricsMin
    for place in alarms {
      let speaks = !beginsWide && (base.isEmpty ? place == best : !isDerived(place))
      settle(place, speaks ? .opened : .joined)
    }
    incident = next
    isChanged = true
  }

  /// Leaves out what a correction has taken the ground from.
  mutating func removeWithdrawn() {
    guard var next = incident else { return }
    for place in places where settled[place].made.decision.action == .withdraw {
      next.remove(metric(place).id)
    }
    guard next.metrics != incident?.metrics else { return }
    if let first = next.baseMetrics.first ?? next.derivedMetrics.first,
      !next.metrics.contains(next.leader), next.wide == nil
    {
      next.leader = first
    }
    isChanged = true
    if next.metrics.isEmpty, var episode = next.wide, episode.state.isActive {
      episode.state = .withdrawn
      next.wide = episode
      wide = WideDecision(
        incident: next, decision: MergeDecision(.withdraw, .corrected, episode),
        told: .withdrawn, takesOverLeader: false, row: nil)
    }
    incident = next
  }

  /// Lets the customer as a whole live on what its series did in this bucket.
  mutating func followWide() {
    guard let known = incident, wide == nil, beginsWide || isFollowed(known.wide) else { return }
    let out = places.filter { isOut($0, of: known) }
    if let episode = known.wide {
      // Parts of a customer that come later, and corrections, only add what was not seen before.
      guard bucket > episode.lastBucket || bucket > episode.endBucket && !out.isEmpty else {
        return
      }
    }
    let first = takesOverLeader ? leader : nil
    let row = wideRow(out, of: known, from: first?.startBucket)
    let traits = SeriesTraits(
      .everything(merging.findings.bucket.granularity, polarity: known.polarity), kind: .count)
    var decision = mergeDecision(
      row: row, direction: direction, episode: known.wide, traits: traits, rules: merging.rules)
    guard var episode = decision.episode, episode != known.wide else { return }
    var told = AnomalyChangeKind(decision.action)
    if let first {
      episode.severity = max(episode.severity, first.severity)
      episode.isAcknowledged = first.isAcknowledged
      if first.state == .acknowledged { episode.state = .acknowledged }
      told = first.state.isActive ? .changed : .reopened
    }
    decision.episode = episode
    var next = known
    next.wide = episode
    incident = next
    isChanged = true
    wide = WideDecision(
      incident: next, decision: decision, told: told, takesOverLeader: takesOverLeader,
      row: out.first.map { settled[$0].made.row })
  }

  private func isFollowed(_ episode: Episode?) -> Bool {
    guard let episode else { return false }
    switch episode.state {
    case .open, .acknowledged, .recovering, .resolved: return true
    case .dismissed:
      return episode.calmBuckets < merging.rules.calmBuckets(merging.findings.bucket.granularity)
    case .withdrawn: return false
    }
  }

  /// Whether a series is out of the ordinary in this bucket and part of the incident.
  private func isOut(_ place: Int, of incident: Incident) -> Bool {
    guard let episode = settled[place].made.decision.episode,
      episode.endBucket == bucket, episode.standing != .held, episode.state.isActive,
      incident.metrics.contains(metric(place).id)
    else { return false }
    // What the level has followed is inside its band.
    guard settled[place].made.decision.reason != .newLevel else { return false }
    switch settled[place].made.decision.action {
    case .open, .extend, .escalate, .resume, .reopen: return true
    case .startRecovering, .keepRecovering, .resolve, .withdraw, .nothing: return false
    }
  }
}
