import SeriesModel
import Testing

@testable import Alerting

/// The notifier without a store against the reference model, on configurations and changes that
/// are drawn from seeds.
@Suite("Notifications beside a reference model")
struct NotificationPropertyTests {
  /// The product, the model, and what both have said so far.
  private struct Run {
    let seed: UInt64
    let scenario: ReferenceScenario
    var simulation: NotificationSimulation
    let model: ReferenceNotifier
    var told: [SimulatedNotification] = []
    var expected: [ReferenceNotifier.Told] = []
    /// How bad each anomaly was when each message went out, its most important one first.
    var severities: [NoticeSeverity] = []
    /// When each group could speak first, by its id.
    var earliest: [String: Int64] = [:]

    /// Where the accounts of both differed.
    var faults: [String] = []
    /// How often each standing was seen.
    var seen: [Disposition: Int] = [:]

    init(seed: UInt64, changes: Int) throws {
      self.seed = seed
      scenario = ReferenceScenario(seed: seed, changes: changes)
      let settings = scenario.settings
      simulation = NotificationSimulation(
        configuration: try settings.configuration(), silences: try settings.productSilences())
      model = ReferenceNotifier(settings)
    }

    mutating func run(to moment: Int64) {
      let new = simulation.advance(to: moment)
      severities += new.map { note in
        note.items.first.flatMap { model.notices[$0]?.severity } ?? .info
      }
      told += new
      expected += model.run(to: moment)
    }

    mutating func take(_ step: ReferenceScenario.Step, twice: Bool) {
      run(to: step.at)
      simulation.receive(step.notice, at: step.at)
      if twice { simulation.receive(step.notice, at: step.at) }
      if let until = step.snoozeUntil {
        simulation.snoozedUntil[step.notice.anomaly] = until
        model.snoozes[step.notice.anomaly] = until
      }
      model.receive(step.notice, at: step.at)
      for target in model.targets(step.notice) where !step.notice.kind.isEnd {
        let id = model.id(target, step.notice)
        let due = step.notice.detectedUnixMicroseconds + target.hit.wait * 1_000_000
        earliest[id] = min(earliest[id] ?? due, due)
      }
    }

    /// Compares what became of everything; which of several things hides an anomaly depends on when
    /// one looks.
    mutating func compareAccounts(_ moment: String) {
      var left = model.account
      for (key, standing) in simulation.standings {
        seen[standing.disposition, default: 0] += 1
        let expected = left[key.anomaly]?.removeValue(forKey: key.group)
        guard let expected, Self.plain(expected) == Self.plain(standing.disposition) else {
          faults.append(
            "\(moment): \(key.anomaly.low) in \(key.group) is \(standing), "
              + "not \(expected.map(\.name) ?? "raised")")
          continue
        }
      }
      for (anomaly, rest) in left where !rest.isEmpty {
        faults.append("\(moment): \(anomaly.low) has no standing for \(rest)")
      }
    }

    private static func plain(_ disposition: Disposition) -> Disposition {
      switch disposition {
      case .silenced, .inhibited, .muted, .snoozed: .held
      default: disposition
      }
    }
  }

  private static func plain(_ note: SimulatedNotification) -> ReferenceNotifier.Told {
    ReferenceNotifier.Told(
      at: note.at, receiver: note.place.receiver, person: note.place.person,
      group: note.groupKey, action: note.action.rawValue, reason: note.reason.rawValue,
      items: note.items)
  }

  private static let seeds: ClosedRange<UInt64> = 1...100

  /// Every seed, gone through once for all tests of the suite; nothing changes it afterwards.
  private nonisolated(unsafe) static let runs = Result { try seeds.map { try finished($0) } }

