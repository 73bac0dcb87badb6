import Testing

@testable import Alerting

@Suite("Escalation")
struct EscalationTests {
  private static let second: Int64 = 1_000_000

  /// 300 s to deliver and 600 s to acknowledge, then 60 s and 120 s.
  private func policy(repeats: Int = 0) throws -> EscalationPolicy {
    try EscalationPolicy(
      name: "drops",
      steps: [
        EscalationStep(
          receivers: ["manager", "director"], deliverySLOSeconds: 300,
          acknowledgeDeadlineSeconds: 600),
        EscalationStep(
          receivers: ["executive"], deliverySLOSeconds: 60, acknowledgeDeadlineSeconds: 120),
      ], repeats: repeats)
  }

  private func first(_ reason: EscalationReason, round: Int = 0) -> EscalationAction {
    .notify(receivers: ["manager", "director"], step: 0, round: round, reason: reason)
  }

  private func second(_ reason: EscalationReason, round: Int = 0) -> EscalationAction {
    .notify(receivers: ["executive"], step: 1, round: round, reason: reason)
  }

  /// An escalation whose first step was told at 0.
  private func started(repeats: Int = 0) throws -> EscalationState {
    var state = EscalationState(policy: try policy(repeats: repeats))
    #expect(state.nextDeadline == nil)
    #expect(state.advance(.started, at: 0) == [first(.firstStep)])
    return state
  }

  @Test func `a start tells the first step, once`() throws {
    var state = try started()
    #expect(state.advance(.started, at: 1) == [])
    #expect(state.startedAt == 0 && state.phase == .delivering)
    #expect(state.nextDeadline == 300 * Self.second)
  }

  @Test func `a message that does not come in time leads to the next step at once`() throws {
    var state = try started()
    #expect(state.advance(.clock, at: 300 * Self.second - 1) == [])
    #expect(state.advance(.clock, at: 300 * Self.second) == [second(.deliveryLate)])
    #expect(state.deliveryWasLate && !state.acknowledgementWasLate)
    // The new step has its own time.
    #expect(state.nextDeadline == 360 * Self.second)
    // What comes of the old one does not stop the clock of the new one.
    #expect(state.advance(.delivered(step: 0, round: 0), at: 301 * Self.second) == [])
    #expect(state.phase == .delivering)
  }

  @Test func `people's time runs from the delivery`() throws {
    var state = try started()
    #expect(state.advance(.delivered(step: 0, round: 0), at: 200 * Self.second) == [])
    #expect(state.deliveredAt == 200 * Self.second && !state.deliveryWasLate)
    #expect(state.nextDeadline == 800 * Self.second)
    #expect(state.advance(.delivered(step: 0, round: 0), at: 250 * Self.second) == [])
    #expect(state.nextDeadline == 800 * Self.second)
    #expect(state.advance(.clock, at: 800 * Self.second - 1) == [])
    #expect(state.advance(.clock, at: 800 * Self.second) == [second(.notAcknowledged)])
    #expect(state.acknowledgementWasLate && !state.deliveryWasLate)
    #expect(state.deliveredAt == nil)
  }

