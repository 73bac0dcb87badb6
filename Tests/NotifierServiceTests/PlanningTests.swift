import Alerting
import AnomalyContract
import DeliveryContract
import JSON
import Locking
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@testable import NotifierService

@Suite(
  "Groups, silences, budgets and escalations in the database",
  .enabled(if: TestDatabase.isAvailable))
struct PlanningTests {
  static let second: Int64 = 1_000_000

  /// A configuration with one root, and receivers that nobody answers behind.
  func routes(
    _ root: Route, _ receivers: Receiver...,
    change: (inout AlertingConfiguration) throws -> Void =
      { _ in }
  ) throws -> Routes {
    let known = Dictionary(uniqueKeysWithValues: receivers.map { ($0.name, $0) })
    var alerting = AlertingConfiguration(receivers: known.mapValues(\.rules))
    try change(&alerting)
    alerting.tree = try RouteTree(
      root: root,
      names: RouteNames(
        receivers: Set(known.keys).union(alerting.people.keys),
        schedules: Set(alerting.schedules.keys), escalations: Set(alerting.escalations.keys),
        digests: Set(alerting.digests.keys)))
    return Routes(receivers: known, alerting: alerting)
  }

  func mail(_ name: String, scope: IncidentScope = .group) -> Receiver {
    let mail = Receiver.mail(name, port: 9)
    var rules = mail.rules
    rules.incidentScope = scope
    return Receiver(name: name, rules: rules, way: mail.way)
  }

  func account(_ bench: Bench) async throws -> [String: UInt64] {
    let response = try await bench.core.calls.getAccount(
      GetAccountRequest(), context: .fixture())
    let counts = Dictionary(
      uniqueKeysWithValues: response.dispositions.map { ($0.disposition, $0.count) })
    #expect(response.raised == counts.values.reduce(0, +))
    return counts.filter { $0.value > 0 }
  }

  /// Submits an anomaly that was found just now, so that its group waits.
  func raise(
    _ bench: Bench, _ number: UInt8, _ revision: UInt32 = 1, kind: AnomalyChangeKind = .opened,
    _ change: (inout Anomaly) -> Void = { _ in }
  ) async throws {
    let now = bench.now.withLock { $0 }
    try await bench.submit(revision, kind: kind, anomaly: number) { anomaly in
      anomaly.detectedUnixUs = now
      change(&anomaly)
    }
  }

  func pass(_ bench: Bench, seconds: Int64) async throws {
    bench.now.withLock { $0 += seconds * Self.second }
    try await bench.decide()
    try await bench.plan()
  }

  @Test func `what comes within the wait of a group is one message`() async throws {
    let routes = try routes(
      Route(receiver: "owner", grouping: .labels(["customer"])), mail("owner"))
    try await Bench.with(routes) { bench in
      for number in 1...3 { try await raise(bench, UInt8(number)) }
      #expect(try await bench.deliveries().isEmpty)
      #expect(try await account(bench) == ["pending": 3])
      try await pass(bench, seconds: 30)
      let log = try await bench.deliveries()
      #expect(log.map(\.notificationReason) == ["first"])
      #expect(log.first?.anomalyIds.count == 3)
      try await raise(bench, 4)
      try await pass(bench, seconds: 299)
      #expect(try await bench.deliveries().count == 1)
      try await pass(bench, seconds: 1)
      #expect(try await bench.deliveries().map(\.notificationReason) == ["first", "new_in_group"])
    }
  }

  @Test func `a silence hides with its name, and when it ends early the anomaly is told`()
    async throws
  {
    let routes = try routes(
      Route(receiver: "owner", grouping: .labels(["customer"]), groupWaitSeconds: 0),
      mail("owner"))
    try await Bench.with(routes) { bench in
      let id = try await silence(bench, ["customer=\"c-81\""], hours: 2)
      try await raise(bench, 1)
      try await pass(bench, seconds: 0)
      let line = try #require(try await bench.deliveries().last)
      #expect(line.disposition == "silenced" && line.state == .skipped)
      #expect(line.reason == WireUUID(bytes: id)?.text)
      #expect(try await account(bench) == ["silenced": 1])
      var expire = ExpireSilenceRequest()
      expire.silenceID = id
      let expired = try await bench.core.calls.expireSilence(expire, context: .fixture())
      #expect(expired.silence?.state == "expired")
      try await pass(bench, seconds: 1)
      #expect(try await bench.deliveries().last?.state == .queued)
      #expect(try await account(bench) == ["pending": 1])
    }
  }

  func silence(_ bench: Bench, _ matchers: [String], hours: Int64) async throws -> [UInt8] {
    var set = MatcherSet()
    set.matchers = matchers
    var request = CreateSilenceRequest()
    var silence = DeliveryContract.Silence()
    silence.sets = [set]
    silence.createdBy = "ada"
    silence.comment = "a migration that they told us of"
    silence.endsUnixUs = bench.now.withLock { $0 } + hours * 3_600 * Self.second
    request.silence = silence
    let made = try await bench.core.calls.createSilence(request, context: .fixture())
    return try #require(made.silence).id
  }

