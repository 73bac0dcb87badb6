/// One message as it would go out.
public struct SimulatedNotification: Sendable, Hashable {
  /// When, in microseconds since 1970.
  public var at: Int64
  /// To whom.
  public var place: GroupPlace
  /// The group's key.
  public var groupKey: String
  /// What the other side is to do.
  public var action: PlannedAction
  /// Why.
  public var reason: NotificationReason
  /// What it speaks of, most important first.
  public var items: [AnomalyReference]
}

/// The notifier without a store: what would be sent, and when, if all receivers took everything.
///
/// It is driven by the same decisions as the service, so a tree of routes can be tried on the
/// anomalies of last week, and on one that is only typed in.
public struct NotificationSimulation: Sendable {
  struct Group: Sendable {
    var place: GroupPlace
    var group: NotificationGroup
    var lastFlush: Int64?
    var nextFlush: Int64?
  }

  /// What became of each anomaly for each receiver.
  public struct StandingKey: Sendable, Hashable {
    /// Which anomaly.
    public var anomaly: AnomalyReference
    /// Which group: whom it tells, and its key; empty where no route led anywhere.
    public var group: String
  }

  /// Who decides.
  public let configuration: AlertingConfiguration
  /// Silences, by any state.
  public var silences: [Silence]
  /// Until when anomalies are put off, in microseconds since 1970.
  public var snoozedUntil: [AnomalyReference: Int64] = [:]
  /// What became of everything that was raised.
  public private(set) var standings: [StandingKey: Standing] = [:]
  /// What went into digests, by their names.
  public private(set) var digests: [String: [AnomalyReference]] = [:]

  var groups: [String: Group] = [:]
  var notices: [AnomalyReference: Notice] = [:]
  var escalations: [Escalation] = []
  var sent: [String: [Int64]] = [:]

  struct Escalation: Sendable {
    var anomaly: AnomalyReference
    var match: RouteMatch
    var state: EscalationState
  }

  /// Begins with nothing raised.
  public init(configuration: AlertingConfiguration, silences: [Silence] = []) {
    self.configuration = configuration
    self.silences = silences
  }

  /// The next moment at which something may happen by itself; nil when nothing waits.
  public var nextMoment: Int64? {
    let flushes = groups.values.compactMap(\.nextFlush)
    return (flushes + escalations.compactMap(\.state.nextDeadline)).min()
  }

  /// Takes a change of an anomaly.
  ///
  /// - Precondition: Moments never go back.
  public mutating func receive(_ notice: Notice, at now: Int64) {
    notices[notice.anomaly] = notice
    let routing = configuration.routing(of: notice)
    var reached: Set<String> = []
    for destination in routing.destinations {
      reached.insert(join(notice, destination, prompt: nil, at: now))
    }
    if routing.destinations.isEmpty {
      standings[StandingKey(anomaly: notice.anomaly, group: "")] = Standing(
        .withoutRoute, cause: routing.nowhere.joined(separator: "; "))
    }
    for (id, group) in groups where !reached.contains(id) {
      guard
        let index = group.group.members.firstIndex(where: { $0.notice.anomaly == notice.anomaly })
      else { continue }
      groups[id]?.group.members[index].notice = notice
      groups[id]?.group.members[index].isMovedAway = true
      wake(id, at: now)
    }
    informEscalations(of: notice, at: now)
  }

  /// Goes on to a moment and gives what would have been sent until then.
  public mutating func advance(to end: Int64) -> [SimulatedNotification] {
    var told: [SimulatedNotification] = []
    while let moment = nextMoment, moment <= end {
      hearClocks(at: moment)
      told += flush(at: moment)
    }
    return told
  }

  mutating func join(
    _ notice: Notice, _ destination: Destination, prompt: NotificationReason?, at now: Int64
  ) -> String {
    let place = GroupPlace(
      receiver: destination.receiver, person: destination.person, match: destination.match)
    let labels = destination.groupLabels(of: notice.labels)
    let id = place.identity(labels: labels)
    var group =
      groups[id]
      ?? Group(
        place: place,
        group: NotificationGroup(
          labels: labels, policy: destination.match.policy, rules: configuration.rules(of: place)))
    if group.group.members.isEmpty {
      group.lastFlush = nil
      group.nextFlush = NotificationGroup.firstFlush(
        policy: group.group.policy, detectedUnixMicroseconds: notice.detectedUnixMicroseconds,
        now: now)
    }
    if let index = group.group.members.firstIndex(where: { $0.notice.anomaly == notice.anomaly }) {
      group.group.members[index].notice = notice
      group.group.members[index].isMovedAway = false
      if let prompt { group.group.members[index].prompt = prompt }
    } else {
      group.group.members.append(
        GroupMember(notice: notice, joinedUnixMicroseconds: now, prompt: prompt))
    }
    let key = StandingKey(anomaly: notice.anomaly, group: id)
    if standings[key] == nil { standings[key] = Standing(.pending) }
    if prompt != nil { group.nextFlush = now }
    groups[id] = group
    wake(id, at: now)
    if let step = destination.escalation, step.step == 0, step.round == 0, prompt == nil {
      begin(step, notice, destination.match)
    }
    return id
  }

