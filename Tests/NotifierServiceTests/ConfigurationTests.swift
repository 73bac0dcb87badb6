import DeliveryContract
import JSON
import RPC
import TestSupport
import Testing

@testable import NotifierService

// Versions of the configuration, and trying a receiver.
extension PlanningTests {
  @Test func `a version is checked, put into force and taken back, and what lasts follows`()
    async throws
  {
    try await Bench.with(.to(mail("owner"))) { bench in
      try await raise(bench, 1)
      let calls = bench.core.calls
      var request = PutConfigurationRequest()
      request.author = "ada"
      request.yaml = Array("receivers: [{name: nobody}]\nroute: {receiver: nobdy}\n".utf8)
      let faulty = try await calls.putConfiguration(request, context: .fixture())
      #expect(faulty.faults.contains { $0.contains("nobdy") })
      let listed = try await calls.listConfigurations(
        ListConfigurationsRequest(), context: .fixture())
      #expect(listed.versions.isEmpty)
      request.yaml = Array("receivers: [{name: nobody}]\nroute: {receiver: nobody}\n".utf8)
      let put = try await calls.putConfiguration(request, context: .fixture())
      let version = try #require(put.version).version
      #expect(version > 0 && put.faults.isEmpty)
      var activate = ActivateConfigurationRequest()
      activate.version = version
      let active = try await calls.activateConfiguration(activate, context: .fixture())
      #expect(active.version?.active == true)
      #expect(bench.core.configuration.current.receivers.keys.sorted() == ["nobody"])
      try await pass(bench, seconds: 1)
      // The receiver that was told is not there any more, and what was raised is still accounted.
      #expect(try await account(bench).values.reduce(0, +) >= 1)
      activate.version = version + 100
      await #expect(throws: RPCError.self) {
        _ = try await calls.activateConfiguration(activate, context: .fixture())
      }
    }
  }

  @Test func `a test says that it is one, and its receiver's health shows it`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    try await Bench.with(.to(.pager(port: pager.program.port))) { bench in
      var request = TestReceiverRequest()
      request.receiver = "pager"
      let made = try await bench.core.calls.testReceiver(request, context: .fixture())
      try await bench.workToTheEnd()
      let line = try #require(try await bench.deliveries().first)
      #expect(line.id == made.deliveryID && line.state == .sent)
      let summary = try pager.events().first?.event["payload"]?["summary"]?.stringValue
      #expect(summary?.hasPrefix("[TEST] ") == true)
      let health = try await bench.core.calls.listReceivers(
        ListReceiversRequest(), context: .fixture()
      ).receivers.first
      #expect(health?.receiver == "pager" && health?.kind == "pagerduty")
      #expect((health?.lastSuccessUnixUs ?? 0) > 0 && health?.failuresInARow == 0)
      request.receiver = "nobody"
      await #expect(throws: RPCError.self) {
        _ = try await bench.core.calls.testReceiver(request, context: .fixture())
      }
    }
  }
}
