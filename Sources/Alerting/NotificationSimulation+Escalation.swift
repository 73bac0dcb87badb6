// Escalations.
extension NotificationSimulation {
  mutating func begin(_ place: EscalationPlace, _ notice: Notice, _ match: RouteMatch) {
    guard let policy = configuration.escalations[place.policy], !notice.kind.isEnd,
      !escalations.contains(where: {
        $0.anomaly == notice.anomaly && $0.match.key == match.key
      })
    else { return }
    escalations.append(
      Escalation(
        anomaly: notice.anomaly, match: match, state: EscalationState(policy: policy)))
  }

  /// The first message starts the clocks: before it nobody could have answered.
  mutating func deliver(_ anomaly: AnomalyReference, _ match: RouteMatch, at now: Int64) {
    for index in escalations.indices
    where escalations[index].anomaly == anomaly && escalations[index].match.key == match.key {
      _ = escalations[index].state.advance(.started, at: now)
      let state = escalations[index].state
      _ = escalations[index].state.advance(
        .delivered(step: state.step, round: state.round), at: now)
    }
  }

  mutating func informEscalations(of notice: Notice, at now: Int64) {
    for index in escalations.indices where escalations[index].anomaly == notice.anomaly {
      guard let event = EscalationEvent(notice, escalations[index].state.phase) else { continue }
      let actions = escalations[index].state.advance(event, at: now)
      carryOut(actions, escalations[index], at: now)
    }
  }

  mutating func hearClocks(at now: Int64) {
    for index in escalations.indices {
      guard let due = escalations[index].state.nextDeadline, due <= now else { continue }
      let actions = escalations[index].state.advance(.clock, at: now)
      carryOut(actions, escalations[index], at: now)
    }
  }

  private mutating func carryOut(
    _ actions: [EscalationAction], _ escalation: Escalation, at now: Int64
  ) {
    guard let notice = notices[escalation.anomaly], !notice.kind.isEnd else { return }
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
