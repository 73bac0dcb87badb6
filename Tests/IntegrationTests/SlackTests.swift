import Alerting
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

@testable import SlackIntegration

@Suite("Messages to Slack", .timeLimit(.minutes(2)))
struct SlackTests {
  private static let token = "xoxb-secret-token"
  private static let webhookPath = "/services/T000/B000/secretsecret"

  private func webhook(_ fake: FakeVendor) throws -> SlackChannel {
    SlackChannel(
      settings: SlackSettings(way: .webhook(url: Redacted(fake.url + Self.webhookPath))),
      surroundings: try .loopback())
  }

  private func bot(
    _ fake: FakeVendor, _ followUp: SlackSettings.FollowUp = .both, channel: String = "C012AB3CD"
  ) throws -> SlackChannel {
    SlackChannel(
      settings: SlackSettings(
        way: .bot(token: Redacted(Self.token), channel: channel, url: fake.url + "/api"),
        followUp: followUp),
      surroundings: try .loopback())
  }

  private func withBot(_ body: (FakeVendor) async throws -> Void) async throws {
    let fake = try await FakeVendor(
      "slack", ["token=\(Self.token)", "channel=C012AB3CD", "user=U012AB3CD", "user=U999"])
    defer { fake.stop() }
    try await body(fake)
  }

