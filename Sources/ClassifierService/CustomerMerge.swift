internal import AnomalyContract
internal import Classification
internal import Detection
internal import SeriesContract
internal import SeriesModel

extension BatchMerge {
  /// Joins what was decided of series into one anomaly for one real event, customer by customer.
  ///
  /// - Parameters:
  ///   - decisions: In the order of the fresh rows, in which a customer's stand together.
  ///   - places: For each row its place in the batch's order.
  /// - Throws: ``WireError`` when a finding cannot be written.
  mutating func settle(_ decisions: [RowDecision], places: [Int]) throws {
    let merging = CustomerMerging(batch.findings, rules: rules)
    var rest = decisions[...]
    var fresh = self.fresh[...]
    while let first = fresh.first {
      let customer = batch.customer(batch.order[first]).id
      let own = fresh.prefix { batch.customer(batch.order[$0]).id == customer }
      fresh = fresh.dropFirst(own.count)
      let made = rest.prefix { batch.customer($0.row).id == customer }
      rest = rest.dropFirst(made.count)
      let known = incidents.filter { $0.customer == customer }
      if made.isEmpty, known.allSatisfy({ $0.incident.wide == nil }) { continue }
      let settlement = merging.settle(
        rows: own.map { batch.order[$0] }, decisions: Array(made),
        incidents: known.map(\.incident),
        leader: { incident in
          known.first { $0.incident.direction == incident.direction }
            .flatMap { records[$0.leaderID]?.episode }
        }, events: events.map(\.event))
      try carryOut(settlement, of: customer, rows: own.map { batch.order[$0] }, places: places)
    }
  }

  private mutating func carryOut(
    _ settlement: CustomerSettlement, of customer: CustomerID, rows: [Int], places: [Int]
  ) throws {
    for wide in settlement.wide where wide.takesOverLeader {
      takeOver(wide.incident, of: customer, rows: rows, places: places)
    }
    for settled in settlement.settled {
      try carryOut(settled, place: places[settled.made.row])
    }
    for incident in settlement.incidents {
      keep(incident, of: customer, rows: rows, places: places)
    }
    for wide in settlement.wide { try carryOut(wide, of: customer, rows: rows) }
    for settled in settlement.settled { point(settled, of: customer, places: places) }
  }

  private func placeOfIncident(_ direction: Classification.Direction, of customer: CustomerID)
    -> Int?
  {
    incidents.firstIndex { $0.customer == customer && $0.incident.direction == direction }
  }

  /// Gives the leader's series an anomaly of its own that takes part, because its former one goes
  /// on as that of the customer as a whole.
  private mutating func takeOver(
    _ incident: Incident, of customer: CustomerID, rows: [Int], places: [Int]
  ) {
    guard let place = placeOfIncident(incident.direction, of: customer),
      let leader = records[incidents[place].leaderID]
    else { return }
    var member = leader
    member.id = AnomalyRecord.makeID(memberOf: leader.id)
    member.episode.standing = .joined
    member.revision = 0
    member.reach = Reach(leader: leader.id)
    records[member.id] = member
    whole.append(member.id)
    if let row = rows.first(where: { batch.metric($0).id == incident.leader }),
      cursors[places[row]][incident.direction] == leader.id
    {
      cursors[places[row]][incident.direction] = member.id
    } else {
      movedCursors.append((key: leader.key, from: leader, to: member.id))
    }
  }

  private mutating func keep(
    _ incident: Incident, of customer: CustomerID, rows: [Int], places: [Int]
  ) {
    let place = placeOfIncident(incident.direction, of: customer)
    let isSame = place.map { incidents[$0].incident.startBucket == incident.startBucket } ?? false
    var stored =
      place.map { incidents[$0] }
      ?? StoredIncident(
        customer: customer, incident: incident, leaderID: AnomalyID(high: 0, low: 0))
    let leaderChanged = stored.incident.leader != incident.leader || !isSame
    if !isSame { stored.wideID = nil }
    if leaderChanged, let row = rows.first(where: { batch.metric($0).id == incident.leader }),
      let id = cursors[places[row]][incident.direction]
    {
      stored.leaderID = id
    }
    stored.incident = incident
    if let place {
      incidents[place] = stored
      changedIncidents.insert(place)
    } else {
      incidents.append(stored)
      changedIncidents.insert(incidents.count - 1)
    }
  }

