import Alerting
import Egress
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

@testable import JiraIntegration

@Suite("Issues of Jira", .timeLimit(.minutes(3)))
struct JiraTests {
  private static let label = "TM-" + OutgoingMessage.thread.dropFirst(4)

  /// Runs the body with a fake Jira and a channel to it.
  private func with(
    _ rules: [String] = [], milliseconds: Int = 5_000,
    _ change: (inout JiraSettings) -> Void = { _ in },
    _ body: (FakeVendor, any DeliveryChannel) async throws -> Void
  ) async throws {
    let jira = try await FakeVendor("jira", ["email=bot@example.org", "token=sesame"] + rules)
    defer { jira.stop() }
    var settings = JiraSettings(
      site: jira.url, email: "bot@example.org", token: Redacted("sesame"), project: "CS")
    settings.labels = ["tidemark"]
    settings.priorities = [.critical: "Highest", .warning: "High"]
    settings.resolveTransition = "mark as done"
    settings.reopenTransition = "Reopen"
    settings.reopenWithinHours = 72
    settings.wontDoResolution = "Won't \"Do\""
    change(&settings)
    try await body(jira, settings.channel(try .loopback(milliseconds: milliseconds)))
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

  @Test func `an anomaly is an issue, its changes are comments, its end closes it`() async throws {
    try await with { jira, channel in
      let opened = await channel.send(message(), now: sendingTime)
      #expect(opened.outcome == .taken, "\(opened.answer)")
      #expect(opened.reference == "CS-1")
      #expect(opened.answer == "CS-1: created")
      #expect(!opened.payload.contains("sesame"))
      for number in 2...3 {
        let again = await channel.send(message(number, reference: "CS-1"), now: sendingTime)
        #expect(again.reference == "CS-1")
      }
      let taken = await channel.send(message(4, .acknowledge, reference: "CS-1"), now: sendingTime)
      #expect(taken.outcome == .taken)
      let closed = await channel.send(message(5, .resolve, reference: "CS-1"), now: sendingTime)
      #expect(closed.outcome == .taken)
      try jira.expectEffects([
        "created", "commented", "commented", "commented", "moved to Done", "commented",
      ])
      let created = try jira.requests().first { $0.effect == "created" }
      let fields = try #require(created?.body["fields"])
      #expect(
        fields["summary"]?.stringValue == "[Critical] DataFlow Systems: 67% drop in API calls")
      #expect(fields["labels"] == ["tidemark", .string(Self.label)])
      #expect(fields["priority"]?["name"]?.stringValue == "Highest")
      #expect(fields["description"]?["type"]?.stringValue == "doc")
    }
  }

  @Test func `a creation whose answer was lost is found, not repeated`() async throws {
    try await with(milliseconds: 400) { jira, channel in
      // The search, then the creation that is done and said otherwise.
      try await jira.answer([[:], ["accept-then": 503]])
      let lost = await channel.send(message(), now: sendingTime)
      #expect(lost.outcome == .retry(afterSeconds: 60))
      #expect(lost.mayHaveArrived)
      let found = await channel.send(message(attempt: 2, mayHaveArrived: true), now: sendingTime)
      #expect(found.outcome == .taken && found.reference == "CS-1")
      #expect(found.answer == "CS-1: created by an earlier try")
      try jira.expectEffects(["created"])
      // Another message of the thread, whose answer was lost too: one comment.
      try await jira.answer([[:], ["accept-then": 500]])
      let later = await channel.send(message(2, reference: "CS-1"), now: sendingTime)
      #expect(later.mayHaveArrived)
      let same = await channel.send(
        message(2, reference: "CS-1", attempt: 2, mayHaveArrived: true), now: sendingTime)
      #expect(same.outcome == .taken)
      try jira.expectEffects(["created", "commented"])
    }
  }

  @Test func `a hanging Jira is a timeout, uncertain only where something was to change`()
    async throws
  {
    try await with(milliseconds: 300) { jira, channel in
      try await jira.answer([["hang": true, "seconds": 2]])
      let asked = await channel.send(message(), now: sendingTime)
      #expect(asked.failure == .contextDeadlineExceeded && !asked.mayHaveArrived)
      try await jira.answer([[:], ["hang": true, "seconds": 2]])
      let created = await channel.send(message(), now: sendingTime)
      #expect(created.failure == .contextDeadlineExceeded && created.mayHaveArrived)
      #expect(created.outcome == .retry(afterSeconds: 60))
      // What an earlier try may have done stays uncertain.
      try await jira.answer([["status": 429, "retry-after": 7]])
      let limited = await channel.send(
        message(attempt: 3, mayHaveArrived: true), now: sendingTime)
      #expect(limited.outcome == .retry(afterSeconds: 7))
      #expect(limited.failure == .rateLimited && limited.mayHaveArrived)
    }
  }