  /// Brings the next beat of a told group forward to the first that may be used.
  private mutating func wake(_ id: String, at now: Int64) {
    guard let group = groups[id], let last = group.lastFlush else { return }
    let beat = NotificationGroup.beat(after: last, policy: group.group.policy, notBefore: now)
    groups[id]?.nextFlush = min(group.nextFlush ?? beat, beat)
  }
}

// Flushes.
extension NotificationSimulation {
  private func moment(_ now: Int64) -> AlertingMoment {
    let firing = notices.values.filter { !$0.kind.isEnd }
      .map { FiringAnomaly(id: $0.anomaly, labels: $0.labels) }
    return AlertingMoment(
      now: now, inhibitor: Inhibitor(firing: firing, rules: configuration.inhibitions),
      silences: silences.filter { $0.state(at: now) == .active }, snoozedUntil: snoozedUntil)
  }

  private mutating func flush(at now: Int64) -> [SimulatedNotification] {
    let moment = moment(now)
    let due = groups.filter { $0.value.nextFlush.map { $0 <= now } ?? false }.keys.sorted()
    var ranked: [String: [(id: String, message: RankedMessage)]] = [:]
    for id in due {
      guard var entry = groups[id] else { continue }
      let place = entry.place
      let flush = entry.group.flush(at: now) { member in
        configuration.verdict(of: member, in: place, at: moment)
      }
      for (number, message) in flush.messages.enumerated() {
        guard let lead = message.items.first.flatMap({ notices[$0] }) else { continue }
        ranked[place.receiver, default: []].append(
          (id, RankedMessage(id: "\(id)/\(number)", message: message, lead: lead)))
      }
      settle(flush, of: entry, id: id)
      entry.group.settle(flush)
      entry.lastFlush = now
      entry.nextFlush = flush.nextUnixMicroseconds
      groups[id] = entry
    }
    return ranked.keys.sorted().flatMap { send(ranked[$0] ?? [], to: $0, at: now) }
  }

  private mutating func settle(_ flush: GroupFlush, of entry: Group, id: String) {
    for (anomaly, standing) in flush.standings {
      standings[StandingKey(anomaly: anomaly, group: id)] = standing
    }
    for anomaly in flush.leaving where flush.standings[anomaly] == nil {
      let key = StandingKey(anomaly: anomaly, group: id)
      // It moved to another route before anything was said here, and is accounted for there.
      if standings[key]?.disposition == .pending { standings[key] = nil }
    }
    for (anomaly, cause) in flush.digested {
      digest(anomaly, entry.place.match.policy.digest ?? "\(entry.place.person ?? "")", cause, id)
    }
  }

  private mutating func digest(
    _ anomaly: AnomalyReference, _ name: String, _ cause: String, _ id: String
  ) {
    digests[name, default: []].append(anomaly)
    standings[StandingKey(anomaly: anomaly, group: id)] = Standing(.digested, cause: cause)
  }

  private mutating func send(
    _ messages: [(id: String, message: RankedMessage)], to receiver: String, at now: Int64
  ) -> [SimulatedNotification] {
    let overflow = configuration.overflow(
      of: messages.map(\.message), receiver: receiver, sent: sent[receiver] ?? [], at: now)
    var told: [SimulatedNotification] = []
    for (id, ranked) in messages {
      guard var entry = groups[id] else { continue }
      let message = ranked.message
      if overflow.contains(ranked.id) {
        let name = configuration.budgets[receiver]?.digest ?? ""
        for anomaly in entry.group.divert(message) { digest(anomaly, name, "budget", id) }
        groups[id] = entry
        continue
      }
      if message.interrupts { sent[receiver, default: []].append(now) }
      entry.group.apply(message, at: now)
      groups[id] = entry
      for (anomaly, told) in message.tells where told.isOpen {
        standings[StandingKey(anomaly: anomaly, group: id)] = Standing(.sent)
        deliver(anomaly, entry.place.match, at: now)
      }
      told.append(
        SimulatedNotification(
          at: now, place: entry.place,
          groupKey: entry.place.groupKey(labels: entry.group.labels), action: message.action,
          reason: message.reason, items: message.items))
    }
    return told
  }
}
