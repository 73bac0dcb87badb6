internal import SeriesModel

/// What holds at one moment for all receivers.
public struct AlertingMoment: Sendable {
  /// Microseconds since 1970.
  public var now: Int64
  /// What stands for what.
  public var inhibitor: Inhibitor
  /// Silences that are not over.
  public var silences: [Silence]
  /// Until when anomalies were put off, in microseconds since 1970.
  public var snoozedUntil: [AnomalyReference: Int64]

  /// Gathers what holds.
  public init(
    now: Int64, inhibitor: Inhibitor = Inhibitor(firing: [], rules: []),
    silences: [Silence] = [], snoozedUntil: [AnomalyReference: Int64] = [:]
  ) {
    self.now = now
    self.inhibitor = inhibitor
    self.silences = silences
    self.snoozedUntil = snoozedUntil
  }

  var seconds: Int64 { (now - (now < 0 ? 999_999 : 0)) / 1_000_000 }
}

/// Whom a group tells, by which route.
public struct GroupPlace: Sendable, Hashable {
  /// The receiver's name.
  public var receiver: String
  /// The person's name, where the receiver stands for people.
  public var person: String?
  /// The route.
  public var match: RouteMatch

  /// Gathers a place.
  public init(receiver: String, person: String? = nil, match: RouteMatch) {
    self.receiver = receiver
    self.person = person
    self.match = match
  }

  /// The place that a destination is.
  public init(_ destination: Destination) {
    self.init(
      receiver: destination.receiver, person: destination.person, match: destination.match)
  }
}

extension AlertingConfiguration {
  /// Whether an anomaly may be told to a group's receiver now; in Alertmanager's order, then what
  /// it does not have.
  public func verdict(
    of member: GroupMember, in place: GroupPlace, at moment: AlertingMoment
  ) -> FlushVerdict {
    let notice = member.notice
    let labels = notice.labels
    let sources = moment.inhibitor.inhibitors(
      of: notice.anomaly, labels: labels, receiver: place.receiver, route: place.match.path)
    if !sources.isEmpty {
      let cause = sources.map(\.text).joined(separator: ",")
      return .suppress(Standing(.inhibited, cause: cause))
    }
    if let muted = muted(by: place.match.policy, at: moment.seconds) { return .suppress(muted) }
    let silences = moment.silences.filter { $0.covers(labels, at: moment.now) }
    if let last = silences.map(\.endsAt).max() {
      let cause = silences.map(\.id.text).joined(separator: ",")
      return .suppress(Standing(.silenced, cause: cause, until: last))
    }
    if let until = moment.snoozedUntil[notice.anomaly], until > moment.now {
      return .suppress(Standing(.snoozed, cause: "snoozed", until: until))
    }
    // A digest disturbs nobody, so it need not wait for the end of somebody's quiet hours.
    if let digest = place.match.policy.digest { return .digest("route: digest \(digest)") }
    return personal(place, notice, at: moment.now) ?? .tell
  }

  /// Why a route does not speak at a moment; nil where it does.
  private func muted(by policy: RoutePolicy, at seconds: Int64) -> Standing? {
    let active = policy.activeTimes.compactMap { schedules[$0] }
    if !active.isEmpty && !active.contains(where: { $0.contains(unixSeconds: seconds) }) {
      let names = policy.activeTimes.joined(separator: ",")
      let next = active.compactMap { $0.nextChange(afterUnixSeconds: seconds) }.min()
      return Standing(.muted, cause: "outside \(names)", until: next.map { $0 * 1_000_000 })
    }
    let muting = policy.muteTimes.compactMap { schedules[$0] }
      .filter { $0.contains(unixSeconds: seconds) }
    guard let first = muting.first else { return nil }
    let next = muting.compactMap { $0.nextChange(afterUnixSeconds: seconds) }.max()
    return Standing(.muted, cause: "within \(first.name)", until: next.map { $0 * 1_000_000 })
  }

  private func personal(_ place: GroupPlace, _ notice: Notice, at now: Int64) -> FlushVerdict? {
    guard let name = place.person, let person = directory?.person(named: name) else { return nil }
    switch person.choice(for: notice.severity, isPage: pages(person), at: now) {
    case .send: return nil
    case .digest: return .digest("\(name) has it in a digest")
    case .hold(let until):
      return .suppress(Standing(.held, cause: "quiet hours of \(name)", until: until))
    }
  }

  private func pages(_ person: Person) -> Bool {
    person.channels.first.flatMap { receivers[$0]?.pages } ?? false
  }

  /// What a group's receiver is for; for a person that of the preferred channel.
  public func rules(of place: GroupPlace) -> ReceiverRules {
    if let name = place.person, let person = directory?.person(named: name) {
      let rules = person.channels.first.flatMap { receivers[$0] } ?? ReceiverRules()
      return rules
    }
    return receivers[place.receiver] ?? ReceiverRules()
  }
}