  @Test func `what stops between closing and commenting is finished by the next try`() async throws
  {
    try await with { jira, channel in
      _ = await channel.send(message(), now: sendingTime)
      // The issue, its transitions, the move; then the comment fails.
      try await jira.answer([[:], [:], [:], ["status": 500]])
      let half = await channel.send(message(2, .resolve, reference: "CS-1"), now: sendingTime)
      #expect(half.mayHaveArrived && half.outcome == .retry(afterSeconds: nil))
      let rest = await channel.send(
        message(2, .resolve, reference: "CS-1", attempt: 2, mayHaveArrived: true),
        now: sendingTime)
      #expect(rest.outcome == .taken)
      try jira.expectEffects(["created", "moved to Done", "", "commented"])
    }
  }

  @Test func `what begins again soon is reopened; late, or not to be done, it is a new issue`()
    async throws
  {
    try await with { jira, channel in
      _ = await channel.send(message(), now: sendingTime)
      _ = await channel.send(message(2, .resolve, reference: "CS-1"), now: sendingTime)
      let soon = await channel.send(message(3, reference: "CS-1"), now: sendingTime)
      #expect(soon.reference == "CS-1")
      try jira.expectEffects([
        "created", "moved to Done", "commented", "moved to To Do", "commented",
      ])
      // By its label too.
      _ = await channel.send(message(4, .resolve, reference: "CS-1"), now: sendingTime)
      #expect(await channel.send(message(5), now: sendingTime).reference == "CS-1")
      try await jira.people([
        "key": "CS-1", "status": "Done", "resolution": "Won't \"Do\"",
        "resolutiondate": "2013-02-08T14:00:00.000+0000",
      ])
      let other = await channel.send(message(6, reference: "CS-1"), now: sendingTime)
      #expect(other.reference == "CS-2")
      try await jira.people([
        "key": "CS-2", "status": "Done", "resolution": "Done",
        "resolutiondate": "2013-02-05T14:03:00.000+0000",
      ])
      #expect(
        await channel.send(message(7, reference: "CS-2"), now: sendingTime).reference == "CS-3")
      try await jira.people(["key": "CS-3", "gone": true])
      #expect(await channel.send(message(8, reference: "CS-3"), now: sendingTime).outcome == .taken)
    }
  }

  @Test func `an end opens nothing`() async throws {
    try await with { jira, channel in
      let result = await channel.send(message(1, .resolve), now: sendingTime)
      #expect(result.outcome == .taken && result.reference == nil)
      #expect(result.answer.contains("no open issue"))
      try jira.expectEffects([])
    }
  }

  @Test func `a transition that is not offered is named, and the comment is there`() async throws {
    try await with { settings in
      settings.resolveTransition = "Vanish"
    } _: { jira, channel in
      _ = await channel.send(message(), now: sendingTime)
      let result = await channel.send(message(2, .resolve, reference: "CS-1"), now: sendingTime)
      #expect(result.outcome == .refused && result.failure == .clientError)
      #expect(result.answer.contains("'Vanish'; there are: Start work, Mark as done"))
      try jira.expectEffects(["created", "commented"])
    }
  }

  @Test func `what Jira finds wrong is final and said, without the token`() async throws {
    try await with {
      $0.issueType = "Epic"
    } _: { jira, channel in
      let wrong = await channel.send(message(), now: sendingTime)
      #expect(wrong.outcome == .refused && wrong.failure == .clientError)
      #expect(wrong.answer == "400: issuetype: Specify a valid issue type")
    }
    try await with {
      $0.token = Redacted("wrong")
    } _: { jira, channel in
      let refused = await channel.send(message(), now: sendingTime)
      #expect(refused.outcome == .refused && refused.failure == .authError)
      try await jira.answer([["status": 400, "body": "wrong Ym90QGV4YW1wbGUub3JnOndyb25n"]])
      #expect(await channel.send(message(), now: sendingTime).outcome == .refused)
    }
  }

  @Test func `hostile texts and crowds stay within the rules`() async throws {
    try await with { jira, channel in
      for (number, text) in HostileText.all.enumerated() {
        let notices = (1...80).map { index in
          Notice.fixture(UInt64(index)) { notice in
            notice.customer.name = text
            notice.summary = text
            notice.possibleCause = text
            notice.metricName = text
          }
        }
        let message = OutgoingMessage.fixture(notices, omitted: 5, delivery: "d-\(number)") {
          $0.threadKey = "tm1:\(number)"
        }
        let result = await channel.send(message, now: sendingTime)
        #expect(result.outcome == .taken, "\(result.answer.prefix(300))")
      }
      let created = try jira.requests().first { $0.effect == "created" }
      let first = try #require(created)
      let description = first.body["fields"]?["description"]?.encoded() ?? ""
      #expect(description.contains(" more.") && description.utf8.count <= 32_767)
    }
  }
}
