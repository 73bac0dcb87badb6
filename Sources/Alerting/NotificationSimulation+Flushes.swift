// Flushes.
extension NotificationSimulation {
  private struct Candidate {
    var number: Int
    var ranked: RankedMessage
  }

  mutating func flush(at now: Int64) -> [SimulatedNotification] {
    let moment = AlertingMoment(
      now: now, inhibitor: inhibitor, silences: silences.filter { $0.state(at: now) == .active },
      snoozedUntil: snoozedUntil)
    let due = flushes.takeDue(at: now).sorted { groups[$0].id < groups[$1].id }
    var ranked: [String: [Candidate]] = [:]
    for number in due where !groups[number].group.members.isEmpty {
      let place = groups[number].place
      let flush = groups[number].group.flush(at: now) { member in
        configuration.verdict(of: member, in: place, at: moment)
      }
      for (message, planned) in flush.messages.enumerated() {
        guard let lead = planned.items.first.flatMap({ notices[$0] }) else { continue }
        let id = "\(groups[number].id)/\(message)"
        ranked[place.receiver, default: []].append(
          Candidate(
            number: number, ranked: RankedMessage(id: id, message: planned, lead: lead)))
      }
      settle(flush, number)
      groups[number].lastFlush = now
      flushes[number] = flush.nextUnixMicroseconds
    }
    return ranked.keys.sorted().flatMap { send(ranked[$0] ?? [], to: $0, at: now) }
  }

  private mutating func settle(_ flush: GroupFlush, _ number: Int) {
    for (anomaly, standing) in flush.standings { record(standing, anomaly, number) }
    for anomaly in flush.leaving where flush.standings[anomaly] == nil {
      // It moved to another route before anything was said here, and is accounted for there.
      let key = StandingKey(anomaly: anomaly, group: groups[number].id)
      if let standing = standings[key], standing.disposition.maySpeakYet { standings[key] = nil }
    }
    let place = groups[number].place
    let name = place.match.policy.digest ?? place.person ?? ""
    // In one order, so that the same anomalies make the same digest.
    for member in groups[number].group.members {
      guard let cause = flush.digested[member.notice.anomaly] else { continue }
      digest([member.notice.anomaly], name, cause, number)
    }
    groups[number].group.settle(flush)
    reorder(number, afterLoss: !flush.leaving.isEmpty)
  }

  private mutating func digest(
    _ anomalies: [AnomalyReference], _ name: String, _ cause: String, _ number: Int
  ) {
    for anomaly in anomalies {
      record(Standing(.digested, cause: cause), anomaly, number)
      if digested[name, default: []].insert(anomaly).inserted {
        digests[name, default: []].append(anomaly)
      }
    }
  }

  private mutating func send(
    _ candidates: [Candidate], to receiver: String, at now: Int64
  ) -> [SimulatedNotification] {
    let overflow = overflow(of: candidates, receiver, at: now)
    var told: [SimulatedNotification] = []
    var admitted: [Int: [PlannedMessage]] = [:]
    var diverted: [Int: [PlannedMessage]] = [:]
    for candidate in candidates {
      let (number, message) = (candidate.number, candidate.ranked.message)
      if overflow.contains(candidate.ranked.id) {
        diverted[number, default: []].append(message)
        continue
      }
      admitted[number, default: []].append(message)
      let place = groups[number].place
      for anomaly in message.items where message.tells[anomaly]?.isOpen == true {
        record(Standing(.sent), anomaly, number)
        deliver(anomaly, place.match, at: now)
      }
      told.append(
        SimulatedNotification(
          at: now, place: place,
          groupKey: place.groupKey(labels: groups[number].group.labels), action: message.action,
          reason: message.reason, items: message.items))
    }
    for (number, messages) in admitted {
      groups[number].group.apply(messages, at: now)
      reorder(number, afterLoss: true)
    }
    let name = configuration.budgets[receiver]?.digest ?? ""
    for number in diverted.keys.sorted() {
      let anomalies = groups[number].group.divert(diverted[number] ?? [], at: now)
      digest(anomalies, name, "budget", number)
      wake(number, at: now)
    }
    return told
  }

  private mutating func overflow(
    of candidates: [Candidate], _ receiver: String, at now: Int64
  ) -> Set<String> {
    guard let budget = configuration.budgets[receiver]?.budget else { return [] }
    // What no window reaches back to is forgotten, so the list never outgrows the budget.
    let start = now - budget.windowSeconds * 1_000_000
    let sent = (sent[receiver] ?? []).filter { $0 > start }
    let overflow = configuration.overflow(
      of: candidates.map(\.ranked), receiver: receiver, sent: sent, at: now)
    let places = candidates.filter {
      $0.ranked.message.interrupts && !overflow.contains($0.ranked.id)
    }.count
    self.sent[receiver] = sent + Array(repeating: now, count: places)
    return overflow
  }

  /// Finds the members' places again after some may have left.
  private mutating func reorder(_ number: Int, afterLoss: Bool) {
    guard afterLoss, groups[number].places.count != groups[number].group.members.count else {
      return
    }
    var places: [AnomalyReference: Int] = [:]
    for (place, member) in groups[number].group.members.enumerated() {
      places[member.notice.anomaly] = place
    }
    for anomaly in groups[number].places.keys where places[anomaly] == nil {
      groupsOf[anomaly]?.remove(number)
    }
    groups[number].places = places
  }

  /// Enters what became of an anomaly for a group's receiver.
  mutating func record(_ standing: Standing, _ anomaly: AnomalyReference, _ number: Int) {
    let key = StandingKey(anomaly: anomaly, group: groups[number].id)
    switch (standings[key]?.disposition, standing.disposition) {
    case (.sent?, _): return
    case (.digested?, let next) where next != .sent: return
    case (.some, .pending): return
    default: standings[key] = standing
    }
  }
}

extension Disposition {
  /// Whether the anomaly may still be told, so that another route may speak for it.
  fileprivate var maySpeakYet: Bool {
    switch self {
    case .pending, .held, .silenced, .inhibited, .muted, .snoozed: true
    case .sent, .digested, .withoutRoute, .undeliverable, .dismissedBeforeSending: false
    }
  }
}
