import Alerting
import AnomalyContract
import DeliveryContract
import Egress
import JSON
import Locking
import Postgres
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import NotifierService

@Suite("The notifier as a service", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct ServiceTests {
  /// Runs replicas of the notifier on one database while the body calls them.
  private func withReplicas(
    _ count: Int, _ routes: Routes, sendSeconds: Double = 15,
    _ body: ([NotifierClient]) async throws -> Void
  ) async throws {
    try await TestDatabase.with { database in
      let settings = NotifierSettings(
        databaseURL: Redacted(try database.url(.notifier)), routes: routes,
        egress: EgressPolicy(privateHosts: ["127.0.0.1"], plaintextHosts: ["127.0.0.1"]),
        sendSeconds: sendSeconds)
      let urls = (0..<count).map { "inproc://notifier-\($0)-\(database.name)" }
      let groups = try urls.map { url in
        let service = try NotifierService(
          NotifierConfiguration(
            rpc: RPCSettings(serviceName: "notifier", listenURLs: [url]), notifier: settings),
          logger: Logger(service: "notifier", level: .critical))
        return ServiceGroup(
          [service], logger: Logger(service: "test", level: .critical), handlesSignals: false)
      }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for group in groups { tasks.addTask { try await group.run() } }
        let channels = try urls.map { try RPCChannel(url: $0) }
        for channel in channels { try await waitUntilUp(NotifierClient(channel)) }
        try await body(channels.map { NotifierClient($0) })
        for channel in channels { channel.close() }
        for group in groups { group.triggerShutdown() }
        try await tasks.waitForAll()
      }
    }
  }

  /// Waits until a replica answers; how long it takes to start depends on the machine.
  private func waitUntilUp(_ client: NotifierClient) async throws {
    while true {
      do throws(RPCError) {
        _ = try await client.listReceivers(ListReceiversRequest())
        return
      } catch {
        guard error.code == .unavailable else { throw error }
      }
    }
  }

  /// Waits until so many messages were sent to a receiver.
  private func finish(_ client: NotifierClient, _ receiver: String, sent: Int) async throws {
    var list = ListDeliveriesRequest()
    list.receiver = receiver
    list.states = [.sent]
    while try await client.listDeliveries(list).deliveries.count < sent { await Task.yield() }
  }

  @Test func `a change that comes by RPC is sent, while another receiver hangs`() async throws {
    let pager = try await FakePagerDuty()
    let hanging = try await FakePagerDuty()
    defer {
      pager.stop()
      hanging.stop()
    }
    let hang: JSONValue = ["hang": true, "seconds": 20]
    try await hanging.answer(.array(Array(repeating: hang, count: 100)))
    let routes = try Routes.to(
      .pager("hanging", port: hanging.program.port), .pager("pager", port: pager.program.port))
    try await withReplicas(1, routes, sendSeconds: 3) { clients in
      for number in 1...20 {
        var request = SubmitRequest()
        request.change = .fixture(anomaly: UInt8(number))
        let response = try await clients[0].submit(request)
        #expect(Set(response.receivers) == ["hanging", "pager"])
      }
      try await finish(clients[0], "pager", sent: 20)
      #expect(try pager.events().count == 20)
      // Some hang there, and the others wait their turn; none of them held up the pager.
      var list = ListDeliveriesRequest()
      list.receiver = "hanging"
      list.states = [.queued]
      while try await clients[0].listDeliveries(list).deliveries.count < 20 { await Task.yield() }
    }
  }

  @Test func `two replicas tell each change once and in order`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    try await withReplicas(2, .to(.pager(port: pager.program.port))) { clients in
      for (revision, kind) in [(1, AnomalyChangeKind.opened), (2, .resolved)] {
        let known = try await withThrowingTaskGroup(of: Bool.self) { group in
          for number in 1...25 {
            for client in clients {
              // Both replicas are handed the same change at the same time.
              group.addTask {
                var request = SubmitRequest()
                request.change = .fixture(
                  UInt32(revision), kind: kind, anomaly: UInt8(number))
                return try await client.submit(request).alreadyKnown
              }
            }
          }
          return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(known == 25)
        try await finish(clients[revision - 1], "pager", sent: 25 * revision)
      }
    }
    let effects = try pager.events().map(\.effect)
    #expect(effects.count == 50)
    #expect(effects.filter { $0 == "opened" }.count == 25)
    #expect(effects.filter { $0 == "resolved" }.count == 25)
  }
}
