import Testing

@testable import Alerting

@Suite("Alarm budgets")
struct AlarmBudgetTests {
  private static let second: Int64 = 1_000_000

  private func candidate(
    _ id: String, _ severity: NoticeSeverity = .warning, rank: Int = 0, isPage: Bool = false
  ) -> BudgetCandidate {
    BudgetCandidate(id: id, severity: severity, isPage: isPage, rank: rank)
  }

  @Test func `the worst are sent, the rest goes into the digest`() throws {
    let budget = try AlarmBudget(limit: 3, windowSeconds: 60)
    let decision = budget.admit(
      [
        candidate("d", .info), candidate("c", rank: 2), candidate("b", rank: 1),
        candidate("a", rank: 2, isPage: true), candidate("e", .critical, rank: 9),
      ], sent: [], at: 0)
    #expect(decision.admitted.map(\.id) == ["e", "b", "a"])
    #expect(decision.overflow.map(\.id) == ["c", "d"])
    #expect(decision.overflowingPages == [])
  }

  @Test func `a page that has to wait is named`() throws {
    let budget = try AlarmBudget(limit: 1, windowSeconds: 60)
    let page = candidate("b", isPage: true)
    let decision = budget.admit([page, candidate("a")], sent: [], at: 0)
    #expect(decision.overflowingPages == [page])
  }

  @Test func `a place is free again a window after it was taken, to the microsecond`() throws {
    var ledger = BudgetLedger(budget: try AlarmBudget(limit: 1, windowSeconds: 60))
    #expect(ledger.admit([candidate("a")], at: 0).admitted.count == 1)
    #expect(ledger.remaining(at: 60 * Self.second - 1) == 0)
    #expect(ledger.admit([candidate("b")], at: 60 * Self.second - 1).overflow.count == 1)
    #expect(ledger.remaining(at: 60 * Self.second) == 1)
    #expect(ledger.admit([candidate("b")], at: 60 * Self.second).admitted.count == 1)
  }

  @Test func `the reserve is for what is critical`() throws {
    var ledger = BudgetLedger(
      budget: try AlarmBudget(limit: 5, windowSeconds: 60, criticalReserve: 2))
    #expect(ledger.remaining(at: 0) == 5)
    #expect(ledger.remaining(at: 0, for: .warning) == 3)
    let many = (0..<5).map { candidate("\($0)") }
    #expect(ledger.admit(many, at: 0).admitted.count == 3)
    #expect(ledger.admit(many, at: 1).admitted.count == 0)
    #expect(ledger.admit([candidate("c", .critical)], at: 2).admitted.count == 1)
    #expect(ledger.remaining(at: 3) == 1)
    #expect(ledger.remaining(at: 3, for: .info) == 0)
  }

  @Test func `critical ones use the other places too, and then the reserve is no larger`() throws {
    let budget = try AlarmBudget(limit: 3, windowSeconds: 60, criticalReserve: 1)
    let decision = budget.admit(
      [candidate("a", .critical), candidate("b", .critical), candidate("c")], sent: [], at: 0)
    #expect(decision.admitted.map(\.id) == ["a", "b"])
  }

  @Test func `what another clock entered for later counts in every window that holds both`() throws
  {
    let budget = try AlarmBudget(limit: 2, windowSeconds: 60)
    let later = [30 * Self.second, 59 * Self.second]
    #expect(BudgetLedger(budget: budget, sent: later).remaining(at: 0) == 0)
    #expect(BudgetLedger(budget: budget, sent: later).remaining(at: -Self.second) == 1)
    #expect(BudgetLedger(budget: budget, sent: [60 * Self.second]).remaining(at: 0) == 2)
    // One before and one after that no window holds together.
    #expect(
      BudgetLedger(budget: budget, sent: [-31 * Self.second, 30 * Self.second]).remaining(at: 0)
        == 1)
  }

  @Test func `what is forgotten changes no answer`() throws {
    var ledger = BudgetLedger(
      budget: try AlarmBudget(limit: 4, windowSeconds: 10),
      sent: [0, 5, 10, 12].map { $0 * Self.second })
    let before = (15..<30).map { ledger.remaining(at: Int64($0) * Self.second) }
    ledger.forget(before: 15 * Self.second)
    #expect(ledger.sent.count == 2)
    #expect(before == (15..<30).map { ledger.remaining(at: Int64($0) * Self.second) })
  }

  @Test func `numbers that contradict each other are refused`() {
    for (limit, window, reserve) in [
      (0, 1, 0), (1, 0, 0), (1, 1, 2), (1, 1, -1), (1, 31_622_401, 0),
    ] {
      let error = #expect(throws: AlertingError.self) {
        try AlarmBudget(limit: limit, windowSeconds: Int64(window), criticalReserve: reserve)
      }
      #expect(error?.code == .badBudget)
    }
  }

  /// What was sent at which time, and whether it was critical.
  private struct Send {
    let at: Int64
    let isCritical: Bool
  }

  @Test func `random streams never exceed the limit in any window, and lose nothing`() throws {
    var random = SeededGenerator(seed: 0x6275_6467)
    for _ in 0..<25 {
      let limit = Int.random(in: 1...12, using: &random)
      let reserve = Int.random(in: 0...limit, using: &random)
      let window = Int64.random(in: 1...50, using: &random)
      var ledger = BudgetLedger(
        budget: try AlarmBudget(limit: limit, windowSeconds: window, criticalReserve: reserve))
      var sends: [Send] = []
      var now: Int64 = 0
      for number in 0..<60 {
        // Mostly forwards; now and then a machine whose clock is behind.
        now += Int64.random(in: -2...8, using: &random) * Self.second / 2
        let candidates = (0..<Int.random(in: 0...5, using: &random)).map { place in
          candidate(
            "\(number)-\(place)", NoticeSeverity.allCases.randomElement(using: &random) ?? .info,
            rank: Int.random(in: 0...2, using: &random))
        }
        let shuffled = candidates.shuffled(using: &random)
        let free = ledger.remaining(at: now)
        #expect(
          ledger.budget.admit(shuffled, sent: ledger.sent.shuffled(), at: now)
            == ledger.budget.admit(candidates, sent: ledger.sent, at: now))
        let decision = ledger.admit(candidates, at: now)
        #expect(Set(decision.admitted + decision.overflow) == Set(candidates))
        #expect(decision.admitted.count + decision.overflow.count == candidates.count)
        // Nothing critical waits while there is room.
        let waits = decision.overflow.contains { $0.severity == .critical }
        #expect(!waits || decision.admitted.count == free)
        sends += decision.admitted.map { Send(at: now, isCritical: $0.severity == .critical) }
        let held = Self.fullest(sends, window * Self.second, around: now)
        if decision.admitted.contains(where: { $0.severity != .critical }) {
          #expect(held <= limit - reserve)
        }
      }
      #expect(ledger.sent == sends.map(\.at).sorted())
      for send in sends {
        #expect(Self.fullest(sends, window * Self.second, around: send.at) <= limit)
      }
    }
  }

  /// The most that a window holds which begins at one of the sends and holds the moment.
  private static func fullest(_ sends: [Send], _ window: Int64, around now: Int64) -> Int {
    sends.filter { $0.at <= now && $0.at + window > now }.map { first in
      sends.filter { $0.at >= first.at && $0.at < first.at + window }.count
    }.max() ?? 0
  }
}
