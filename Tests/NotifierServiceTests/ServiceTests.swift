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
  @Test func `a change that comes by RPC is sent, while another receiver hangs`() async throws {
    let pager = try FakePagerDuty()
    let hanging = try FakePagerDuty()
    defer {
      pager.stop()
      hanging.stop()
    }
    let hang: JSONValue = ["hang": true, "seconds": 20]
    try await hanging.answer(.array(Array(repeating: hang, count: 100)))
    try await TestDatabase.with { database in
      let policy = EgressPolicy(privateHosts: ["127.0.0.1"], plaintextHosts: ["127.0.0.1"])
      let settings = NotifierSettings(
        databaseURL: Redacted(try database.url(.notifier)),
        routes: try .to(
          .pager("hanging", port: hanging.program.port), .pager("pager", port: pager.program.port)),
        egress: policy, sendSeconds: 3)
      let url = "inproc://notifier-\(database.name)"
      let service = try NotifierService(
        NotifierConfiguration(
          rpc: RPCSettings(serviceName: "notifier", listenURLs: [url]), notifier: settings),
        logger: Logger(service: "notifier", level: .critical))
      let group = ServiceGroup(
        [service], logger: Logger(service: "test", level: .critical), handlesSignals: false)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        let channel = try RPCChannel(url: url)
        let client = NotifierClient(channel)
        for number in 1...20 {
          var request = SubmitRequest()
          request.change = .fixture(anomaly: UInt8(number))
          let response = try await client.submit(request)
          #expect(Set(response.receivers) == ["hanging", "pager"])
        }
        var list = ListDeliveriesRequest()
        list.receiver = "pager"
        list.states = [.queued]
        while try await !client.listDeliveries(list).deliveries.isEmpty { await Task.yield() }
        #expect(try pager.events().count == 20)
        list.receiver = "hanging"
        // Four at a time hang there; none of them held up the others.
        #expect(try await client.listDeliveries(list).deliveries.count == 20)
        channel.close()
        group.triggerShutdown()
        try await tasks.waitForAll()
      }
    }
  }
}