  private static func finished(_ seed: UInt64) throws -> Run {
    var run = try Run(seed: seed, changes: 60)
    for (number, step) in run.scenario.steps.enumerated() {
      run.take(step, twice: number.isMultiple(of: 3))
      if number.isMultiple(of: 8) { run.compareAccounts("change \(number)") }
    }
    run.run(to: try #require(run.scenario.steps.last).at + 3 * 86_400_000_000)
    run.compareAccounts("the end")
    return run
  }

  @Test func `100 seeds tell what the model tells`() throws {
    var reasons: [NotificationReason: Int] = [:]
    for run in try Self.runs.get() {
      #expect(run.simulation.nextMoment == nil, "seed \(run.seed) never comes to rest")
      let told = run.told.map(Self.plain)
      for note in run.told { reasons[note.reason, default: 0] += 1 }
      #expect(
        run.simulation.digests.mapValues { Set($0) } == run.model.digests, "seed \(run.seed)")
      if told == run.expected { continue }
      let place = zip(told, run.expected).prefix { $0 == $1 }.count
      let ours = told.dropFirst(place).first.map { "\($0)" } ?? "nothing"
      let theirs = run.expected.dropFirst(place).first.map { "\($0)" } ?? "nothing"
      Issue.record("seed \(run.seed): message \(place) is\n\(ours)\nand the model's\n\(theirs)")
    }
    // Each branch of the rules was gone through, or nothing would be shown.
    let elsewhere: Set<NotificationReason> = [.test, .digest, .reminder]
    for reason in NotificationReason.allCases where !elsewhere.contains(reason) {
      #expect(reasons[reason, default: 0] >= 20, "\(reason): \(reasons)")
    }
  }

  @Test func `whatever was raised has one standing at any moment, and none is pending at last`()
    throws
  {
    var seen: [Disposition: Int] = [:]
    for run in try Self.runs.get() {
      #expect(run.faults.isEmpty, "seed \(run.seed): \(run.faults.prefix(3))")
      let last = run.simulation.standings.values.filter { $0.disposition == .pending }
      #expect(last.isEmpty, "seed \(run.seed)")
      seen.merge(run.seen) { $0 + $1 }
    }
    for disposition in Disposition.allCases where disposition != .undeliverable {
      #expect(seen[disposition, default: 0] >= 20, "\(disposition): \(seen)")
    }
  }

  @Test func `no window holds more than its budget, nor the reserve what is not critical`() throws {
    var tightest = 0
    for run in try Self.runs.get() {
      for (receiver, limits) in run.simulation.configuration.budgets {
        let sent = zip(run.told, run.severities).filter { note, _ in
          note.place.receiver == receiver && note.action == .trigger
            && note.reason != .someResolved
        }
        for (number, last) in sent.enumerated() {
          let start = last.0.at - limits.budget.windowSeconds * 1_000_000
          let window = sent.prefix(number + 1).filter { $0.0.at > start }
          #expect(window.count <= limits.budget.limit, "seed \(run.seed), \(receiver)")
          if window.count == limits.budget.limit { tightest += 1 }
          if last.1 == .critical { continue }
          // What is critical and of the same moment comes first, wherever it stands in the list.
          let all =
            window.count
            + sent.dropFirst(number + 1).filter {
              $0.0.at == last.0.at && $0.1 == .critical
            }.count
          let open = limits.budget.limit - limits.budget.criticalReserve
          #expect(all <= open, "seed \(run.seed), \(receiver)")
        }
      }
    }
    #expect(tightest > 50)
  }

  @Test func `nothing is told before its group has waited, unless it is late`() throws {
    var looked = 0
    for run in try Self.runs.get() {
      for note in run.told where note.reason == .first {
        let id = "\(note.place.receiver)\u{0}\(note.place.person ?? "")\u{0}\(note.groupKey)"
        guard let earliest = run.earliest[id] else { continue }
        #expect(note.at >= earliest, "seed \(run.seed): \(note)")
        looked += 1
      }
    }
    #expect(looked > 500)
  }

  @Test func `whatever was opened at a receiver that wants ends is closed there`() throws {
    var closed = 0
    for run in try Self.runs.get() {
      var open: Set<[String]> = []
      for note in run.told {
        let rules = run.simulation.configuration.rules(of: note.place)
        guard rules.wantsResolved, let first = note.items.first else { continue }
        let who = [note.place.receiver, note.place.person ?? ""]
        let customer = run.model.notices[first]?.customer.externalID ?? ""
        let thread =
          switch rules.incidentScope {
          case .anomaly: who + [first.text]
          case .customer: who + [note.groupKey, customer]
          case .group: who + [note.groupKey]
          }
        switch note.action {
        case .trigger: open.insert(thread)
        case .acknowledge: #expect(open.contains(thread), "seed \(run.seed): \(note)")
        case .resolve:
          // Two routes to one receiver are two groups, as with Alertmanager: both tell the end.
          #expect(
            open.remove(thread) != nil || rules.incidentScope == .anomaly,
            "seed \(run.seed): \(note)")
          closed += 1
        }
      }
      #expect(open.isEmpty, "seed \(run.seed): \(open)")
    }
    #expect(closed > 500)
  }
}
