/// Where the escalation of one anomaly stands: a machine that is told what happens and says what to
/// do.
///
/// Each step has two clocks. The first is the software's: a message that no receiver has taken in
/// time leads to the next step at once. The second is people's and begins with the delivery: who
/// does not acknowledge in time is passed over as well. All moments are microseconds since 1970.
public struct EscalationState: Sendable, Hashable {
  /// Where it stands.
  public enum Phase: Int16, Sendable, Hashable, CaseIterable {
    /// Nobody has been told.
    case notStarted = 0
    /// A step's message is on its way.
    case delivering = 1
    /// A step's message has come; nobody has acknowledged.
    case awaitingAcknowledgement = 2
    /// A person has taken the anomaly on.
    case acknowledged = 3
    /// All steps and repetitions are through.
    case exhausted = 4
    /// The anomaly is over.
    case ended = 5
  }

  /// Its steps and deadlines.
  public let policy: EscalationPolicy
  /// Where it stands.
  public private(set) var phase = Phase.notStarted
  /// The step that was told last, from 0.
  public private(set) var step = 0
  /// Counts each passage through the steps and never goes back, so that what became of a message
  /// is not taken for the fate of a later one.
  public private(set) var round = 0
  /// When the first step was told, the last time that the escalation began.
  public private(set) var startedAt: Int64?
  /// When the present step was told.
  public private(set) var stepStartedAt: Int64?
  /// When a receiver of the present step had its message.
  public private(set) var deliveredAt: Int64?
  /// When a person acknowledged.
  public private(set) var acknowledgedAt: Int64?
  /// When the anomaly was over.
  public private(set) var endedAt: Int64?
  /// How the anomaly was over.
  public private(set) var ended: EscalationEnd?
  /// Whether a step's message came late or never since the anomaly was last opened.
  public private(set) var deliveryWasLate = false
  /// Whether people let a deadline pass since the anomaly was last opened.
  public private(set) var acknowledgementWasLate = false

  /// The round after which nothing is repeated.
  public private(set) var lastRound: Int

  /// An escalation that has not begun.
  public init(policy: EscalationPolicy) {
    self.policy = policy
    lastRound = policy.repeats
  }

  /// An escalation as it was stored, with its policy as it is now.
  ///
  /// Where the policy has become shorter, the last step stands for those that it has lost.
  public init(
    policy: EscalationPolicy, phase: Phase, step: Int, round: Int, lastRound: Int,
    startedAt: Int64?, stepStartedAt: Int64?, deliveredAt: Int64?, acknowledgedAt: Int64?,
    endedAt: Int64?, ended: EscalationEnd?, deliveryWasLate: Bool, acknowledgementWasLate: Bool
  ) {
    self.policy = policy
    self.phase = phase
    self.step = min(max(0, step), policy.steps.count - 1)
    self.round = round
    self.lastRound = lastRound
    self.startedAt = startedAt
    self.stepStartedAt = stepStartedAt
    self.deliveredAt = deliveredAt
    self.acknowledgedAt = acknowledgedAt
    self.endedAt = endedAt
    self.ended = ended
    self.deliveryWasLate = deliveryWasLate
    self.acknowledgementWasLate = acknowledgementWasLate
  }

  /// When the clock must be heard again, in microseconds since 1970; nil when no clock runs.
  public var nextDeadline: Int64? {
    switch phase {
    case .delivering: stepStartedAt.map { $0 + deliverySLO }
    case .awaitingAcknowledgement: deliveredAt.map { $0 + acknowledgeDeadline }
    case .notStarted, .acknowledged, .exhausted, .ended: nil
    }
  }