  @Test func `a message that nobody will take leads to the next step before the time is over`()
    throws
  {
    var state = try started()
    let failure = EscalationEvent.deliveryFailed(step: 0, round: 0)
    #expect(state.advance(failure, at: Self.second) == [second(.deliveryFailed)])
    #expect(state.deliveryWasLate)
    // Told again, it is of a step that is over.
    #expect(state.advance(failure, at: Self.second) == [])
    #expect(
      state.advance(.deliveryFailed(step: 1, round: 0), at: Self.second) == [.stop(.exhausted)])
    #expect(state.phase == .exhausted && state.nextDeadline == nil)
    #expect(state.advance(.clock, at: 10_000 * Self.second) == [])
  }

  @Test func `a late delivery before the clock was heard is late, but tells nobody further`() throws
  {
    var state = try started()
    #expect(state.advance(.delivered(step: 0, round: 0), at: 300 * Self.second) == [])
    #expect(state.deliveryWasLate)
    #expect(state.nextDeadline == 900 * Self.second)
  }

  @Test func `an acknowledgement stops all clocks, whenever it comes`() throws {
    var delivering = try started()
    #expect(delivering.advance(.acknowledged, at: Self.second) == [.stop(.acknowledged)])
    #expect(delivering.acknowledgedAt == Self.second && delivering.nextDeadline == nil)
    #expect(delivering.advance(.acknowledged, at: 2 * Self.second) == [])
    #expect(delivering.advance(.clock, at: 10_000 * Self.second) == [])
    #expect(!delivering.deliveryWasLate && !delivering.acknowledgementWasLate)

    var late = try started()
    _ = late.advance(.delivered(step: 0, round: 0), at: 0)
    #expect(late.advance(.acknowledged, at: 600 * Self.second) == [.stop(.acknowledged)])
    #expect(late.acknowledgementWasLate)
    var inTime = try started()
    _ = inTime.advance(.delivered(step: 0, round: 0), at: 0)
    _ = inTime.advance(.acknowledged, at: 600 * Self.second - 1)
    #expect(!inTime.acknowledgementWasLate)
  }

  @Test(arguments: EscalationEnd.allCases)
  func `an end stops, and what comes back begins at the first step`(end: EscalationEnd) throws {
    var state = try started()
    _ = state.advance(.clock, at: 300 * Self.second)
    #expect(state.advance(.reopened, at: 301 * Self.second) == [])
    #expect(state.advance(.ended(end), at: 310 * Self.second) == [.stop(.ended(end))])
    #expect(state.ended == end && state.endedAt == 310 * Self.second)
    for event in [EscalationEvent.clock, .acknowledged, .ended(.resolved), .started] {
      #expect(state.advance(event, at: 9_000 * Self.second) == [])
    }
    #expect(state.deliveryWasLate)
    #expect(state.advance(.reopened, at: 9_000 * Self.second) == [first(.reopened, round: 1)])
    #expect(state.ended == nil && state.endedAt == nil && !state.deliveryWasLate)
    #expect(state.startedAt == 9_000 * Self.second)
    // A delivery of before is not taken for one of now.
    _ = state.advance(.delivered(step: 0, round: 0), at: 9_001 * Self.second)
    #expect(state.phase == .delivering)
  }

  @Test func `an acknowledgement that expires begins again at the first step`() throws {
    var state = try started(repeats: 1)
    #expect(state.advance(.acknowledgementExpired, at: 1) == [])
    _ = state.advance(.clock, at: 300 * Self.second)
    _ = state.advance(.acknowledged, at: 310 * Self.second)
    #expect(
      state.advance(.acknowledgementExpired, at: 4_000 * Self.second)
        == [first(.acknowledgementExpired, round: 1)])
    #expect(state.acknowledgedAt == nil && state.lastRound == 2)
  }

  @Test func `an end before the start tells nobody, then or later`() throws {
    var state = EscalationState(policy: try policy())
    #expect(state.advance(.ended(.withdrawn), at: 5) == [])
    #expect(state.advance(.started, at: 6) == [])
    #expect(state.nextDeadline == nil)
  }

  @Test(arguments: [0, 1, 3])
  func `all steps are told once and once more a repetition, then it stops`(repeats: Int) throws {
    var state = try started(repeats: repeats)
    var told = [state.step]
    var actions: [EscalationAction] = []
    while let deadline = state.nextDeadline {
      actions = state.advance(.clock, at: deadline)
      if case .notify(_, let step, let round, _) = actions.first {
        told.append(step)
        #expect(round == (told.count - 1) / 2)
      }
    }
    #expect(actions == [.stop(.exhausted)])
    #expect(told == Array(repeating: [0, 1], count: repeats + 1).flatMap { $0 })
    // Somebody may take it on even then.
    #expect(state.advance(.acknowledged, at: 1 << 50) == [.stop(.acknowledged)])
  }

  @Test func `a clock that comes very late skips no step`() throws {
    var state = try started()
    let late = 100_000 * Self.second
    #expect(state.advance(.clock, at: late) == [second(.deliveryLate)])
    #expect(state.advance(.clock, at: late) == [])
    #expect(state.nextDeadline == late + 60 * Self.second)
  }

  @Test func `random events never wake anybody after a stop, and every open state has a clock`()
    throws
  {
    var random = SeededGenerator(seed: 0x6573_6361)
    for _ in 0..<200 {
      var state = EscalationState(policy: try policy(repeats: 2))
      var now: Int64 = 0
      var notifiedInRun = 0
      for _ in 0..<60 {
        now += Int64.random(in: 0...400, using: &random) * Self.second
        let events: [EscalationEvent] = [
          .started, .delivered(step: state.step, round: state.round), .clock, .clock, .clock,
          .deliveryFailed(step: state.step, round: state.round), .acknowledged,
          .delivered(step: 0, round: 0), .acknowledgementExpired, .ended(.resolved), .reopened,
        ]
        let event = events.randomElement(using: &random) ?? .clock
        let before = state
        let actions = state.advance(event, at: now)
        #expect(actions.count <= 1)
        switch event {
        case .started, .reopened, .acknowledgementExpired:
          if !actions.isEmpty { notifiedInRun = 0 }
        default: break
        }
        if case .notify(_, let step, _, _) = actions.first {
          notifiedInRun += 1
          #expect(step == state.step && notifiedInRun <= 6)
          if before.phase == .acknowledged { #expect(event == .acknowledgementExpired) }
          if before.phase == .ended { #expect(event == .reopened) }
        } else {
          #expect(state.step == before.step && state.round == before.round)
        }
        let isRunning = state.phase == .delivering || state.phase == .awaitingAcknowledgement
        #expect((state.nextDeadline != nil) == isRunning)
        // What was stored goes on as what was not.
        #expect(restored(state, policy: state.policy) == state)
      }
    }
  }

  private func restored(_ state: EscalationState, policy: EscalationPolicy) -> EscalationState {
    EscalationState(
      policy: policy, phase: state.phase, step: state.step, round: state.round,
      lastRound: state.lastRound, startedAt: state.startedAt, stepStartedAt: state.stepStartedAt,
      deliveredAt: state.deliveredAt, acknowledgedAt: state.acknowledgedAt, endedAt: state.endedAt,
      ended: state.ended, deliveryWasLate: state.deliveryWasLate,
      acknowledgementWasLate: state.acknowledgementWasLate)
  }

  @Test func `one time is both the software's and people's`() {
    let step = EscalationStep(receivers: ["a"], deadlineSeconds: 300)
    #expect(step.deliverySLOSeconds == 300 && step.acknowledgeDeadlineSeconds == 300)
  }

  @Test func `a policy that has become shorter goes on with its last step`() throws {
    var state = try started()
    _ = state.advance(.clock, at: 300 * Self.second)
    let short = try EscalationPolicy(name: "short", steps: [policy().steps[0]])
    var shortened = restored(state, policy: short)
    #expect(shortened.step == 0)
    #expect(shortened.advance(.clock, at: 600 * Self.second) == [.stop(.exhausted)])
  }

  @Test func `a policy that could not work is refused with the place`() throws {
    func step(_ receivers: [String] = ["a"], _ slo: Int64 = 1, _ deadline: Int64 = 1)
      -> EscalationStep
    {
      EscalationStep(
        receivers: receivers, deliverySLOSeconds: slo, acknowledgeDeadlineSeconds: deadline)
    }
    let cases: [(String, [EscalationStep], Int, String)] = [
      ("", [step()], 0, "no name"), ("p", [], 0, "policy 'p' has 0 steps"),
      ("p", [step()], -1, "repeated -1 times"), ("p", [step()], 101, "repeated 101 times"),
      ("p", [step(), step([])], 0, "step 1 of policy 'p' has no receivers"),
      ("p", [step(["a", "a"])], 0, "names a receiver twice"),
      ("p", [step(["a"], 0)], 0, "deadline"), ("p", [step(["a"], 1, 2_592_001)], 0, "deadline"),
      ("p", Array(repeating: step(), count: 21), 0, "has 21 steps"),
    ]
    for (name, steps, repeats, words) in cases {
      let error = #expect(throws: AlertingError.self) {
        try EscalationPolicy(name: name, steps: steps, repeats: repeats)
      }
      #expect(error?.code == .badEscalation)
      #expect(error?.detail.contains(words) == true, "\(error?.detail ?? "")")
    }
  }
}
