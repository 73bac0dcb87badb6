import Alerting
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

@testable import TeamsIntegration

@Suite("Cards to Microsoft Teams", .timeLimit(.minutes(2)))
struct TeamsTests {
  static let path = "/workflows/abc/triggers/manual/paths/invoke?sig=secretsecret"

  private func channel(_ fake: FakeVendor) throws -> TeamsChannel {
    TeamsChannel(
      settings: TeamsSettings(url: Redacted(fake.url + Self.path)), surroundings: try .loopback())
  }

  private func card(_ message: OutgoingMessage) throws -> JSONValue {
    let body = try JSONValue(parsing: TeamsCard(message).body)
    return try #require(body["attachments"]?[0]?["content"])
  }

  @Test func `a card says what happened, since when, why, and what to do`() throws {
    let notices = (1...3).map { number in
      Notice.fixture(UInt64(number)) { $0.customer.name = "Customer \(number)" }
    }
    let card = try card(.fixture(notices, omitted: 4, mark: .test))
    let elements = try #require(card["body"]?.arrayValue)
    let title = elements.first?["text"]?.stringValue
    #expect(title == "[TEST] [Critical] Customer 1: 67% drop in API calls")
    #expect(elements.first?["color"]?.stringValue == "Attention")
    let facts = elements.first { $0["type"]?.stringValue == "FactSet" }?["facts"]
    let values = facts?.arrayValue?.compactMap { $0["value"]?.stringValue } ?? []
    #expect(values.contains("45,000/day -> 15,000/day"))
    #expect(values.contains("Integration issue or migration"))
    let texts = elements.compactMap { $0["text"]?.stringValue }
    for text in [
      "• Contact customer", "• [Critical] Customer 3: 67% drop in API calls", "… and 4 more",
      "Actual   ████████ 15,000/day",
    ] {
      #expect(texts.contains(text), "\(text)")
    }
    #expect(card["actions"]?[0]?["type"]?.stringValue == "Action.OpenUrl")
    #expect(card["version"]?.stringValue == "1.2")
  }

  @Test(arguments: [
    (NoticeSeverity.critical, NoticeIntent.risk, NoticeKind.opened, "Attention"),
    (.warning, .risk, .opened, "Warning"), (.info, .risk, .opened, "Default"),
    (.critical, .opportunity, .opened, "Good"), (.critical, .risk, .resolved, "Good"),
  ])
  func `the color says how it stands`(
    severity: NoticeSeverity, intent: NoticeIntent, kind: NoticeKind, color: String
  ) throws {
    let notice = Notice.fixture(kind: kind) {
      $0.severity = severity
      $0.intent = intent
    }
    #expect(try card(.fixture([notice]))["body"]?[0]?["color"]?.stringValue == color)
  }

  @Test(arguments: HostileName.allCases, [1, 200])
  func `whatever a customer is called, the card fits and no name is a link`(
    name: HostileName, count: Int
  ) async throws {
    let fake = try await FakeVendor("teams")
    defer { fake.stop() }
    // Long names fill a card soon, so that there is no need of many of them.
    let shown = name.text.utf8.count > 100 ? min(count, 80) : count
    let result = try await channel(fake).send(
      .fixture(name.notices(shown), omitted: 7), now: sendingTime)
    let request = try #require(try fake.requests().first)
    #expect(request.faults == [])
    #expect(result.outcome == .taken)
    #expect(request.bytes <= TeamsCard.bytesLimit)
    let texts = request.body["attachments"]?[0]?["content"]?["body"]?.arrayValue ?? []
    let lines = texts.compactMap { $0["text"]?.stringValue }
    // Whoever is left out is counted.
    let others = lines.drop { $0 != "Also" }.filter { $0.hasPrefix("• ") }.count
    #expect(lines.contains("… and \(7 + shown - 1 - others) more"))
  }

  @Test func `a workflow that is not known and a wrong signature are final`() async throws {
    let fake = try await FakeVendor("teams")
    defer { fake.stop() }
    for (path, status, failure) in [
      ("/workflows/other?sig=secretsecret", "404: WorkflowNotFound", FailureReason.clientError),
      (
        "/workflows/abc/triggers/manual/paths/invoke?sig=guessed",
        "401: DirectApiAuthorizationRequired", .authError
      ),
    ] {
      let channel = TeamsChannel(
        settings: TeamsSettings(url: Redacted(fake.url + path)), surroundings: try .loopback())
      let result = await channel.send(.fixture(), now: sendingTime)
      #expect(result.outcome == .refused)
      #expect(result.failure == failure)
      #expect(result.answer.hasPrefix(status))
      #expect("\(result)".contains("sig=") == false)
    }
  }

  @Test(arguments: [
    ("429", SendResult.Outcome.retry(afterSeconds: nil), FailureReason.rateLimited),
    ("502", .retry(afterSeconds: nil), .serverError), ("413", .refused, .clientError),
  ])
  func `a good status may say that Teams did not take the card`(
    inner: String, outcome: SendResult.Outcome, failure: FailureReason
  ) async throws {
    let fake = try await FakeVendor("teams")
    defer { fake.stop() }
    let words =
      "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error "
      + "\(inner) with ContextId abc"
    try await fake.answer([["status": 200, "body": .string(words)]])
    let result = try await channel(fake).send(.fixture(), now: sendingTime)
    #expect(result.outcome == outcome)
    #expect(result.failure == failure)
  }

  @Test func `settings name the workflow by a file`() throws {
    try withSecrets(["url": "https://x.logic.azure.com:443/workflows/1?sig=abc"]) { folder in
      let read = try settings(TeamsSettings.self, "{url-file: url}", folder: folder)
      #expect(read.faults == [])
      #expect(read.settings?.urls == ["https://x.logic.azure.com:443"])
      #expect(read.settings?.messagesPerMinute == 30)
      let missing = try settings(TeamsSettings.self, "{url: https://x}", folder: folder)
      #expect(missing.settings == nil)
      #expect(missing.faults.count == 2)
    }
  }
}
