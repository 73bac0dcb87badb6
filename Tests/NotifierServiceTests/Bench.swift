import Alerting
import AnomalyContract
import DeliveryContract
import Egress
import EmailIntegration
import Foundation
import JSON
import Locking
import PagerDutyIntegration
import Postgres
import RPC
import SeriesContract
import ServiceRuntime
import TestSupport
import Testing
import WorkQueue

@testable import NotifierService

/// A notifier on a database of its own whose jobs the test does by hand.
struct Bench {
  static let key = "0123456789abcdef0123456789abcdef"
  /// Each begins a second after the one before, so that one that takes another's place is later.
  private static let starts = Locked<Int64>(1_360_332_300_000_000)
  let core: NotifierCore
  let database: TestDatabase
  let now: Locked<Int64>

  /// Runs the body with a notifier and ends it.
  static func with(
    _ routes: Routes, retry: RetrySettings = RetrySettings(firstSeconds: 0.01),
    policy: EgressPolicy = EgressPolicy(privateHosts: ["127.0.0.1"], plaintextHosts: ["127.0.0.1"]),
    sendSeconds: Double = 5, _ body: (Bench) async throws -> Void
  ) async throws {
    try await TestDatabase.with { database in
      let bench = try Bench(
        database, routes, retry: retry, policy: policy, sendSeconds: sendSeconds)
      try await bench.core.migrate()
      try await body(bench)
      await bench.core.close()
    }
  }

  init(
    _ database: TestDatabase, _ routes: Routes,
    retry: RetrySettings = RetrySettings(firstSeconds: 0.01),
    policy: EgressPolicy = EgressPolicy(privateHosts: ["127.0.0.1"], plaintextHosts: ["127.0.0.1"]),
    sendSeconds: Double = 5
  ) throws {
    let start = Self.starts.withLock { start in
      start += 1_000_000
      return start
    }
    let now = Locked<Int64>(start)
    self.database = database
    self.now = now
    let settings = NotifierSettings(
      databaseURL: Redacted(try database.url(.notifier)), databaseConnections: 4, routes: routes,
      publicURL: "https://tidemark.example.org", egress: policy, retry: retry,
      sendSeconds: sendSeconds)
    core = try NotifierCore(
      settings: settings, logger: Logger(service: "test", level: .critical),
      registry: MetricsRegistry(), clock: { now.withLock { $0 } })
  }

  @discardableResult
  func submit(
    _ revision: UInt32 = 1, kind: AnomalyChangeKind = .opened, anomaly: UInt8 = 1,
    _ change: (inout Anomaly) -> Void = { _ in }
  ) async throws -> SubmitResponse {
    var request = SubmitRequest()
    request.change = .fixture(revision, kind: kind, anomaly: anomaly, change)
    now.withLock { $0 += 1_000 }
    let response = try await core.calls.submit(request, context: .fixture())
    try await plan()
    return response
  }

  /// Looks at all groups that are due.
  func plan() async throws {
    while try await dueGroups() > 0 { try await decide() }
  }

  private func dueGroups() async throws -> Int {
    let moment = now.withLock { $0 }
    let rows = try await core.pool.query(
      "SELECT count(*) FROM alarm_group WHERE flush_at <= $1",
      [.timestamp(unixMicroseconds: moment)])
    return rows.first?.int(0) ?? 0
  }

  /// Does each job of the planner that waits now once: groups, escalations, digests.
  func decide() async throws {
    let handlers = core.deciding
    let jobs = try await core.queue.claim(
      kinds: handlers.keys.sorted(), limit: 100, leaseSeconds: 30)
    for job in jobs {
      let handler = try #require(handlers[job.kind])
      try await settle(job, try await handler(job))
    }
  }

  /// Does jobs until none is due, at most so many; gives how many were done.
  @discardableResult
  func work(limit: Int = 1_000) async throws -> Int {
    let workers = try await core.workers()
    var done = 0
    while done < limit {
      let claimed = try await core.queue.claim(
        kinds: workers.map(\.receiver.jobKind), limit: 1, leaseSeconds: 30)
      guard let job = claimed.first else { return done }
      let worker = try #require(workers.first { $0.receiver.jobKind == job.kind })
      try await settle(job, try await worker.handle(job))
      done += 1
    }
    return done
  }

  /// Does jobs until nothing is queued any more.
  func workToTheEnd() async throws {
    while try await deliveries().contains(where: { $0.state == .queued }) { try await work() }
  }

  func settle(_ job: ClaimedJob, _ outcome: WorkOutcome) async throws {
    switch outcome {
    case .completed: break
    case .finished: try await core.pool.transaction { try core.queue.complete(job, on: $0) }
    case .postponed(let reason, let seconds):
      try await core.queue.postpone(job, reason: reason, afterSeconds: seconds)
    case .failed(let reason), .poison(let reason): Issue.record("job failed: \(reason)")
    }
  }

