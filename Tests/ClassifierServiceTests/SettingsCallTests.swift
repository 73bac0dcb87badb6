import AnomalyContract
import Baselines
import EvidenceContract
import RPC
import SeriesContract
import TestSupport
import Testing

@testable import ClassifierService

@Suite(
  "Settings by calls", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct SettingsCallTests {
  private func scale(_ text: String, _ scale: Double) -> EvidenceContract.SensitivityRule {
    var rule = EvidenceContract.SensitivityRule()
    rule.scope = text
    rule.scale = scale
    return rule
  }

  private func rule(_ name: String, _ threshold: Double, scope: String = "")
    -> EvidenceContract.StaticRule
  {
    var rule = EvidenceContract.StaticRule(
      Baselines.StaticRule(name: name, metric: "calls", comparison: .below, threshold: threshold))
    rule.scope = scope
    return rule
  }

  private func put(
    _ sensitivity: [EvidenceContract.SensitivityRule] = [],
    _ rules: [EvidenceContract.StaticRule] = [], by actor: String = "Ada"
  ) -> PutSettingsRequest {
    var request = PutSettingsRequest()
    request.sensitivity = sensitivity
    request.rules = rules
    request.actorName = actor
    return request
  }

  /// What is listed, a line each.
  private func listed(
    _ house: House, past: Bool = false, pageSize: Int32 = 0
  ) async throws -> [String] {
    var request = ListSettingsRequest()
    request.includePast = past
    var lines: [String] = []
    repeat {
      var page = Page()
      page.pageSize = pageSize
      page.pageToken = request.page?.pageToken ?? ""
      request.page = page
      let answer = try await house.client.listSettings(request)
      for setting in answer.settings {
        let what =
          setting.sensitivity.map { "\($0.scope)=\($0.scale)" }
          ?? setting.rule.map { "\($0.name)/\($0.scope)<\($0.threshold)" } ?? ""
        let end = setting.endedUnixUs == 0 ? "" : " ended by \(setting.endedBy)"
        lines.append("\(what) \(setting.sequence) \(setting.setBy)\(end)")
      }
      page.pageToken = answer.nextPageToken
      request.page = page
    } while request.page?.pageToken.isEmpty == false
    return lines
  }

  @Test("what is set is listed with who and when, handed over, changed and removed")
  func walk() async throws {
    try await Laboratory.with { laboratory in
      let baseline = FakeBaseline()
      try await House.with(laboratory, baseline: baseline) { house in
        let first = try await house.client.putSettings(
          put([scale("customer:c-1", 2), scale("", 1.5)], [rule("low", 10)]))
        #expect(first.created == 3 && first.changed == 0 && first.sequence == 1 && first.taken)
        let again = try await house.client.putSettings(put([scale("", 1.5)], by: "Bob"))
        #expect(again.created == 0 && again.changed == 0 && again.sequence == 1 && again.taken)
        laboratory.clock.advance(seconds: 60)
        let changed = try await house.client.putSettings(
          put([scale("", 3)], [rule("low", 10, scope: "segment:large")], by: "Bob"))
        #expect(changed.created == 1 && changed.changed == 1 && changed.sequence == 2)
        var removal = RemoveSettingsRequest()
        removal.sensitivityScopes = ["customer:c-1", "customer:c-9"]
        var name = RuleName()
        name.name = "low"
        removal.rules = [name]
        removal.actorName = "Eve"
        let removed = try await house.client.removeSettings(removal)
        #expect(removed.removed == 2 && removed.sequence == 3 && removed.taken)

        #expect(
          try await listed(house) == ["=3.0 2 Bob", "low/segment:large<10.0 2 Bob"])
        let all = [
          "=1.5 1 Ada ended by Bob", "=3.0 2 Bob", "customer:c-1=2.0 1 Ada ended by Eve",
          "low/<10.0 1 Ada ended by Eve", "low/segment:large<10.0 2 Bob",
        ]
        #expect(try await listed(house, past: true) == all)
        #expect(try await listed(house, past: true, pageSize: 2) == all)
        let last = try #require(baseline.taken.last)
        #expect(last.sequence == 3)
        #expect(last.sensitivity.map(\.scale) == [3])
        #expect(last.rules.map(\.scope) == ["segment:large"])
        let setting = try await house.client.listSettings(ListSettingsRequest())
        #expect(setting.settings.first?.setUnixUs == 1_700_000_060_000_000)
        #expect(setting.sequence == 3 && setting.takenSequence == 3)
      }
    }
  }

  @Test("a baseline that is away gets what was set once it is back, also after a restart")
  func away() async throws {
    try await Laboratory.with { laboratory in
      let baseline = FakeBaseline()
      baseline.refuse(Array(repeating: RPCError(.aborted, "away"), count: 1_000))
      try await House.with(laboratory, baseline: baseline) { house in
        let answer = try await house.client.putSettings(put([scale("", 2)]))
        #expect(answer.sequence == 1 && !answer.taken)
        let list = try await house.client.listSettings(ListSettingsRequest())
        #expect(list.sequence == 1 && list.takenSequence == 0)
      }
      #expect(baseline.taken.isEmpty)
      let other = FakeBaseline()
      try await House.with(laboratory, baseline: other) { house in
        await other.wait(for: 1)
        #expect(other.taken.first?.sensitivity.map(\.scale) == [2])
        let answer = try await house.client.putSettings(put([scale("", 2)]))
        #expect(answer.changed == 0 && answer.taken)
      }
    }
  }

  @Test(
    "settings that were put back to an earlier day are judged by, under a number of their own",
    arguments: [8, 2])
  func restored(held: Int64) async throws {
    try await Laboratory.with { laboratory in
      try await House.with(laboratory, baseline: FakeBaseline()) { house in
        _ = try await house.client.putSettings(put([scale("", 2)]))
        _ = try await house.client.putSettings(put([scale("", 3)]))
      }
      // It knows what was set after the backup, or in another way since.
      let baseline = FakeBaseline()
      var later = TakeSettingsRequest()
      later.sequence = held
      later.sensitivity = [scale("", 0.5)]
      baseline.hold(later)
      try await House.with(laboratory, baseline: baseline) { house in
        await baseline.wait(for: held + 1)
        #expect(baseline.held.sensitivity.map(\.scale) == [3])
        let answer = try await house.client.putSettings(put([scale("", 4)]))
        #expect(answer.sequence == held + 2 && answer.taken)
        #expect(baseline.held.sensitivity.map(\.scale) == [4])
        let lines = try await listed(house, past: true)
        #expect(lines.count == 3 && lines.last == "=4.0 \(held + 2) Ada", "\(lines)")
      }
    }
  }

  @Test("a house that was put back to before anything was set takes all back at baseline")
  func restoredEmpty() async throws {
    try await Laboratory.with { laboratory in
      let baseline = FakeBaseline()
      var later = TakeSettingsRequest()
      later.sequence = 5
      later.sensitivity = [scale("", 0.5)]
      baseline.hold(later)
      try await House.with(laboratory, baseline: baseline) { _ in
        await baseline.wait(for: 6)
        #expect(baseline.held.sensitivity.isEmpty)
      }
    }
  }

  @Test("without the address of baseline nothing is set, and the setting that lacks is named")
  func nobodyToJudge() async throws {
    try await Laboratory.with { laboratory in
      try await House.with(laboratory) { house in
        let error = await #expect(throws: RPCError.self) {
          _ = try await house.client.putSettings(put([scale("", 2)]))
        }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("baseline-url") == true)
        let kept = try await listed(house)
        #expect(kept.isEmpty)
      }
    }
  }

  @Test("changes side by side have numbers in the order of their commits, and none is lost")
  func sideBySide() async throws {
    try await Laboratory.with { laboratory in
      let baseline = FakeBaseline()
      try await House.with(laboratory, baseline: baseline) { house in
        try await withThrowingDiscardingTaskGroup { group in
          for number in 1...8 {
            group.addTask {
              _ = try await house.client.putSettings(
                put([scale("customer:c-\(number)", Double(number)), scale("", Double(number))]))
            }
          }
        }
        let list = try await house.client.listSettings(ListSettingsRequest())
        #expect(list.sequence == 8 && list.takenSequence == 8)
        #expect(list.settings.count == 9)
        #expect(baseline.taken.first { $0.sequence == 8 }?.sensitivity.count == 9)
      }
    }
  }

  @Test("what breaks the contract is refused whole, by the name of the field")
  func faults() async throws {
    try await Laboratory.with { laboratory in
      try await House.with(laboratory, baseline: FakeBaseline()) { house in
        func field(_ request: PutSettingsRequest) async -> String {
          do {
            _ = try await house.client.putSettings(request)
            return "nothing"
          } catch {
            return error.message
          }
        }
        var mute = rule("quiet", 0)
        mute.comparison = .mute
        mute.companion = "noise"
        for (request, expected) in [
          (put([scale("", 1), scale("planet:x", 1)]), "sensitivity[1].scope"),
          (put([scale("", 0)]), "sensitivity[0].scale"),
          (put([scale("", .nan)]), "sensitivity[0].scale"),
          (put([scale("", 1), scale("", 2)]), "sensitivity[1].scope stands twice"),
          (put([], [rule("", 1)]), "rules[0].name"),
          (put([], [rule("low", -1)]), "rules[0].threshold"),
          (put([], [rule("low", 1), rule("low", 2)]), "rules[1].name stands twice"),
          (put([], [mute]), "rules[0].companion"),
          (put([scale("", 1)], by: ""), "actor_name"),
          (put((0...1_000).map { scale("customer:\($0)", 1) }), "sensitivity may hold 1000"),
        ] {
          let said = await field(request)
          #expect(said.contains(expected), "\(said)")
        }
        let kept = try await listed(house)
        #expect(kept.isEmpty)
        var page = ListSettingsRequest()
        page.page = Page()
        page.page?.pageToken = "x"
        await #expect(throws: RPCError.self) { _ = try await house.client.listSettings(page) }
      }
    }
  }

  @Test("more rules than judgement takes are refused, and none of the call is kept")
  func tooMany() async throws {
    try await Laboratory.with { laboratory in
      try await House.with(laboratory, baseline: FakeBaseline()) { house in
        _ = try await house.client.putSettings(
          put([], (0..<JudgementSettings.rulesMax).map { rule("r\($0)", 1) }))
        let error = await #expect(throws: RPCError.self) {
          _ = try await house.client.putSettings(put([scale("", 2)], [rule("more", 1)]))
        }
        #expect(error?.code == .resourceExhausted)
        #expect(try await listed(house).count == JudgementSettings.rulesMax)
      }
    }
  }
}
