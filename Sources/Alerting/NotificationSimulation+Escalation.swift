// Escalations.
extension NotificationSimulation {
  mutating func begin(_ place: EscalationPlace, _ notice: Notice, _ match: RouteMatch) {
    guard let policy = configuration.escalations[place.policy],
      escalation(of: notice.anomaly, match) == nil
    else { return }
    escalationsOf[notice.anomaly, default: []].append(escalations.count)
    escalations.append(
      Escalation(
        anomaly: notice.anomaly, match: match, state: EscalationState(policy: policy)))
  }

  private func escalation(of anomaly: AnomalyReference, _ match: RouteMatch) -> Int? {
    escalationsOf[anomaly]?.first { escalations[$0].match.key == match.key }
  }

  /// The first message starts the clocks: before it nobody could have answered.
  mutating func deliver(_ anomaly: AnomalyReference, _ match: RouteMatch, at now: Int64) {
    guard let number = escalation(of: anomaly, match) else { return }
    _ = escalations[number].state.advance(.started, at: now)
    let state = escalations[number].state
    _ = escalations[number].state.advance(
      .delivered(step: state.step, round: state.round), at: now)
    setClock(number)
  }

  mutating func informEscalations(of notice: Notice, at now: Int64) {
    for number in escalationsOf[notice.anomaly] ?? [] {
      guard let event = EscalationEvent(notice, escalations[number].state.phase) else { continue }
      let actions = escalations[number].state.advance(event, at: now)
      setClock(number)
      carryOut(actions, escalations[number], at: now)
    }
  }

  mutating func hearClocks(at now: Int64) {
    for number in clocks.takeDue(at: now).sorted() {
      let actions = escalations[number].state.advance(.clock, at: now)
      setClock(number)
      carryOut(actions, escalations[number], at: now)
    }
  }

  private mutating func setClock(_ number: Int) {
    clocks[number] = escalations[number].isRouted ? escalations[number].state.nextDeadline : nil
  }

  /// Everybody but the first whom the escalations of an anomaly have told, where its routes still
  /// lead to them; the others no longer escalate.
  mutating func laterSteps(of notice: Notice, _ routing: Routing) -> [Destination] {
    var destinations: [Destination] = []
    for number in escalationsOf[notice.anomaly] ?? [] {
      let escalation = escalations[number]
      let match = routing.matches.first { $0.key == escalation.match.key }
      escalations[number].isRouted = match != nil
      setClock(number)
      guard let match, escalation.state.startedAt != nil else { continue }
      let policy = escalation.state.policy
      let last = escalation.state.round > 0 ? policy.steps.count - 1 : escalation.state.step
      for step in 0...last {
        let place = EscalationPlace(policy: policy.name, step: step, round: 0)
        destinations += configuration.routing(of: notice, by: match, step: place).destinations
      }
    }
    return destinations
  }

  private mutating func carryOut(
    _ actions: [EscalationAction], _ escalation: Escalation, at now: Int64
  ) {
    guard escalation.isRouted, let notice = notices[escalation.anomaly], !notice.kind.isEnd else {
      return
    }
    for case .notify(_, let step, let round, _) in actions {
      let place = EscalationPlace(policy: escalation.state.policy.name, step: step, round: round)
      for destination in configuration.routing(of: notice, by: escalation.match, step: place)
        .destinations
      {
        _ = join(notice, destination, prompt: .escalation, at: now)
      }
    }
  }
}

extension EscalationEvent {
  /// What a change of an anomaly means for an escalation of it; nil is nothing.
  public init?(_ notice: Notice, _ phase: EscalationState.Phase) {
    switch notice.kind {
    case .resolved: self = .ended(.resolved)
    case .dismissed: self = .ended(.dismissed)
    case .withdrawn: self = .ended(.withdrawn)
    case .reopened: self = .reopened
    case .opened, .changed:
      if notice.state == "acknowledged" {
        self = .acknowledged
      } else if phase == .acknowledged && notice.state == "open" {
        self = .acknowledgementExpired
      } else {
        return nil
      }
    }
  }
}