  /// Opens or moves on the anomaly of the customer as a whole.
  private mutating func carryOut(
    _ wide: WideDecision, of customer: CustomerID, rows: [Int]
  ) throws {
    guard let place = placeOfIncident(wide.incident.direction, of: customer),
      let episode = wide.decision.episode, let any = rows.first
    else { return }
    let id =
      incidents[place].wideID
      ?? (wide.takesOverLeader && records[incidents[place].leaderID] != nil
        ? incidents[place].leaderID
        : AnomalyRecord.makeID(
          customer, batch.findings.bucket.granularity, startBucket: episode.startBucket,
          direction: episode.direction))
    incidents[place].wideID = id
    changedIncidents.insert(place)
    let row = wide.row ?? any
    let isNew = records[id] == nil
    var record =
      try records[id]
      ?? AnomalyRecord(
        id: id, customer: batch.customer(any), metric: batch.metric(row), episode: episode,
        isHeard: batch.findings.notify, revision: 0,
        detectedUnixMicroseconds: nowUnixMicroseconds, possibleCause: "",
        evidence: try evidence(row))
    record.customer = batch.customer(any)
    record.metric = .everything(
      batch.findings.bucket.granularity, polarity: wide.incident.polarity)
    record.episode = episode
    record.reach = reach(wide.incident, rows: rows, known: record.reach.members)
    guard let told = wide.told else {
      records[id] = record
      whole.append(id)
      return
    }
    if told != .resolved, told != .withdrawn, wide.row != nil {
      record.possibleCause = cause(row, episode)
      record.evidence = try evidence(row)
    }
    record.resolvedUnixMicroseconds =
      told == .resolved || told == .withdrawn ? nowUnixMicroseconds : nil
    record.revision += 1
    switch told {
    case .opened: summary.opened += 1
    case .resolved: summary.resolved += 1
    case .changed, .dismissed, .withdrawn, .reopened: summary.changed += 1
    }
    var heard = told
    if !isNew, !record.isHeard, batch.findings.notify, told == .changed || told == .reopened {
      record.isHeard = true
      heard = .opened
    }
    note(heard, record)
  }

  private func reach(_ incident: Incident, rows: [Int], known: [String]) -> Reach {
    let metrics = Set(incident.metrics)
    let names = rows.filter { metrics.contains(batch.metric($0).id) }
      .map { Wording.metricPhrase(batch.metric($0)) }
    return Reach(
      scope: .customer,
      members: Array(Set(names + known).sorted().prefix(Reach.membersMax)),
      memberCount: metrics.count, seriesCount: max(rows.count, metrics.count))
  }

  /// Lets what another anomaly speaks for point to that one.
  private mutating func point(
    _ settled: SettledDecision, of customer: CustomerID, places: [Int]
  ) {
    let row = settled.made.row
    let direction = settled.made.direction
    guard let id = cursors[places[row]][direction], let record = records[id],
      record.reach.leader == nil
    else { return }
    let leader: AnomalyID?
    switch record.episode.standing {
    case .own: return
    case .joined:
      leader = placeOfIncident(direction, of: customer).map { incidents[$0].speakerID }
    case .held:
      leader = events.last { $0.event.since <= batch.bucket }?.anomaly
    }
    guard let leader, leader != id else { return }
    records[id]?.reach.leader = leader
    whole.append(id)
  }
}

extension AnomalyRecord {
  /// The identity of the anomaly of a customer as a whole.
  static func makeID(
    _ customer: CustomerID, _ granularity: SeriesModel.Granularity, startBucket: Int32,
    direction: Classification.Direction
  ) -> AnomalyID {
    AnomalyID(
      .derived(
        from: "tidemark/anomaly/\(customer.wireUUID.text)/all/\(granularity.rawValue)"
          + "/\(startBucket)/\(direction.rawValue)"))
  }

  /// The identity of what is left of a series' anomaly that goes on as that of its customer.
  static func makeID(memberOf leader: AnomalyID) -> AnomalyID {
    AnomalyID(.derived(from: "tidemark/anomaly/member/\(leader.wireUUID.text)"))
  }
}
