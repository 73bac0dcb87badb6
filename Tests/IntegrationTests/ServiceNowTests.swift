import Alerting
import Egress
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

@testable import ServiceNowIntegration

@Suite("Incidents of ServiceNow", .timeLimit(.minutes(3)))
struct ServiceNowTests {
  /// Runs the body with a fake instance and a channel to it.
  private func with(
    _ rules: [String] = ["user=bot", "password=sesame"], milliseconds: Int = 5_000,
    _ change: (inout ServiceNowSettings) -> Void = { _ in },
    _ body: (FakeVendor, any DeliveryChannel) async throws -> Void
  ) async throws {
    let instance = try await FakeVendor("servicenow", rules)
    defer { instance.stop() }
    var settings = ServiceNowSettings(
      instance: instance.url, credentials: .basic(user: "bot", password: Redacted("sesame")))
    change(&settings)
    try await body(instance, settings.channel(try .loopback(milliseconds: milliseconds)))
  }

  private func message(
    _ number: Int = 1, _ action: OutgoingMessage.Action = .trigger, reference: String? = nil,
    attempt: Int = 1, mayHaveArrived: Bool = false
  ) -> OutgoingMessage {
    .fixture(action: action, delivery: "delivery-\(number)") { message in
      message.reference = reference
      message.attempt = attempt
      message.mayHaveArrived = mayHaveArrived
    }
  }

