import Alerting
import AnomalyContract
import DeliveryContract
import JSON
import Locking
import Postgres
import RPC
import SeriesContract
import ServiceRuntime
import TestSupport
import Testing

@testable import NotifierService

@Suite("What becomes of a change", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct SubmissionTests {
  private func refusal(_ body: () async throws(RPCError) -> some Sendable) async -> RPCError? {
    do {
      _ = try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test func `without routes every change is logged as without route`() async throws {
    try await Bench.with(.none) { bench in
      #expect(try await bench.submit().receivers.isEmpty)
      let log = try await bench.deliveries()
      #expect(log.map(\.state) == [.withoutRoute])
      #expect(log.first?.reason == "no route leads to a receiver")
      #expect(try await bench.submit().alreadyKnown)
    }
  }

  @Test func `each receiver has its line in the log, with the reason for silence`() async throws {
    let routes = try Routes.to(
      .pager("pager", port: 9, minimum: .critical), .mail("owner", port: 9),
      Receiver(name: "nobody", rules: ReceiverRules(), way: nil))
    try await Bench.with(routes) { bench in
      let response = try await bench.submit { change in
        change.severity = .warning
        change.intent = .opportunity
      }
      #expect(response.receivers == ["pager", "owner"])
      let log = try await bench.deliveries()
      let lines = Dictionary(uniqueKeysWithValues: log.map { ($0.receiver, $0) })
      #expect(lines["pager"]?.state == .withoutRoute)
      #expect(lines["pager"]?.reason == "an opportunity never pages")
      #expect(lines[""]?.state == .withoutRoute)
      #expect(lines[""]?.reason == "receiver 'nobody' has no way to be reached")
      #expect(lines["owner"]?.state == .queued)
      #expect(lines["owner"]?.route == "{}/{}/1")
      #expect(lines["owner"]?.receiverKind == "email")
    }
  }

  @Test func `an end goes to whoever was told, wherever routes lead now`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    let receiver = try Receiver.pager(port: pager.program.port)
    let critical = Routes(
      receivers: [
        "pager": receiver, "nobody": Receiver(name: "nobody", rules: .init(), way: nil),
      ],
      tree: try RouteTree(
        root: Route(
          receiver: "nobody", groupWaitSeconds: 0, groupIntervalSeconds: 0.000_001,
          children: [
            Route(receiver: "pager", matchers: [try Matcher(parsing: "severity=critical")])
          ]), names: RouteNames(receivers: ["pager", "nobody"])))
    try await Bench.with(critical) { bench in
      try await bench.submit()
      try await bench.workToTheEnd()
      // It has become milder, so its route leads to nobody; whoever was woken hears of it.
      try await bench.submit(2, kind: .changed) { $0.severity = .info }
      try await bench.submit(3, kind: .dismissed) { $0.severity = .info }
      try await bench.workToTheEnd()
      #expect(try pager.events().map(\.effect) == ["opened", "updated", "resolved"])
      let told = try await bench.deliveries { $0.receiver = "pager" }
      #expect(
        told.map(\.route) == Array(repeating: "{}/{severity=\"critical\"}/0", count: 3))
      // An older change that comes late changes nothing.
      try await bench.submit(1, kind: .changed)
      #expect(try await bench.deliveries().last?.reason == "overtaken by a newer change")
    }
  }

  @Test func `every change has its line, though no message came of it`() async throws {
    try await Bench.with(.to(.mail("owner", port: 9))) { bench in
      // The second comes before the planner has looked at the first.
      for (revision, kind) in [(1, AnomalyChangeKind.opened), (2, .changed)] {
        var request = SubmitRequest()
        request.change = .fixture(UInt32(revision), kind: kind, anomaly: 1) { anomaly in
          anomaly.severity = revision == 1 ? .warning : .critical
        }
        _ = try await bench.core.calls.submit(request, context: .fixture())
      }
      try await bench.plan()
      try await bench.submit(3, kind: .changed) { $0.severity = .critical }
      try await bench.submit(4, kind: .resolved) { $0.severity = .critical }
      try await bench.submit(5, kind: .dismissed) { $0.severity = .critical }
      let log = try await bench.deliveries { $0.receiver = "owner" }
      let lines = Dictionary(grouping: log, by: \.revision)
      #expect(lines.mapValues(\.count) == [1: 1, 2: 1, 3: 1, 4: 1, 5: 1])
      #expect(lines[1]?.first?.reason == "overtaken by a newer change")
      #expect(lines[2]?.first?.action == "trigger")
      #expect(lines[3]?.first?.reason == "nothing new since it was told")
      #expect(lines[4]?.first?.action == "resolve")
      #expect(lines[5]?.first?.reason == "nothing was sent that could be resolved")
      // A look at a group without a change adds nothing.
      try await bench.decide()
      #expect(try await bench.deliveries { $0.receiver = "owner" }.count == log.count)
    }
  }

  @Test func `a receiver that was taken out of the settings ends as undeliverable`() async throws {
    try await TestDatabase.with { database in
      let before = try Bench(database, .to(.mail("old", port: 9)))
      try await before.core.migrate()
      try await before.submit()
      await before.core.close()
      let after = try Bench(database, .to(.mail("new", port: 9)))
      try await after.work()
      let log = try await after.deliveries { $0.receiver = "old" }
      #expect(log.map(\.state) == [.undeliverable])
      #expect(log.first?.reason.contains("not among the settings") == true)
      let retry = await refusal { () async throws(RPCError) in
        var request = RetryDeliveryRequest()
        request.deliveryID = log.first?.id ?? []
        return try await after.core.calls.retryDelivery(request, context: .fixture())
      }
      #expect(retry?.code == .failedPrecondition)
      await after.core.close()
    }
  }

  @Test func `what was given up can be tried again by hand`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    try await pager.answer([["status": 404]])
    try await Bench.with(.to(.pager(port: pager.program.port))) { bench in
      try await bench.submit()
      try await bench.workToTheEnd()
      let lost = try #require(try await bench.deliveries().first)
      #expect(lost.state == .undeliverable)
      var request = RetryDeliveryRequest()
      request.deliveryID = lost.id
      let again = try await bench.core.calls.retryDelivery(request, context: .fixture())
      #expect(again.delivery?.state == .queued)
      // A repeat of the wish is no second wish.
      _ = try await bench.core.calls.retryDelivery(request, context: .fixture())
      try await bench.workToTheEnd()
      #expect(try await bench.deliveries().map(\.state) == [.sent])
      #expect(try pager.events().count == 1)
      let late = await refusal { () async throws(RPCError) in
        try await bench.core.calls.retryDelivery(request, context: .fixture())
      }
      #expect(late?.code == .failedPrecondition)
      request.deliveryID = [UInt8](repeating: 9, count: 16)
      let unknown = await refusal { () async throws(RPCError) in
        try await bench.core.calls.retryDelivery(request, context: .fixture())
      }
      #expect(unknown?.code == .notFound)
    }
  }

  @Test func `the log is read in pages, newest first, and narrowed`() async throws {
    try await Bench.with(.to(.mail(port: 9))) { bench in
      for number in 1...7 { try await bench.submit(anomaly: UInt8(number)) }
      var request = ListDeliveriesRequest()
      var page = Page()
      page.pageSize = 3
      var seen: [UInt8] = []
      repeat {
        request.page = page
        let response = try await bench.core.calls.listDeliveries(request, context: .fixture())
        seen += response.deliveries.compactMap(\.anomalyID.first)
        page.pageToken = response.nextPageToken
      } while !page.pageToken.isEmpty
      #expect(seen == [7, 6, 5, 4, 3, 2, 1])
      let one = try await bench.deliveries { $0.anomalyID = [UInt8](repeating: 4, count: 16) }
      #expect(one.map(\.anomalyID.first) == [4])
      #expect(try await bench.deliveries { $0.states = [.sent] }.isEmpty)
      #expect(try await bench.deliveries { $0.receiver = "other" }.isEmpty)
      #expect(try await bench.deliveries { $0.states = [.queued, .sent] }.count == 7)
    }
  }

  @Test func `what is wrong with a call is named`() async throws {
    try await Bench.with(.none) { bench in
      let calls = bench.core.calls
      var cases: [(String, RPCError?)] = []
      func submit(_ field: String, _ change: (inout AnomalyChange) -> Void) async {
        var request = SubmitRequest()
        var wire = AnomalyChange.fixture()
        change(&wire)
        request.change = wire
        let wanted = request
        cases.append(
          (
            field,
            await refusal { () async throws(RPCError) in
              try await calls.submit(wanted, context: .fixture())
            }
          ))
      }
      await submit("change.anomaly") { $0.anomaly = nil }
      await submit("change.anomaly.id") { $0.anomaly?.id = [1, 2] }
      await submit("change.anomaly.customer") { $0.anomaly?.customer = nil }
      await submit("change.anomaly.metric.name") { $0.anomaly?.metric?.name = "Bad Name" }
      await submit("change.anomaly.severity") { $0.anomaly?.severity = .unspecified }
      await submit("change.anomaly.type") { $0.anomaly?.type = AnomalyType(rawValue: 77) }
      await submit("change.anomaly.baseline_value") { $0.anomaly?.baselineValue = .nan }
      await submit("change.kind") { $0.kind = .unspecified }
      for (field, error) in cases {
        #expect(error?.code == .invalidArgument, "\(field)")
        #expect(error?.details.first?.field == field)
      }
      var list = ListDeliveriesRequest()
      list.page = Page()
      list.page?.pageToken = "bm9uc2Vuc2U"
      let wanted = list
      let token = await refusal { () async throws(RPCError) in
        try await calls.listDeliveries(wanted, context: .fixture())
      }
      #expect(token?.details.first?.field == "page.page_token")
      let stored = try await bench.deliveries()
      #expect(stored.isEmpty)
    }
  }

  @Test func `routing can be tried out without a change`() async throws {
    try await Bench.with(.to(.mail("owner", port: 9), .mail("audit", port: 9))) { bench in
      var request = TestRoutingRequest()
      var pair = LabelPair()
      pair.name = "severity"
      pair.value = "critical"
      request.labels = [pair]
      let response = try await bench.core.calls.testRouting(request, context: .fixture())
      #expect(response.receivers == ["owner", "audit"])
      #expect(response.routes == ["{}/{}/0", "{}/{}/1"])
      request.labels[0].name = "severitty"
      let wanted = request
      let error = await refusal { () async throws(RPCError) in
        try await bench.core.calls.testRouting(wanted, context: .fixture())
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("severitty") == true)
    }
  }

  @Test func `the waits between tries double up to the longest`() {
    let retry = RetrySettings(firstSeconds: 30, longestSeconds: 1_800)
    let waits = [1, 2, 3, 6, 7, 8, 100].map { retry.waitSeconds(attempt: $0) }
    #expect(waits == [30, 60, 120, 960, 1_800, 1_800, 1_800])
  }
}