  /// Takes in what happened and says what to do; without an action there is nothing to do.
  ///
  /// An event that comes twice, or for a step that is over, does no harm.
  public mutating func advance(_ event: EscalationEvent, at now: Int64) -> [EscalationAction] {
    switch event {
    case .started:
      return phase == .notStarted ? begin(.firstStep, at: now) : []
    case .delivered(let step, let round):
      delivered(step: step, round: round, at: now)
      return []
    case .deliveryFailed(let step, let round):
      guard phase == .delivering, step == self.step, round == self.round else { return [] }
      deliveryWasLate = true
      return proceed(.deliveryFailed, at: now)
    case .acknowledged:
      return acknowledge(at: now)
    case .acknowledgementExpired:
      return phase == .acknowledged ? restart(.acknowledgementExpired, at: now) : []
    case .ended(let end):
      return finish(end, at: now)
    case .reopened:
      guard phase == .ended else { return [] }
      deliveryWasLate = false
      acknowledgementWasLate = false
      return restart(.reopened, at: now)
    case .clock:
      return hearClock(at: now)
    }
  }
}

// The transitions.
extension EscalationState {
  private var deliverySLO: Int64 { policy.steps[step].deliverySLOSeconds * 1_000_000 }

  private var acknowledgeDeadline: Int64 {
    policy.steps[step].acknowledgeDeadlineSeconds * 1_000_000
  }

  private func isOverdue(at now: Int64) -> Bool { nextDeadline.map { now >= $0 } ?? false }

  private mutating func delivered(step: Int, round: Int, at now: Int64) {
    guard phase == .delivering, step == self.step, round == self.round else { return }
    // Late, but nobody further is told for that: it has come.
    if isOverdue(at: now) { deliveryWasLate = true }
    deliveredAt = now
    phase = .awaitingAcknowledgement
  }

  private mutating func acknowledge(at now: Int64) -> [EscalationAction] {
    switch phase {
    case .acknowledged, .ended: return []
    case .notStarted, .delivering, .awaitingAcknowledgement, .exhausted: break
    }
    // A deadline that has passed unheard was missed all the same.
    noteMissedDeadline(at: now)
    acknowledgedAt = now
    phase = .acknowledged
    return [.stop(.acknowledged)]
  }

  private mutating func finish(_ end: EscalationEnd, at now: Int64) -> [EscalationAction] {
    guard phase != .ended else { return [] }
    noteMissedDeadline(at: now)
    let wasTold = phase != .notStarted
    phase = .ended
    endedAt = now
    ended = end
    return wasTold ? [.stop(.ended(end))] : []
  }

  private mutating func hearClock(at now: Int64) -> [EscalationAction] {
    guard isOverdue(at: now) else { return [] }
    let reason: EscalationReason = phase == .delivering ? .deliveryLate : .notAcknowledged
    noteMissedDeadline(at: now)
    return proceed(reason, at: now)
  }

  private mutating func noteMissedDeadline(at now: Int64) {
    guard isOverdue(at: now) else { return }
    if phase == .delivering { deliveryWasLate = true } else { acknowledgementWasLate = true }
  }

  /// Goes to the next step, to the first one again, or to the end.
  private mutating func proceed(_ reason: EscalationReason, at now: Int64) -> [EscalationAction] {
    if step + 1 < policy.steps.count { return tell(step: step + 1, reason, at: now) }
    guard round < lastRound else {
      phase = .exhausted
      return [.stop(.exhausted)]
    }
    round += 1
    return tell(step: 0, reason, at: now)
  }

  private mutating func restart(_ reason: EscalationReason, at now: Int64) -> [EscalationAction] {
    // Nobody was told before: it begins with the first message, as if nothing had been.
    guard startedAt != nil else {
      self = EscalationState(policy: policy)
      return []
    }
    round += 1
    lastRound = round + policy.repeats
    return begin(reason, at: now)
  }

  private mutating func begin(_ reason: EscalationReason, at now: Int64) -> [EscalationAction] {
    startedAt = now
    acknowledgedAt = nil
    endedAt = nil
    ended = nil
    return tell(step: 0, reason, at: now)
  }

  private mutating func tell(
    step: Int, _ reason: EscalationReason, at now: Int64
  ) -> [EscalationAction] {
    self.step = step
    stepStartedAt = now
    deliveredAt = nil
    phase = .delivering
    return [
      .notify(
        receivers: policy.steps[step].receivers, step: step, round: round, reason: reason)
    ]
  }
}
