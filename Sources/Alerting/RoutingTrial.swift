/// What would become of one anomaly at one moment, and why: the answer to "who would be told?".
public struct RoutingTrial: Sendable, Hashable {
  /// One who would be told, or would not.
  public struct Answer: Sendable, Hashable {
    /// Who, and by which route.
    public var destination: Destination
    /// The key of the group that the anomaly would join.
    public var groupKey: String
    /// What may be done at that moment.
    public var verdict: FlushVerdict
    /// How the person would be told at that moment; nil where the receiver is reached as it is.
    public var choice: PersonChoice?
    /// When the first message would go out, in microseconds since 1970; nil where none does within
    /// ``RoutingTrial/horizonDays``.
    public var firstSend: Int64?
    /// The digest that takes it; nil where none does.
    public var digest: String?
  }

  /// One step of an escalation that nobody answers.
  public struct Step: Sendable, Hashable {
    /// When it would be told, in microseconds since 1970.
    public var at: Int64
    /// Which one.
    public var place: EscalationPlace
    /// Why.
    public var reason: EscalationReason
    /// Until when a receiver must have the message, in microseconds since 1970.
    public var deliveredBy: Int64
    /// Until when somebody must have acknowledged, in microseconds since 1970.
    public var acknowledgedBy: Int64
    /// Whom it tells.
    public var destinations: [Destination]
    /// Why it tells nobody.
    public var nowhere: [String]
  }

  /// How far it looks ahead.
  public static let horizonDays: Int64 = 14

  /// Most moments that it looks at.
  static let momentsLimit = 10_000

  /// The routes that it comes to.
  public var matches: [RouteMatch]
  /// Who would be told first.
  public var answers: [Answer]
  /// Why some routes lead nowhere.
  public var nowhere: [String]
  /// The steps of each escalation, if every message comes at once and nobody answers.
  public var steps: [Step]

  /// Tries an anomaly on a configuration.
  ///
  /// - Parameters:
  ///   - notice: As it would come.
  ///   - configuration: Who decides.
  ///   - now: When it would come, in microseconds since 1970.
  ///   - silences: That are known, by any state.
  public init(
    _ notice: Notice, _ configuration: AlertingConfiguration, at now: Int64,
    silences: [Silence] = []
  ) {
    let routing = configuration.routing(of: notice)
    matches = configuration.tree?.matches(notice.labels) ?? []
    nowhere = routing.nowhere
    let sends = Self.sends(notice, configuration, at: now, silences)
    let moment = AlertingMoment(
      now: now, silences: silences.filter { $0.state(at: now) == .active })
    answers = routing.destinations.map { destination in
      let place = GroupPlace(
        receiver: destination.receiver, person: destination.person, match: destination.match)
      let verdict = configuration.verdict(
        of: GroupMember(notice: notice, joinedUnixMicroseconds: now), in: place, at: moment)
      return Answer(
        destination: destination,
        groupKey: place.groupKey(labels: destination.groupLabels(of: notice.labels)),
        verdict: verdict, choice: configuration.choice(of: destination.person, notice, at: now),
        firstSend: sends.first { $0.place == place }?.at,
        digest: Self.digest(verdict, destination))
    }
    steps = []
    var begun: Set<String> = []
    for match in matches {
      guard let name = match.policy.escalation, let policy = configuration.escalations[name],
        begun.insert(match.key).inserted
      else { continue }
      let first = sends.first { $0.place.match == match }?.at
      steps += Self.steps(policy, match, notice, configuration, at: first ?? now)
    }
  }

  private static func digest(_ verdict: FlushVerdict, _ destination: Destination) -> String? {
    guard case .digest = verdict else { return nil }
    return destination.match.policy.digest ?? destination.person.map { "that of \($0)" }
  }

  private static func sends(
    _ notice: Notice, _ configuration: AlertingConfiguration, at now: Int64, _ silences: [Silence]
  ) -> [SimulatedNotification] {
    var simulation = NotificationSimulation(configuration: configuration, silences: silences)
    simulation.receive(notice, at: now)
    let horizon = now + horizonDays * 86_400_000_000
    var found: [SimulatedNotification] = []
    var moments = 0
    while let moment = simulation.nextMoment, moment <= horizon, moments < momentsLimit {
      found += simulation.advance(to: max(moment, now))
      moments += 1
    }
    return found
  }

  private static func steps(
    _ policy: EscalationPolicy, _ match: RouteMatch, _ notice: Notice,
    _ configuration: AlertingConfiguration, at start: Int64
  ) -> [Step] {
    var found: [Step] = []
    var state = EscalationState(policy: policy)
    var now = start
    var actions = state.advance(.started, at: now)
    while case .notify(_, let step, let round, let reason)? = actions.first {
      let place = EscalationPlace(policy: policy.name, step: step, round: round)
      let routing = configuration.routing(of: notice, by: match, step: place)
      let times = policy.steps[step]
      found.append(
        Step(
          at: now, place: place, reason: reason,
          deliveredBy: now + times.deliverySLOSeconds * 1_000_000,
          acknowledgedBy: now + times.acknowledgeDeadlineSeconds * 1_000_000,
          destinations: routing.destinations, nowhere: routing.nowhere))
      _ = state.advance(.delivered(step: step, round: round), at: now)
      guard let next = state.nextDeadline else { break }
      now = next
      actions = state.advance(.clock, at: now)
    }
    return found
  }
}

extension AlertingConfiguration {
  /// How a person would be told of an anomaly at a moment; nil where there is none of that name.
  public func choice(of person: String?, _ notice: Notice, at now: Int64) -> PersonChoice? {
    guard let person = person.flatMap({ directory?.person(named: $0) }) else { return nil }
    let pages = person.channels.first.flatMap { receivers[$0]?.pages } ?? false
    return person.choice(for: notice.severity, isPage: pages, at: now)
  }
}
