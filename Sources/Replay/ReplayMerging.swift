internal import Classification
internal import Detection
internal import SeriesModel

/// What a replay knows of the anomalies of its series, of its customers and of their cohorts.
struct ReplayMerging: Sendable {
  private let rules: MergeRules
  /// For each series the place of its customer; those of one stand together.
  let customerOf: [Int]
  /// For each series its metric.
  let metricOf: [MetricID]
  /// For each series what its metric measures.
  let kinds: [MetricKind]
  var known: [SeriesAnomalies]
  /// By place of the customer; of one side the latest is the last one.
  var incidents: [Int: [Incident]] = [:]
  var events: [PlatformEvent] = []
  /// Whether a person has said anything at all.
  var hasVerdicts = false
  /// For each series the newest bucket in which it came beside the watched one.
  private(set) var lastBuckets: [Int32]

  /// The series whose decisions are kept; nil for none.
  var watched: Int?
  /// What was decided of it in the last bucket, a side each.
  private(set) var watchedDecisions: [SettledDecision] = []
  /// What may be behind the anomaly that these speak of.
  var watchedCauses: [PossibleCause] = []

  init(rules: MergeRules, customerOf: [Int], metrics: [Metric]) {
    self.rules = rules
    self.customerOf = customerOf
    metricOf = metrics.map(\.id)
    kinds = metrics.map(\.kind)
    known = Array(repeating: SeriesAnomalies(), count: customerOf.count)
    lastBuckets = Array(repeating: .min, count: customerOf.count)
  }

  /// Merges what was found in a bucket.
  ///
  /// - Parameters:
  ///   - findings: The batch.
  ///   - members: For each row the place of its series.
  /// - Returns: The changes that people would hear of: of cohorts, then of series and customers in
  ///   the order of the rows.
  mutating func merge(_ findings: FindingsBatch, members: [Int]) -> [ReplayedChange] {
    guard let first = members.first else { return [] }
    if let watched, members.contains(watched) {
      watchedDecisions.removeAll()
      watchedCauses.removeAll()
      // Only who watches one asks what is late.
      for place in members { lastBuckets[place] = findings.bucket.index }
    }
    var changes = mergeEvents(findings, series: first)
    let decisions = BatchMerging(findings, rules: rules).decisions(
      rows: Array(members.indices), followed: { known[members[$0]].followed },
      episode: { known[members[$0]][$1] }, dismissed: { dismissed(of: members[$0]) })
    let merging = CustomerMerging(findings, rules: rules)
    var rest = decisions[...]
    var from = 0
    while from < members.count {
      let customer = customerOf[members[from]]
      let to = members[from...].firstIndex { customerOf[$0] != customer } ?? members.count
      let own = rest.prefix { $0.row < to }
      rest = rest.dropFirst(own.count)
      let latest = latestIncidents(of: customer)
      if !own.isEmpty || latest.contains(where: { $0.wide != nil }) {
        let settlement = merging.settle(
          rows: Array(from..<to), decisions: Array(own), incidents: latest,
          leader: { leader(of: $0, customer: customer, near: members[from]) }, events: events)
        take(settlement, of: customer, members, findings.bucket, into: &changes)
        noteCauses(findings, members, rows: from..<to)
      }
      from = to
    }
    return changes
  }

  /// A record with what is known before it is merged.
  func decision(_ record: DecisionRecord, of place: Int) -> ReplayedDecision {
    ReplayedDecision(
      record: record, known: Direction.allCases.compactMap { known[place][$0] },
      incidents: latestIncidents(of: customerOf[place]),
      events: events.filter(\.episode.state.isActive))
  }

  private mutating func mergeEvents(
    _ findings: FindingsBatch, series: Int
  ) -> [ReplayedChange] {
    var changes: [ReplayedChange] = []
    let decisions = PlatformEvent.decisions(
      findings.cohorts, in: findings.bucket, known: events, rules: rules)
    for decision in decisions {
      let event = decision.event
      events.removeAll { $0.cohort == event.cohort && $0.since == event.since }
      events.append(event)
      guard let told = decision.told else { continue }
      changes.append(
        ReplayedChange(
          series: series, kind: told, bucket: findings.bucket, episode: event.episode,
          scope: .cohort(event.cohort)))
    }
    return changes
  }