  @Test func `the lead is told in full, the others in a line each, the rest is counted`() throws {
    let notices = (1...12).map { number in
      Notice.fixture(UInt64(number)) { $0.customer.name = "R&D <\(number)>" }
    }
    let message = SlackMessage(.fixture(notices, omitted: 30))
    #expect(message.text == "[Critical] R&amp;D &lt;1&gt;: 67% drop in API calls")
    let text = JSONValue.array(message.blocks).encoded()
    for part in [
      "for 5 days so far", "45,000/day", "Integration issue or migration", "Contact customer",
      "Expected ████████████████████████ 45,000/day", "Actual   ████████ 15,000/day",
      "[Critical] R&amp;D &lt;9&gt;: 67% drop", "… and 33 more", "Open in Tidemark",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(text.contains("R&amp;D &lt;10&gt;") == false)
    #expect(message.blocks.count <= 10)
  }

  @Test(arguments: HostileName.allCases)
  func `whatever a customer is called, the message is within Slack's limits`(name: HostileName)
    async throws
  {
    let fake = try await FakeVendor("slack")
    defer { fake.stop() }
    let result = try await webhook(fake).send(
      .fixture(name.notices(12), omitted: 3), now: sendingTime)
    let requests = try fake.requests()
    #expect(requests.first?.faults == [])
    #expect(result.outcome == .taken)
    let blocks = try #require(requests.first?.body["blocks"])
    let texts = SlackTests.texts(blocks)
    #expect(texts.map(\.utf16.count).reduce(0, +) <= SlackMessage.totalLimit)
    #expect(texts.allSatisfy { !$0.contains("<!") })
  }

  private static func texts(_ value: JSONValue) -> [String] {
    if let list = value.arrayValue { return list.flatMap(texts) }
    let members = value.objectValue?.members ?? []
    let own = value["text"]?.stringValue.map { [$0] } ?? []
    return own + members.flatMap { texts($0.value) }
  }

  @Test(arguments: [(149, false), (150, false), (151, true)])
  func `a text is cut at its limit and never inside an escape`(count: Int, isCut: Bool) {
    let plain = SlackMessage.escaped(String(repeating: "x", count: count), limit: 150)
    #expect(plain.utf16.count == min(count, 150))
    #expect(plain.hasSuffix("…") == isCut)
    let escaped = SlackMessage.escaped(String(repeating: "&", count: count), limit: 150)
    #expect(escaped.utf16.count <= 150)
    #expect(escaped.hasSuffix("&amp;…"))
  }

  @Test func `a webhook is good only if it says ok`() async throws {
    let fake = try await FakeVendor("slack")
    defer { fake.stop() }
    let channel = try webhook(fake)
    try await fake.answer([[:], ["status": 200, "body": "invalid_token"]])
    let good = await channel.send(.fixture(mark: .test), now: sendingTime)
    #expect(good.outcome == .taken)
    #expect(good.reference == nil)
    #expect(good.payload.contains("[TEST] [Critical] DataFlow Systems"))
    let bad = await channel.send(.fixture(), now: sendingTime)
    #expect(bad.outcome == .refused)
    #expect(bad.answer == "200: invalid_token")
    let toPerson = OutgoingMessage.fixture { $0.recipients = [.init(name: "ada", slackUser: "U1")] }
    #expect(await channel.send(toPerson, now: sendingTime).outcome == .refused)
    #expect(try fake.requests().count == 2)
  }

  @Test func `a webhook that was taken away is final, and its address is not told`() async throws {
    let fake = try await FakeVendor("slack")
    defer { fake.stop() }
    let url = Redacted(fake.url + "/services/T000/B000/goneaway")
    let channel = SlackChannel(
      settings: SlackSettings(way: .webhook(url: url)), surroundings: try .loopback())
    let result = await channel.send(.fixture(), now: sendingTime)
    #expect(result.outcome == .refused)
    #expect(result.answer == "404: no_service")
    #expect("\(result)".contains("goneaway") == false)
    #expect(channel.settings.urls == [fake.url])
  }

  @Test(arguments: [
    (SlackSettings.FollowUp.both, ["posted", "updated", "replied"]),
    (.update, ["posted", "updated"]), (.reply, ["posted", "replied"]),
  ])
  func `what follows goes on in the thread of the first message`(
    followUp: SlackSettings.FollowUp, effects: [String]
  ) async throws {
    try await withBot { fake in
      let channel = try bot(fake, followUp)
      let first = await channel.send(.fixture(), now: sendingTime)
      #expect(first.outcome == .taken)
      let reference = try #require(first.reference)
      #expect(reference == "C012AB3CD/1360332300.000001")
      let end = OutgoingMessage.fixture([.fixture(kind: .resolved)], action: .resolve) {
        $0.reference = reference
        $0.reason = .allResolved
      }
      let last = await channel.send(end, now: sendingTime)
      #expect(last.outcome == .taken)
      #expect(last.reference == reference)
      let requests = try fake.requests()
      #expect(requests.map(\.effect) == effects)
      let text = requests.last?.body["text"]?.stringValue
      #expect(text?.hasPrefix("[Resolved] DataFlow Systems") == true)
      #expect(requests.last?.body["reply_broadcast"] == nil)
      #expect("\(first)\(last)".contains(Self.token) == false)
    }
  }

  @Test func `news of an open thread is shown to all of the channel`() async throws {
    try await withBot { fake in
      let channel = try bot(fake, .reply)
      let first = await channel.send(.fixture(), now: sendingTime)
      let escalation = OutgoingMessage.fixture {
        $0.reference = first.reference
        $0.reason = .escalation
      }
      #expect(await channel.send(escalation, now: sendingTime).outcome == .taken)
      let last = try #require(try fake.requests().last)
      #expect(last.body["reply_broadcast"]?.boolValue == true)
      #expect(last.body.encoded().contains("nobody has taken this on so far"))
    }
  }

  @Test func `a first message that is gone is posted anew, one that is closed is replied to`()
    async throws
  {
    try await withBot { fake in
      let channel = try bot(fake)
      let lost = OutgoingMessage.fixture { $0.reference = "C012AB3CD/1.000001" }
      let anew = await channel.send(lost, now: sendingTime)
      #expect(anew.outcome == .taken)
      #expect(anew.reference == "C012AB3CD/1360332300.000001")
      try await fake.answer([
        ["status": 200, "body": ["ok": false, "error": "edit_window_closed"]]
      ])
      let next = OutgoingMessage.fixture { $0.reference = anew.reference }
      #expect(await channel.send(next, now: sendingTime).outcome == .taken)
      #expect(try fake.requests().map(\.effect).last == "replied")
    }
  }

  @Test func `people are told by direct message, and no one twice of the beginning`() async throws {
    try await withBot { fake in
      let channel = try bot(fake)
      let message = OutgoingMessage.fixture {
        $0.recipients = [
          .init(name: "ada", slackUser: "U012AB3CD"), .init(name: "bob", slackUser: "U999"),
        ]
      }
      try await fake.answer([[:], ["status": 500]])
      let half = await channel.send(message, now: sendingTime)
      #expect(half.outcome == .retry(afterSeconds: nil))
      #expect(half.mayHaveArrived)
      let reference = try #require(half.reference)
      #expect(reference == "D012AB3CD/1360332300.000001 -")
      var again = message
      again.attempt = 2
      again.reference = reference
      let whole = await channel.send(again, now: sendingTime)
      #expect(whole.outcome == .taken)
      #expect(whole.reference == "D012AB3CD/1360332300.000001 D999/1360332300.000002")
      let channels = try fake.requests().compactMap { $0.body["channel"]?.stringValue }
      #expect(channels == ["U012AB3CD", "U999", "U999"])
      let unknown = OutgoingMessage.fixture { $0.recipients = [.init(name: "eve")] }
      let refused = await channel.send(unknown, now: sendingTime)
      #expect(refused.outcome == .refused)
      #expect(refused.answer == "eve: no identity in Slack is known")
    }
  }

  @Test(arguments: [
    ("channel_not_found", SendResult.Outcome.refused, FailureReason.clientError),
    ("is_archived", .refused, .clientError), ("not_in_channel", .refused, .clientError),
    ("a_word_of_next_year", .refused, .clientError), ("invalid_auth", .refused, .authError),
    ("token_revoked", .refused, .authError), ("missing_scope", .refused, .authError),
    ("ratelimited", .retry(afterSeconds: 7), .rateLimited),
    ("internal_error", .retry(afterSeconds: 7), .serverError),
    ("service_unavailable", .retry(afterSeconds: 7), .serverError),
  ])
  func `a bot reads what is wrong from the body`(
    word: String, outcome: SendResult.Outcome, failure: FailureReason
  ) async throws {
    try await withBot { fake in
      try await fake.answer([
        ["status": 200, "retry-after": 7, "body": ["ok": false, "error": .string(word)]]
      ])
      let result = try await bot(fake).send(.fixture(), now: sendingTime)
      #expect(result.outcome == outcome)
      #expect(result.failure == failure)
      #expect(result.answer == "200: \(word)")
    }
  }

  @Test func `a bot that is not known and a channel that is not there are final`() async throws {
    try await withBot { fake in
      let result = try await bot(fake, channel: "C000").send(.fixture(), now: sendingTime)
      #expect(result.answer == "200: channel_not_found")
      #expect(result.outcome == .refused)
      try await fake.answer([["status": 200, "body": "<html>an outage</html>"]])
      let page = try await bot(fake).send(.fixture(), now: sendingTime)
      #expect(page.outcome == .retry(afterSeconds: nil))
      #expect(page.mayHaveArrived)
    }
  }

  @Test func `settings name a webhook or a bot`() throws {
    let secrets = [
      "hook": "https://hooks.slack.com/services/T/B/x\n", "token": Self.token, "bad": "hooks\n",
    ]
    try withSecrets(secrets) { folder in
      let hook = try settings(SlackSettings.self, "{webhook-url-file: hook}", folder: folder)
      #expect(hook.faults == [])
      #expect(hook.settings?.urls == ["https://hooks.slack.com"])
      let bot = try settings(
        SlackSettings.self, "{bot-token-file: token, channel: C1, follow-up: update}",
        folder: folder)
      #expect(bot.faults == [])
      #expect(bot.settings?.followUp == .update)
      #expect(bot.settings?.personAddress == .slack)
      #expect(hook.settings?.personAddress == nil)
      #expect(bot.settings?.urls == ["https://slack.com/api"])
      for (text, fault) in [
        ("{}", "needs either"), ("{webhook-url-file: hook, bot-token-file: token}", "needs either"),
        ("{webhook-url-file: hook, channel: C1}", "'channel' is for a bot"),
        ("{bot-token-file: token}", "'channel' is missing"),
        ("{webhook-url-file: bad}", "must hold an address"), ("{token: x}", "unknown key 'token'"),
        ("{bot-token-file: token, channel: C1, follow-up: shout}", "must be one of both"),
      ] {
        let read = try settings(SlackSettings.self, text, folder: folder)
        #expect(read.faults.contains { $0.contains(fault) }, "\(text): \(read.faults)")
      }
    }
  }
}
