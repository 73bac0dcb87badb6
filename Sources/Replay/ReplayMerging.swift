internal import Classification
internal import Detection
internal import SeriesModel

/// What a replay knows of the anomalies of its series, of its customers and of their cohorts.
struct ReplayMerging: Sendable {
  /// What is known of the anomalies of one series.
  private struct Known: Sendable {
    var down: Episode?
    var up: Episode?
    var neither: Episode?
    var followed: Set<Direction> = []
    var dismissed: [DismissedAnomaly] = []

    subscript(direction: Direction) -> Episode? {
      get {
        switch direction {
        case .down: down
        case .up: up
        case .neither: neither
        }
      }
      set {
        switch direction {
        case .down: down = newValue
        case .up: up = newValue
        case .neither: neither = newValue
        }
      }
    }
  }

  private let rules: MergeRules
  /// For each series the place of its customer; those of one stand together.
  private let customerOf: [Int]
  /// For each series its metric.
  private let metricOf: [MetricID]
  private var known: [Known]
  /// By place of the customer.
  private var incidents: [Int: [Incident]] = [:]
  private var events: [PlatformEvent] = []

  /// The series whose decisions are kept; nil for none.
  var watched: Int?
  /// What was decided of it in the last bucket, a side each.
  private(set) var watchedDecisions: [SettledDecision] = []

  init(rules: MergeRules, customerOf: [Int], metricOf: [MetricID]) {
    self.rules = rules
    self.customerOf = customerOf
    self.metricOf = metricOf
    known = Array(repeating: Known(), count: customerOf.count)
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
    if let watched, members.contains(watched) { watchedDecisions.removeAll() }
    var changes = mergeEvents(findings, series: first)
    let decisions = BatchMerging(findings, rules: rules).decisions(
      rows: Array(members.indices), followed: { known[members[$0]].followed },
      episode: { known[members[$0]][$1] }, dismissed: { known[members[$0]].dismissed })
    let merging = CustomerMerging(findings, rules: rules)
    var rest = decisions[...]
    var from = 0
    while from < members.count {
      let customer = customerOf[members[from]]
      let to = members[from...].firstIndex { customerOf[$0] != customer } ?? members.count
      let own = rest.prefix { $0.row < to }
      rest = rest.dropFirst(own.count)
      if !own.isEmpty || incidents[customer]?.contains(where: { $0.wide != nil }) == true {
        let settlement = merging.settle(
          rows: Array(from..<to), decisions: Array(own), incidents: incidents[customer] ?? [],
          leader: { leader(of: $0, customer: customer, near: members[from]) }, events: events)
        take(settlement, of: customer, members, findings.bucket, into: &changes)
      }
      from = to
    }
    return changes
  }

  /// Takes a person's word that the latest anomaly of a series to a side is no problem; where it is
  /// part of what the customer went through as a whole, all of that is meant.
  mutating func dismiss(series place: Int, _ direction: Direction, kinds: (Int) -> MetricKind) {
    guard let episode = known[place][direction] else { return }
    let customer = customerOf[place]
    let incident = incidents[customer]?.firstIndex { $0.direction == direction }
    var meant = [place]
    if episode.standing == .joined, let incident {
      incidents[customer]?[incident].wide?.state = .dismissed
      let metrics = Set(incidents[customer]?[incident].metrics ?? [])
      meant = places(of: customer, near: place).filter { metrics.contains(metricOf[$0]) }
    }
    for part in meant {
      guard let episode = known[part][direction] else { continue }
      if part == place || episode.standing == .joined { known[part][direction]?.state = .dismissed }
      known[part].dismissed.append(
        DismissedAnomaly(
          type: episode.type, endBucket: episode.endBucket,
          magnitude: episode.magnitude(kinds(part))))
    }
  }

  /// A record with what is known before it is merged.
  func decision(_ record: DecisionRecord, of place: Int) -> ReplayedDecision {
    ReplayedDecision(
      record: record, known: Direction.allCases.compactMap { known[place][$0] },
      incidents: incidents[customerOf[place]] ?? [],
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
  private func places(of customer: Int, near place: Int) -> Range<Int> {
    var from = place
    while from > 0, customerOf[from - 1] == customer { from -= 1 }
    var to = place
    while to < customerOf.count, customerOf[to] == customer { to += 1 }
    return from..<to
  }

  private func leader(of incident: Incident, customer: Int, near place: Int) -> Episode? {
    let leader = places(of: customer, near: place).first { metricOf[$0] == incident.leader }
    return leader.flatMap { known[$0][incident.direction] }
  }

  private mutating func take(
    _ settlement: CustomerSettlement, of customer: Int, _ members: [Int], _ bucket: Bucket,
    into changes: inout [ReplayedChange]
  ) {
    for settled in settlement.settled {
      let made = settled.made
      guard let episode = made.decision.episode else { continue }
      let place = members[made.row]
      if place == watched { watchedDecisions.append(settled) }
      known[place][made.direction] = episode
      if made.isFollowed {
        known[place].followed.insert(made.direction)
      } else {
        known[place].followed.remove(made.direction)
      }
      guard let told = settled.told else { continue }
      changes.append(
        ReplayedChange(series: place, kind: told, bucket: bucket, episode: episode))
    }
    for incident in settlement.incidents {
      incidents[customer, default: []].removeAll { $0.direction == incident.direction }
      incidents[customer, default: []].append(incident)
    }
    for wide in settlement.wide {
      guard let near = members.first(where: { customerOf[$0] == customer }) else { continue }
      if wide.takesOverLeader {
        let places = places(of: customer, near: near)
        if let place = places.first(where: { metricOf[$0] == wide.incident.leader }) {
          known[place][wide.incident.direction]?.standing = .joined
        }
      }
      guard let told = wide.told, let episode = wide.decision.episode else { continue }
      changes.append(
        ReplayedChange(
          series: wide.row.map { members[$0] } ?? near, kind: told, bucket: bucket,
          episode: episode, scope: .customer))
    }
  }
}
