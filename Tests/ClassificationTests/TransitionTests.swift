import Classification
import Testing

@Suite("What people do")
struct TransitionTests {
  @Test("a wish repeated changes nothing, from every state in which it was granted")
  func repeats() {
    for verb in TransitionVerb.allCases {
      for state in AnomalyState.allCases {
        let plan = transitionPlan(verb, state: state, isAcknowledged: false)
        guard case .move(let next, let acknowledged, _) = plan else { continue }
        let again = transitionPlan(verb, state: next, isAcknowledged: acknowledged)
        #expect(again == .unchanged, "\(verb) from \(state)")
      }
    }
  }

  @Test("nobody acts on what was withdrawn", arguments: TransitionVerb.allCases)
  func withdrawn(verb: TransitionVerb) {
    #expect(transitionPlan(verb, state: .withdrawn, isAcknowledged: false) == .conflict)
  }

  @Test("what is over cannot be taken on, and what is dismissed cannot be resolved")
  func conflicts() {
    #expect(transitionPlan(.acknowledge, state: .resolved, isAcknowledged: false) == .conflict)
    #expect(transitionPlan(.acknowledge, state: .dismissed, isAcknowledged: false) == .conflict)
    #expect(transitionPlan(.resolve, state: .dismissed, isAcknowledged: false) == .conflict)
  }

  @Test("people hear of an acknowledgement, a dismissal, an end and a new beginning")
  func kinds() {
    func kind(_ verb: TransitionVerb, _ state: AnomalyState) -> AnomalyChangeKind? {
      guard case .move(_, _, let kind) = transitionPlan(verb, state: state, isAcknowledged: false)
      else { return nil }
      return kind
    }
    #expect(kind(.dismiss, .open) == .dismissed)
    #expect(kind(.resolve, .recovering) == .resolved)
    #expect(kind(.reopen, .dismissed) == .reopened)
    #expect(kind(.acknowledge, .open) == .changed)
  }
}
