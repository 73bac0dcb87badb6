/// Who is told together, and how long each side has.
public struct EscalationStep: Sendable, Hashable {
  /// Names of receivers.
  public let receivers: [String]

  /// How long the software has until a receiver has taken the message, in seconds.
  public let deliverySLOSeconds: Int64

  /// How long people have from then on to acknowledge, in seconds.
  public let acknowledgeDeadlineSeconds: Int64

  /// Gathers a step; ``EscalationPolicy`` judges it.
  public init(receivers: [String], deliverySLOSeconds: Int64, acknowledgeDeadlineSeconds: Int64) {
    self.receivers = receivers
    self.deliverySLOSeconds = deliverySLOSeconds
    self.acknowledgeDeadlineSeconds = acknowledgeDeadlineSeconds
  }

  /// Gathers a step of which only one time is known: each side has that long.
  public init(receivers: [String], deadlineSeconds: Int64) {
    self.init(
      receivers: receivers, deliverySLOSeconds: deadlineSeconds,
      acknowledgeDeadlineSeconds: deadlineSeconds)
  }
}

/// Who is told next when nobody could be reached or nobody answered.
public struct EscalationPolicy: Sendable, Hashable {
  /// Most steps of a policy.
  public static let stepsLimit = 20

  /// Most repetitions of a policy.
  public static let repeatsLimit = 100

  /// Longest deadline, in seconds: 30 days.
  public static let deadlineSecondsLimit: Int64 = 30 * 86_400

  /// What routes name it by.
  public let name: String

  /// From the first to be told to the last.
  public let steps: [EscalationStep]

  /// How often it begins again after the last step; 0 is once through.
  public let repeats: Int

  /// Checks and gathers a policy.
  ///
  /// - Throws: ``AlertingError`` `badEscalation` that names the step.
  public init(name: String, steps: [EscalationStep], repeats: Int = 0) throws(AlertingError) {
    guard !name.isEmpty else { throw AlertingError(.badEscalation, "a policy has no name") }
    guard (1...Self.stepsLimit).contains(steps.count) else {
      throw AlertingError(
        .badEscalation,
        "policy '\(name)' has \(steps.count) steps: 1 to \(Self.stepsLimit) may be")
    }
    guard (0...Self.repeatsLimit).contains(repeats) else {
      throw AlertingError(
        .badEscalation,
        "policy '\(name)' is repeated \(repeats) times: 0 to \(Self.repeatsLimit) may be")
    }
    for (number, step) in steps.enumerated() {
      try Self.check(step, "step \(number) of policy '\(name)'")
    }
    self.name = name
    self.steps = steps
    self.repeats = repeats
  }

  private static func check(_ step: EscalationStep, _ place: String) throws(AlertingError) {
    guard !step.receivers.isEmpty else {
      throw AlertingError(.badEscalation, "\(place) has no receivers")
    }
    guard Set(step.receivers).count == step.receivers.count else {
      throw AlertingError(.badEscalation, "\(place) names a receiver twice")
    }
    guard (1...deadlineSecondsLimit).contains(step.deliverySLOSeconds),
      (1...deadlineSecondsLimit).contains(step.acknowledgeDeadlineSeconds)
    else {
      throw AlertingError(
        .badEscalation, "\(place) has a deadline that is not from 1 s to 30 days")
    }
  }
}

/// What happened that an escalation may have to do with.
public enum EscalationEvent: Sendable, Hashable {
  /// The anomaly is to be told for the first time.
  case started
  /// The first of a step's receivers has taken the message; step and round as `notify` had them.
  case delivered(step: Int, round: Int)
  /// None of a step's receivers will take the message any more.
  case deliveryFailed(step: Int, round: Int)
  /// A person has taken the anomaly on.
  case acknowledged
  /// The time for which a person took it on is over, and the anomaly is not.
  case acknowledgementExpired
  /// The anomaly is over.
  case ended(EscalationEnd)
  /// The anomaly is back.
  case reopened
  /// Time has passed, as far as ``EscalationState/nextDeadline`` at least.
  case clock
}

/// Why nobody need be told any more.
public enum EscalationEnd: Int16, Sendable, Hashable, CaseIterable {
  case resolved = 1
  case dismissed = 2
  case withdrawn = 3
}

/// What is to be done.
public enum EscalationAction: Sendable, Hashable {
  /// Tell the receivers of a step; the round is to come back with what became of it.
  case notify(receivers: [String], step: Int, round: Int, reason: EscalationReason)
  /// Nobody further is told; what is still queued for others may be dropped, but for `exhausted`.
  case stop(EscalationStop)
}

/// Why a step is told.
public enum EscalationReason: String, Sendable, Hashable, CaseIterable {
  case firstStep = "first step"
  case deliveryLate = "delivery late"
  case deliveryFailed = "delivery failed"
  case notAcknowledged = "not acknowledged"
  case acknowledgementExpired = "acknowledgement expired"
  case reopened
}

/// Why an escalation stops.
public enum EscalationStop: Sendable, Hashable {
  /// A person has taken the anomaly on.
  case acknowledged
  /// The anomaly is over.
  case ended(EscalationEnd)
  /// All steps and repetitions are through, and nobody has answered.
  case exhausted
}