  @Test func `whoever set a silence is reminded an hour before it ends`() async throws {
    let ada = try Person(name: "ada", email: "ada@example.org", channels: ["owner"])
    let routes = try routes(Route(receiver: "owner"), mail("owner")) {
      $0.directory = try Directory([ada])
    }
    try await Bench.with(routes) { bench in
      _ = try await silence(bench, ["customer=\"c-81\""], hours: 3)
      try await pass(bench, seconds: 2 * 3_600 - 1)
      #expect(try await bench.deliveries().isEmpty)
      try await pass(bench, seconds: 2)
      let log = try await bench.deliveries()
      #expect(log.map(\.notificationReason) == ["reminder"])
      #expect(log.first?.person == "ada")
      try await pass(bench, seconds: 60)
      #expect(try await bench.deliveries().count == 1)
    }
  }

  @Test func `a silence that covers nothing for a week ends by itself`() async throws {
    try await Bench.with(.to(mail("owner"))) { bench in
      let id = try await silence(bench, ["customer=\"c-82\""], hours: 24 * 20)
      try await pass(bench, seconds: 7 * 86_400 - 5)
      var list = ListSilencesRequest()
      list.withExpired = true
      let before = try await bench.core.calls.listSilences(list, context: .fixture())
      #expect(before.silences.map(\.state) == ["active"] && before.silences.first?.id == id)
      try await pass(bench, seconds: 10)
      let after = try await bench.core.calls.listSilences(list, context: .fixture())
      #expect(after.silences.map(\.state) == ["expired"])
    }
  }

  @Test(
    arguments: [
      ([], "at least one matcher"), (["customer=~\".*\""], "empty string"),
    ] as [([String], String)])
  func `a silence that would hide everything is refused`(matchers: [String], word: String)
    async throws
  {
    try await Bench.with(.to(mail("owner"))) { bench in
      do {
        _ = try await silence(bench, matchers, hours: 1)
        Issue.record("not refused")
      } catch let error as RPCError {
        #expect(error.code == .invalidArgument, "\(error)")
      }
    }
  }

  @Test func `what finds no place in the budget waits for the digest, the worst do not`()
    async throws
  {
    let digest = Digest(
      name: "daily", receiver: "owner",
      schedule: try DigestSchedule(.daily, atMinute: 480, zone: .utc))
    let routes = try routes(
      Route(receiver: "pager", grouping: .labels(["customer"]), groupWaitSeconds: 0),
      mail("pager", scope: .anomaly), mail("owner")
    ) { alerting in
      alerting.digests = ["daily": digest]
      alerting.budgets = [
        "pager": ReceiverBudget(
          budget: try AlarmBudget(limit: 3, windowSeconds: 86_400, criticalReserve: 1),
          digest: "daily")
      ]
    }
    try await Bench.with(routes) { bench in
      for number in 1...5 {
        let now = bench.now.withLock { $0 }
        var request = SubmitRequest()
        request.change = .fixture(anomaly: UInt8(number)) { anomaly in
          anomaly.severity = number == 5 ? .critical : .warning
          anomaly.actualValue = 20_000 - Double(number) * 1_000
          anomaly.detectedUnixUs = now
        }
        _ = try await bench.core.calls.submit(request, context: .fixture())
      }
      try await bench.plan()
      let sent = try await bench.deliveries().filter { $0.state == .queued }
      #expect(Set(sent.map(\.anomalyID.first)) == [5, 4])
      #expect(try await account(bench) == ["pending": 2, "digested": 3])
      var request = SendDigestRequest()
      request.digest = "daily"
      let told = try await bench.core.calls.sendDigest(request, context: .fixture())
      #expect(told.anomalies == 3)
      let line = try #require(try await bench.deliveries().last)
      #expect(line.notificationReason == "digest" && line.receiver == "owner")
      #expect(line.anomalyIds.map(\.first) == [3, 2, 1])
      #expect(try await bench.core.calls.sendDigest(request, context: .fixture()).anomalies == 0)
    }
  }

  @Test func `who does not answer in time is passed over, until somebody does`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    let first = try Receiver.pager("first", port: pager.program.port)
    let second = try Receiver.pager("second", port: pager.program.port)
    let policy = try EscalationPolicy(
      name: "on-call",
      steps: ["first", "second"].map {
        EscalationStep(
          receivers: [$0], deliverySLOSeconds: 300, acknowledgeDeadlineSeconds: 600)
      })
    let routes = try routes(
      Route(receiver: "first", groupWaitSeconds: 0, escalation: "on-call"), first, second
    ) { $0.escalations = ["on-call": policy] }
    try await Bench.with(routes) { bench in
      try await raise(bench, 1)
      try await bench.work()
      #expect(try await bench.deliveries().map(\.receiver) == ["first"])
      try await pass(bench, seconds: 599)
      #expect(try await bench.deliveries().count == 1)
      try await pass(bench, seconds: 2)
      try await bench.work()
      let log = try await bench.deliveries()
      #expect(log.map(\.receiver) == ["first", "second"])
      #expect(log.last?.notificationReason == "escalation")
      try await raise(bench, 1, 2, kind: .changed) { $0.state = .acknowledged }
      try await pass(bench, seconds: 300)
      try await bench.work()
      let effects = try pager.events().map { $0.event["event_action"]?.stringValue }
      #expect(effects == ["trigger", "trigger", "acknowledge", "acknowledge"])
      try await pass(bench, seconds: 86_400)
      #expect(try await bench.deliveries().count == 4)
    }
  }
}