  @Test func `an anomaly is an incident, its changes are notes, its end resolves it`() async throws
  {
    try await with { settings in
      settings.assignmentGroup = "287ebd7da9fe198100f92cc8d1d2154e"
      settings.category = "software"
    } _: { instance, channel in
      let opened = await channel.send(message(), now: sendingTime)
      #expect(opened.outcome == .taken, "\(opened.answer)")
      #expect(opened.answer == "INC0000001: created")
      #expect(!opened.payload.contains("sesame"))
      let id = try #require(opened.reference)
      #expect(id.utf8.count == 32)
      _ = await channel.send(message(2, reference: id), now: sendingTime)
      _ = await channel.send(message(3, .acknowledge, reference: id), now: sendingTime)
      let closed = await channel.send(message(4, .resolve, reference: id), now: sendingTime)
      #expect(closed.outcome == .taken && closed.reference == id)
      try instance.expectEffects(["created", "changed", "changed", "moved to 6"])
      let fields = try #require(try instance.requests().first { $0.effect == "created" }?.body)
      #expect(
        fields["short_description"]?.stringValue
          == "[Critical] DataFlow Systems: 67% drop in API calls")
      #expect(fields["correlation_id"]?.stringValue == OutgoingMessage.thread)
      #expect(fields["urgency"]?.stringValue == "1" && fields["impact"]?.stringValue == "2")
      #expect(fields["assignment_group"]?.stringValue == "287ebd7da9fe198100f92cc8d1d2154e")
      let text = try #require(fields["description"]?.stringValue)
      #expect(text.contains("Baseline -> Actual: 45,000/day -> 15,000/day\n"))
      #expect(text.contains("- Contact customer\n"))
      let last = try #require(try instance.requests().last?.body)
      #expect(last["close_code"]?.stringValue == "Solution provided")
      #expect(last["close_notes"]?.stringValue?.isEmpty == false)
    }
  }

  @Test func `a creation or a change whose answer was lost is found, not repeated`() async throws {
    try await with { instance, channel in
      try await instance.answer([[:], ["accept-then": 503]])
      let lost = await channel.send(message(), now: sendingTime)
      #expect(lost.outcome == .retry(afterSeconds: nil) && lost.mayHaveArrived)
      let found = await channel.send(message(attempt: 2, mayHaveArrived: true), now: sendingTime)
      let id = try #require(found.reference)
      #expect(found.answer == "INC0000001: done by an earlier try")
      // A page in place of an answer, as instances that sleep show it.
      try await instance.answer([[:], ["accept-then": 200]])
      let page = await channel.send(message(2, reference: id), now: sendingTime)
      #expect(page.outcome == .retry(afterSeconds: nil) && page.mayHaveArrived)
      #expect(page.answer == "a good status without a result")
      let same = await channel.send(
        message(2, reference: id, attempt: 2, mayHaveArrived: true), now: sendingTime)
      #expect(same.outcome == .taken)
      try instance.expectEffects(["created", "changed"])
    }
  }

  @Test func `a hang, a limit and a closed port are tried again`() async throws {
    try await with(milliseconds: 300) { instance, channel in
      try await instance.answer([["hang": true, "seconds": 2]])
      let asked = await channel.send(message(), now: sendingTime)
      #expect(asked.failure == .contextDeadlineExceeded && !asked.mayHaveArrived)
      try await instance.answer([["status": 429, "retry-after": 90]])
      let limited = await channel.send(message(), now: sendingTime)
      #expect(limited.outcome == .retry(afterSeconds: 90) && limited.failure == .rateLimited)
      try await instance.answer([[:], ["slow": 0.1]])
      let slow = await channel.send(message(), now: sendingTime)
      #expect(slow.failure == .contextDeadlineExceeded && slow.mayHaveArrived)
      instance.stop()
      let gone = await channel.send(message(), now: sendingTime)
      #expect(gone.outcome == .retry(afterSeconds: nil) && gone.failure == .other)
    }
  }

  @Test func `what was closed is left alone; what was resolved is reopened where that is set`()
    async throws
  {
    try await with { instance, channel in
      let first = try #require(await channel.send(message(), now: sendingTime).reference)
      _ = await channel.send(message(2, .resolve, reference: first), now: sendingTime)
      let second = try #require(
        await channel.send(message(3, reference: first), now: sendingTime).reference)
      #expect(second != first)
      try await instance.people(["sys_id": .string(second), "gone": true])
      // The one that was only resolved is not reopened, and the other one is no more.
      let third = await channel.send(message(4, reference: second), now: sendingTime)
      #expect(third.outcome == .taken && third.reference != first)
      let over = await channel.send(message(5, .resolve), now: sendingTime)
      #expect(over.reference == third.reference)
    }
    try await with {
      $0.reopenState = "2"
    } _: { instance, channel in
      let id = try #require(await channel.send(message(), now: sendingTime).reference)
      _ = await channel.send(message(2, .resolve, reference: id), now: sendingTime)
      #expect(await channel.send(message(3), now: sendingTime).reference == id)
      try instance.expectEffects(["created", "moved to 6", "moved to 2"])
      try await instance.people(["sys_id": .string(id), "state": "7"])
      let other = await channel.send(message(4, reference: id), now: sendingTime)
      #expect(other.outcome == .taken && other.reference != id)
    }
  }

  @Test func `an end opens nothing, and resolves nothing where that is left to people`()
    async throws
  {
    try await with {
      $0.resolveState = nil
    } _: { instance, channel in
      let none = await channel.send(message(1, .resolve), now: sendingTime)
      #expect(none.outcome == .taken && none.reference == nil)
      let id = try #require(await channel.send(message(2), now: sendingTime).reference)
      #expect(
        await channel.send(message(3, .resolve, reference: id), now: sendingTime).outcome == .taken)
      try instance.expectEffects(["created", "changed"])
    }
  }

  @Test func `a key goes by its own header; what is refused is final and said`() async throws {
    try await with(["key=sesame"]) {
      $0.credentials = .apiKey(Redacted("sesame"))
    } _: { _, channel in
      #expect(await channel.send(message(), now: sendingTime).outcome == .taken)
    }
    try await with(["key=other"]) { instance, channel in
      let refused = await channel.send(message(), now: sendingTime)
      #expect(refused.outcome == .refused && refused.failure == .authError)
      #expect(refused.answer.contains("User Not Authenticated"))
    }
    try await with {
      $0.closeCode = "Gone"
    } _: { _, channel in
      let id = await channel.send(message(), now: sendingTime).reference
      let refused = await channel.send(message(2, .resolve, reference: id), now: sendingTime)
      #expect(refused.outcome == .refused)
      #expect(refused.answer.contains("Data Policy Exception: close_code and close_notes"))
    }
  }

  @Test func `hostile texts and crowds stay within the fields`() async throws {
    try await with { _, channel in
      for (number, text) in HostileText.all.enumerated() {
        let notices = (1...80).map { index in
          Notice.fixture(UInt64(index)) { notice in
            notice.customer.name = text
            notice.summary = text
            notice.possibleCause = text
          }
        }
        let message = OutgoingMessage.fixture(notices, omitted: 5, delivery: "d-\(number)") {
          $0.threadKey = "tm1:\(number)"
        }
        let result = await channel.send(message, now: sendingTime)
        #expect(result.outcome == .taken, "\(result.answer.prefix(300))")
        let again = await channel.send(
          OutgoingMessage.fixture(notices, delivery: "e-\(number)") {
            $0.threadKey = "tm1:\(number)"
          }, now: sendingTime)
        #expect(again.outcome == .taken, "\(again.answer.prefix(300))")
      }
    }
  }

  @Test(arguments: [
    ("287ebd7da9fe198100f92cc8d1d2154e", true), ("287EBD7DA9FE198100F92CC8D1D2154E", false),
    ("287ebd7d-a9fe-1981-00f9-2cc8d1d2154e", false), ("../sys_user", false), ("", false),
  ])
  func `only an identity goes into an address`(text: String, isID: Bool) {
    #expect(ServiceNowRecord.isID(text) == isID)
  }

  @Test func `settings are read whole, and all that is wrong is told`() throws {
    try withSecrets(["secret": "sesame"]) { folder in
      let good = try settings(
        ServiceNowSettings.self,
        """
        instance: https://acme.service-now.com
        user: bot
        password-file: secret
        urgencies: {info: 2}
        impacts: {critical: 1}
        assignment-group: 287ebd7da9fe198100f92cc8d1d2154e
        resolve-state: none
        reopen-state: 2
        close-code: Resolved by caller
        close-notes: Over.
        closed-states: ["7"]
        """, folder: folder)
      #expect(good.faults.isEmpty, "\(good.faults)")
      let read = try #require(good.settings)
      #expect(read.urgencies == [.critical: "1", .warning: "2", .info: "2"])
      #expect(read.impacts[.critical] == "1" && read.impacts[.warning] == "2")
      #expect(read.resolveState == nil && read.reopenState == "2")
      #expect(read.closedStates == ["7"] && read.closeNotes == "Over.")
      #expect(!"\(read)".contains("sesame"))
      let key = try settings(
        ServiceNowSettings.self, "{instance: 'https://a.example', api-key-file: secret}",
        folder: folder)
      #expect(key.settings?.resolveState == "6" && key.faults.isEmpty)
      let bad = try settings(
        ServiceNowSettings.self,
        """
        {instance: 'https://a.example/x', user: bot, api-key-file: secret, table: 'a/b',
         urgencies: {critical: high}, sound: loud}
        """, folder: folder)
      #expect(bad.settings == nil)
      for part in ["without a path", "either 'user'", "name of a table", "sound"] {
        let isTold = bad.faults.contains { $0.contains(part) }
        #expect(isTold, "\(part): \(bad.faults)")
      }
    }
  }
}