  /// The places of a customer's series, around one of them.
  func places(of customer: Int, near place: Int) -> Range<Int> {
    var from = place
    while from > 0, customerOf[from - 1] == customer { from -= 1 }
    var to = place
    while to < customerOf.count, customerOf[to] == customer { to += 1 }
    return from..<to
  }

  /// The latest incident to each side.
  private func latestIncidents(of customer: Int) -> [Incident] {
    guard let all = incidents[customer] else { return [] }
    return Direction.allCases.compactMap { side in all.last { $0.direction == side } }
  }

  /// Keeps an incident beside those before it that a verdict may still speak of.
  private mutating func keep(_ incident: Incident, of customer: Int, forgettingBefore old: Int64) {
    var all = incidents[customer] ?? []
    let same = all.firstIndex {
      $0.direction == incident.direction && $0.startBucket == incident.startBucket
    }
    if let same {
      all[same] = incident
    } else {
      all.removeAll {
        $0.direction == incident.direction && max($0.lastBucket, $0.wide?.endBucket ?? .min) < old
      }
      all.append(incident)
    }
    incidents[customer] = all
  }

  private func leader(of incident: Incident, customer: Int, near place: Int) -> Episode? {
    let leader = places(of: customer, near: place).first { metricOf[$0] == incident.leader }
    return leader.flatMap { known[$0][incident.direction] }
  }

  private mutating func take(
    _ settlement: CustomerSettlement, of customer: Int, _ members: [Int], _ bucket: Bucket,
    into changes: inout [ReplayedChange]
  ) {
    // What is older counts for nothing any more, whatever is said of it.
    let old = Int64(bucket.index) - Int64(rules.dismissal.buckets(bucket.granularity))
    for settled in settlement.settled {
      let made = settled.made
      guard let episode = made.decision.episode else { continue }
      let place = members[made.row]
      if place == watched { watchedDecisions.append(settled) }
      if made.decision.action == .open {
        known[place].open(episode, forgettingBefore: old)
      } else {
        known[place].advance(to: episode)
      }
      if made.isFollowed {
        known[place].followed.insert(made.direction)
      } else {
        known[place].followed.remove(made.direction)
      }
      guard let told = settled.told else { continue }
      changes.append(
        ReplayedChange(series: place, kind: told, bucket: bucket, episode: episode))
    }
    for incident in settlement.incidents { keep(incident, of: customer, forgettingBefore: old) }
    for wide in settlement.wide {
      guard let near = members.first(where: { customerOf[$0] == customer }) else { continue }
      take(wide, of: customer, near: near)
      guard let told = wide.told, let episode = wide.decision.episode else { continue }
      changes.append(
        ReplayedChange(
          series: wide.row.map { members[$0] } ?? near, kind: told, bucket: bucket,
          episode: episode, scope: .customer))
    }
    for settled in settlement.settled { point(settled.made, of: customer, members, bucket) }
  }

  /// Lets the customer as a whole go on in the place of what people heard of first.
  private mutating func take(_ wide: WideDecision, of customer: Int, near place: Int) {
    guard wide.takesOverLeader else { return }
    let incident = wide.incident
    let leader = places(of: customer, near: place).first { metricOf[$0] == incident.leader }
    guard let leader else { return }
    known[leader].takeOver(
      incident.direction, by: .incident(incident.direction, incident.startBucket))
  }

  /// Remembers what speaks for an anomaly of which people do not hear itself.
  private mutating func point(
    _ made: RowDecision, of customer: Int, _ members: [Int], _ bucket: Bucket
  ) {
    let place = members[made.row]
    switch known[place][made.direction]?.standing {
    case nil, .own: return
    case .joined:
      let incident = incidents[customer]?.last { $0.direction == made.direction }
      known[place].point(
        made.direction, to: incident.map { .incident($0.direction, $0.startBucket) })
    case .held:
      let event = events.last { $0.since <= bucket.index }
      known[place].point(made.direction, to: event.map { .event($0.cohort, $0.since) })
    }
  }
}
