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
  /// What became of each anomaly for each receiver.
  public struct StandingKey: Sendable, Hashable {
    /// Which anomaly.
    public var anomaly: AnomalyReference
    /// Which group: whom it tells, and its key; empty where no route led anywhere.
    public var group: String
  }

  struct Group: Sendable {
    var id: String
    var place: GroupPlace
    var group: NotificationGroup
    /// Where each anomaly is among the members.
    var places: [AnomalyReference: Int] = [:]
    var lastFlush: Int64?

    func member(_ anomaly: AnomalyReference) -> GroupMember? {
      places[anomaly].map { group.members[$0] }
    }

    /// Takes a member out; the last one takes its place, since their order means nothing.
    mutating func remove(_ anomaly: AnomalyReference) {
      guard let place = places.removeValue(forKey: anomaly) else { return }
      group.members.swapAt(place, group.members.count - 1)
      group.members.removeLast()
      if place < group.members.count { places[group.members[place].notice.anomaly] = place }
    }
  }

  struct Escalation: Sendable {
    var anomaly: AnomalyReference
    var match: RouteMatch
    var state: EscalationState
    /// Whether the anomaly's routes still lead to it.
    var isRouted = true
  }

  /// Who decides.
  public let configuration: AlertingConfiguration
  /// Silences, by any state.
  public var silences: [Silence] { didSet { wakeAll() } }
  /// Until when anomalies are put off, in microseconds since 1970.
  public var snoozedUntil: [AnomalyReference: Int64] = [:] { didSet { wakeAll() } }
  /// What became of everything that was raised.
  ///
  /// What was sent once stays sent, and what went into a digest is at most sent afterwards: a
  /// standing tells the best that became of an anomaly.
  public internal(set) var standings: [StandingKey: Standing] = [:]
  /// What went into digests, by their names, each anomaly once.
  public internal(set) var digests: [String: [AnomalyReference]] = [:]

  var groups: [Group] = []
  var notices: [AnomalyReference: Notice] = [:]
  var escalations: [Escalation] = []
  var escalationsOf: [AnomalyReference: [Int]] = [:]
  var clocks = MomentQueue()
  private var numbers: [String: Int] = [:]
  var groupsOf: [AnomalyReference: Set<Int>] = [:]
  var flushes = MomentQueue()
  var inhibitor: Inhibitor
  var digested: [String: Set<AnomalyReference>] = [:]
  var sent: [String: [Int64]] = [:]
  private var clock = Int64.min

  /// Begins with nothing raised.
  public init(configuration: AlertingConfiguration, silences: [Silence] = []) {
    self.configuration = configuration
    self.silences = silences
    inhibitor = Inhibitor(rules: configuration.inhibitions)
  }

  /// The next moment at which something may happen by itself; nil when nothing waits.
  public var nextMoment: Int64? {
    guard let flush = flushes.first, let deadline = clocks.first else {
      return flushes.first ?? clocks.first
    }
    return min(flush, deadline)
  }

  /// Takes a change of an anomaly; one that came before, or was overtaken, changes nothing.
  ///
  /// - Precondition: Moments never go back.
  public mutating func receive(_ notice: Notice, at now: Int64) {
    let known = notices[notice.anomaly]
    if let known, notice.revision <= known.revision { return }
    clock = max(clock, now)
    note(notice, after: known)
    let routing = configuration.routing(of: notice)
    if notice.kind.isEnd {
      if known == nil { passOver(notice, routing) }
      for number in groupsOf[notice.anomaly] ?? [] { update(number, notice) }
    } else {
      lead(notice, routing, at: now)
    }
    informEscalations(of: notice, at: now)
  }

  /// Goes on to a moment and gives what would have been sent until then.
  public mutating func advance(to end: Int64) -> [SimulatedNotification] {
    var told: [SimulatedNotification] = []
    while let moment = nextMoment, moment <= end {
      clock = max(clock, moment)
      hearClocks(at: moment)
      told += flush(at: moment)
    }
    clock = max(clock, end)
    return told
  }
}

// Changes.
extension NotificationSimulation {
  private mutating func note(_ notice: Notice, after known: Notice?) {
    notices[notice.anomaly] = notice
    if configuration.inhibitions.isEmpty { return }
    if let known, !known.kind.isEnd {
      inhibitor.remove(FiringAnomaly(id: known.anomaly, labels: known.labels))
    }
    if !notice.kind.isEnd {
      inhibitor.insert(FiringAnomaly(id: notice.anomaly, labels: notice.labels))
    }
  }

  /// Accounts for an anomaly whose end is the first that is heard of it.
  private mutating func passOver(_ notice: Notice, _ routing: Routing) {
    noteNowhere(notice, routing)
    for destination in routing.destinations {
      let key = StandingKey(anomaly: notice.anomaly, group: identity(destination, notice))
      standings[key] = Standing(
        .dismissedBeforeSending, cause: "\(notice.kind.name) before anything was sent")
    }
  }

  private mutating func noteNowhere(_ notice: Notice, _ routing: Routing) {
    let key = StandingKey(anomaly: notice.anomaly, group: "")
    standings[key] =
      routing.destinations.isEmpty
      ? Standing(.withoutRoute, cause: routing.nowhere.joined(separator: "; ")) : nil
  }