  /// The log, oldest first.
  func deliveries(_ change: (inout ListDeliveriesRequest) -> Void = { _ in }) async throws
    -> [Delivery]
  {
    var request = ListDeliveriesRequest()
    change(&request)
    return try await core.calls.listDeliveries(request, context: .fixture()).deliveries.reversed()
  }
}

extension CallContext {
  static func fixture() -> CallContext {
    CallContext(
      method: "tidemark.v1.Notifier/Submit", deadline: .after(milliseconds: 10_000))
  }
}

extension AnomalyChange {
  static func fixture(
    _ revision: UInt32 = 1, kind: AnomalyChangeKind = .opened, anomaly: UInt8 = 1,
    _ change: (inout Anomaly) -> Void = { _ in }
  ) -> AnomalyChange {
    var customer = SeriesContract.Customer()
    customer.id = [UInt8](repeating: 7, count: 16)
    customer.externalID = "c-81"
    customer.name = "DataFlow Systems"
    customer.segment = "enterprise"
    customer.owner = "ada@example.org"
    var metric = SeriesContract.Metric()
    metric.id = 3
    metric.name = "api_calls"
    metric.displayName = "API calls"
    metric.granularity = .day
    metric.kind = .count
    var found = Anomaly()
    found.id = [UInt8](repeating: anomaly, count: 16)
    found.customer = customer
    found.metric = metric
    found.type = .drop
    found.severity = .critical
    found.intent = .risk
    found.state = .open
    found.startBucket = 15_744
    found.endBucket = 15_748
    found.durationBuckets = 5
    found.baselineValue = 45_000
    found.actualValue = 15_000
    found.summary = "67% drop in API calls"
    found.possibleCause = "Integration issue or migration"
    found.actions = ["investigate", "contact_customer"]
    found.detectedUnixUs = 1_360_332_000_000_000
    found.revision = revision
    change(&found)
    var result = AnomalyChange()
    result.kind = kind
    result.anomaly = found
    result.changedUnixUs = 1_360_332_100_000_000
    return result
  }
}

extension Routes {
  /// Everything to one receiver, or to several in turn.
  static func to(_ receivers: Receiver...) throws -> Routes {
    let names = Set(receivers.map(\.name))
    let root = Route(
      receiver: receivers.first?.name, grouping: .all, groupWaitSeconds: 0,
      groupIntervalSeconds: 0.000_001,
      children: receivers.map { Route(receiver: $0.name, continues: true) })
    return Routes(
      receivers: Dictionary(uniqueKeysWithValues: receivers.map { ($0.name, $0) }),
      tree: try RouteTree(root: root, names: RouteNames(receivers: names)))
  }
}

extension Receiver {
  static func pager(
    _ name: String = "pager", port: Int, key: String = Bench.key, previous: [String] = [],
    minimum: NoticeSeverity = .info, perMinute: Int = 100_000
  ) throws -> Receiver {
    let key = try #require(RoutingKey(Redacted(key)))
    return Receiver(
      name: name, rules: ReceiverRules(minimumSeverity: minimum, pages: true, holdsIncidents: true),
      way: PagerDutySettings(
        url: "http://127.0.0.1:\(port)/v2/enqueue", routingKey: key,
        previousKeys: previous.compactMap { RoutingKey(Redacted($0)) },
        eventsPerMinute: perMinute))
  }

  static func mail(
    _ name: String = "owner", port: Int, to: [EmailSettings.Recipient] = [.owner],
    fallback: String? = nil
  ) -> Receiver {
    Receiver(
      name: name, rules: ReceiverRules(),
      way: EmailSettings(
        server: MailServer(host: "127.0.0.1", port: port, protection: .insecure),
        from: MailDocument.Mailbox(name: "Tidemark", address: "tidemark@example.org"), to: to,
        fallback: fallback))
  }
}

/// The stand-in for PagerDuty.
struct FakePagerDuty {
  struct Event {
    let effect: String
    let event: JSONValue
  }

  let program: PythonProgram
  private let client: EgressClient

  init(_ arguments: [String] = []) async throws {
    program = try await PythonProgram("pagerduty_rules", arguments)
    let name = "127.0.0.1:\(program.port)"
    client = try EgressClient(policy: EgressPolicy(privateHosts: [name], plaintextHosts: [name]))
  }

  func answer(_ answers: JSONValue) async throws {
    let url = "http://127.0.0.1:\(program.port)/fake/answers"
    let response = try await client.send(
      EgressRequest(method: .put, url: url, body: answers.encodedBytes()))
    #expect(response.status == 200)
  }

  func events() throws -> [Event] {
    try program.files(".json").map { text in
      let value = try JSONValue(parsing: text)
      return Event(
        effect: try #require(value["effect"]?.stringValue),
        event: try #require(value["event"]))
    }
  }

  func stop() {
    client.close()
    program.stop()
  }
}