  private mutating func lead(_ notice: Notice, _ routing: Routing, at now: Int64) {
    noteNowhere(notice, routing)
    var reached: Set<Int> = []
    var joined: [Int] = []
    for destination in routing.destinations {
      let number = join(notice, destination, prompt: nil, at: now)
      if reached.insert(number).inserted { joined.append(number) }
      if let step = destination.escalation { begin(step, notice, destination.match) }
    }
    for destination in laterSteps(of: notice, routing) {
      // Whoever was told by a later step stays in the picture.
      guard let number = numbers[identity(destination, notice)],
        groups[number].places[notice.anomaly] != nil
      else { continue }
      update(number, notice)
      reached.insert(number)
    }
    let left = (groupsOf[notice.anomaly] ?? []).subtracting(reached)
    for number in left.sorted(by: { groups[$0].id < groups[$1].id }) {
      update(number, notice)
      if let heir = joined.first(where: { inherits($0, notice, from: number) }) {
        handOver(notice, from: number, to: heir)
      } else if let place = groups[number].places[notice.anomaly] {
        groups[number].group.members[place].isMovedAway = true
      }
    }
  }

  mutating func join(
    _ notice: Notice, _ destination: Destination, prompt: NotificationReason?, at now: Int64
  ) -> Int {
    let number = group(of: destination, notice)
    if groups[number].group.members.isEmpty {
      groups[number].lastFlush = nil
      flushes[number] = nil
    }
    if let place = groups[number].places[notice.anomaly] {
      groups[number].group.members[place].notice = notice
      groups[number].group.members[place].isMovedAway = false
    } else {
      groups[number].places[notice.anomaly] = groups[number].group.members.count
      groups[number].group.members.append(
        GroupMember(notice: notice, joinedUnixMicroseconds: now))
      groupsOf[notice.anomaly, default: []].insert(number)
    }
    record(Standing(.pending), notice.anomaly, number)
    if groups[number].lastFlush == nil {
      let first = NotificationGroup.firstFlush(
        policy: groups[number].group.policy,
        detectedUnixMicroseconds: notice.detectedUnixMicroseconds, now: now)
      flushes[number] = min(flushes[number] ?? first, first)
    }
    wake(number, at: now)
    if let prompt, let place = groups[number].places[notice.anomaly] {
      groups[number].group.members[place].prompt = prompt
      flushes[number] = now
    }
    return number
  }

  func identity(_ destination: Destination, _ notice: Notice) -> String {
    GroupPlace(destination).identity(labels: destination.groupLabels(of: notice.labels))
  }

  private mutating func group(of destination: Destination, _ notice: Notice) -> Int {
    let id = identity(destination, notice)
    if let number = numbers[id] { return number }
    let place = GroupPlace(destination)
    let group = NotificationGroup(
      labels: destination.groupLabels(of: notice.labels), policy: destination.match.policy,
      rules: configuration.rules(of: place))
    groups.append(Group(id: id, place: place, group: group))
    numbers[id] = groups.count - 1
    return groups.count - 1
  }

  private mutating func update(_ number: Int, _ notice: Notice) {
    guard let place = groups[number].places[notice.anomaly] else { return }
    groups[number].group.members[place].notice = notice
    wake(number, at: clock)
  }

  /// Whether a group tells the same receiver of an anomaly in the same thread.
  private func inherits(_ heir: Int, _ notice: Notice, from number: Int) -> Bool {
    let (old, new) = (groups[number], groups[heir])
    return old.place.receiver == new.place.receiver && old.place.person == new.place.person
      && new.group.rules.incidentScope == .anomaly
      && old.member(notice.anomaly)?.told != nil && new.member(notice.anomaly)?.told == nil
  }

  /// Lets another group go on with the thread of an anomaly, so that it is not opened twice.
  private mutating func handOver(_ notice: Notice, from number: Int, to heir: Int) {
    let scope = ThreadScope.anomaly(notice.anomaly)
    guard let place = groups[heir].places[notice.anomaly] else { return }
    groups[heir].group.members[place].told = groups[number].member(notice.anomaly)?.told
    groups[heir].group.lastSent[scope] = groups[number].group.lastSent.removeValue(forKey: scope)
    let key = StandingKey(anomaly: notice.anomaly, group: groups[number].id)
    if let standing = standings.removeValue(forKey: key) { record(standing, notice.anomaly, heir) }
    groups[number].remove(notice.anomaly)
    groupsOf[notice.anomaly]?.remove(number)
  }

  /// Brings the next beat of a told group forward to the first that may be used.
  mutating func wake(_ number: Int, at now: Int64) {
    guard let last = groups[number].lastFlush else { return }
    let beat = NotificationGroup.beat(
      after: last, policy: groups[number].group.policy, notBefore: now)
    flushes[number] = min(flushes[number] ?? beat, beat)
  }

  private mutating func wakeAll() {
    for number in groups.indices where !groups[number].places.isEmpty { wake(number, at: clock) }
  }
}
