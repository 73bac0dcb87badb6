import AlertmanagerIntegration
import Alerting
import Cryptography
import Egress
import Integration
import JSON
import ServiceRuntime
import SlackIntegration
import TeamsIntegration
import TestSupport
import Testing
import WebhookIntegration

/// The ways whose fakes can be told to fail, all in the same manner.
enum FailingWay: String, CaseIterable, Sendable {
  case slackWebhook, slackBot, teams, webhook, alertmanager

  var rules: String { rawValue.hasPrefix("slack") ? "slack" : rawValue }

  func settings(at url: String) throws -> any IntegrationSettings {
    switch self {
    case .slackWebhook:
      SlackSettings(way: .webhook(url: Redacted(url + "/services/T000/B000/secretsecret")))
    case .slackBot:
      SlackSettings(way: .bot(token: Redacted("xoxb"), channel: "C1", url: url + "/api"))
    case .teams: TeamsSettings(url: Redacted(url + TeamsTests.path))
    case .webhook:
      WebhookSettings(
        url: Redacted(url + "/hook"),
        secrets: [try #require(WebhookSecret(Redacted(WebhookTests.secret)))])
    case .alertmanager: AlertmanagerSettings(replicas: [url])
    }
  }

  /// Runs the body with a fake and a way to it.
  func with(
    milliseconds: Int = 5_000, _ body: (FakeVendor, any DeliveryChannel) async throws -> Void
  ) async throws {
    let fake = try await FakeVendor(rules, ["secret=\(WebhookTests.secret)"])
    defer { fake.stop() }
    let channel = try settings(at: fake.url).channel(.loopback(milliseconds: milliseconds))
    try await body(fake, channel)
  }
}

@Suite("What becomes of a message that is not taken", .timeLimit(.minutes(2)))
struct AnswersTests {
  @Test(arguments: FailingWay.allCases)
  func `too many at once is tried again when the other side says, and not before`(
    way: FailingWay
  ) async throws {
    try await way.with { fake, channel in
      try await fake.answer([["status": 429, "retry-after": 90, "body": "slow down"]])
      let result = await channel.send(.fixture(), now: sendingTime)
      #expect(result.outcome == .retry(afterSeconds: 90))
      #expect(result.failure == .rateLimited)
      #expect(!result.mayHaveArrived)
      // Others to the same receiver wait as well, where there is a limit.
      let other = OutgoingMessage.fixture(delivery: "another")
      let wait = channel.waitMicroseconds(for: other, now: sendingTime + 1_000_000)
      #expect(way == .alertmanager || wait ?? 0 >= 89_000_000)
    }
  }

  @Test(arguments: FailingWay.allCases)
  func `what the other side finds wrong is final`(way: FailingWay) async throws {
    try await way.with { fake, channel in
      try await fake.answer([["status": 400, "body": "no good"]])
      let result = await channel.send(.fixture(), now: sendingTime)
      #expect(result.outcome == .refused)
      #expect(result.failure == .clientError)
      #expect(result.answer.hasPrefix("400"))
    }
  }

  @Test(arguments: FailingWay.allCases)
  func `credentials that are refused are final and called so`(way: FailingWay) async throws {
    try await way.with { fake, channel in
      try await fake.answer([["status": 403]])
      let result = await channel.send(.fixture(), now: sendingTime)
      #expect(result.outcome == .refused)
      #expect(result.failure == .authError)
    }
  }

  @Test(arguments: FailingWay.allCases)
  func `a failure of the other side passes, and the message may have arrived`(
    way: FailingWay
  ) async throws {
    try await way.with { fake, channel in
      try await fake.answer([["status": 500], ["accept-then": 503], [:]])
      for _ in 0..<2 {
        let result = await channel.send(.fixture(), now: sendingTime)
        #expect(result.outcome == .retry(afterSeconds: nil))
        #expect(result.failure == .serverError)
        #expect(result.mayHaveArrived)
      }
      #expect(await channel.send(.fixture(), now: sendingTime).outcome == .taken)
      #expect(try fake.requests().flatMap(\.faults) == [])
    }
  }

  @Test(arguments: FailingWay.allCases)
  func `who hangs, answers too slowly or hangs up is tried again`(way: FailingWay) async throws {
    try await way.with(milliseconds: 400) { fake, channel in
      try await fake.answer([
        ["hang": true, "seconds": 5],
        ["status": 200, "body": .string(String(repeating: "o", count: 200)), "slow": 0.05],
        ["cut": true],
      ])
      for failure in [
        FailureReason.contextDeadlineExceeded, .contextDeadlineExceeded, .serverError,
      ] {
        let result = await channel.send(.fixture(), now: sendingTime)
        #expect(result.outcome == .retry(afterSeconds: nil))
        #expect(result.failure == failure)
        #expect(result.mayHaveArrived)
      }
    }
  }

  @Test(arguments: FailingWay.allCases)
  func `a redirect is not followed`(way: FailingWay) async throws {
    try await way.with { fake, channel in
      try await fake.answer([["status": 307, "location": .string(fake.url + "/elsewhere")]])
      let result = await channel.send(.fixture(), now: sendingTime)
      #expect(result.outcome == .refused)
      #expect(try fake.requests().count == 1)
    }
  }

  @Test(arguments: FailingWay.allCases)
  func `where nobody listens nothing has arrived`(way: FailingWay) async throws {
    let channel = try way.settings(at: "http://127.0.0.1:1").channel(.loopback())
    let result = await channel.send(.fixture(), now: sendingTime)
    #expect(result.outcome == .retry(afterSeconds: nil))
    #expect(result.failure == .other)
    #expect(!result.mayHaveArrived)
  }

  @Test(arguments: FailingWay.allCases)
  func `nothing is sent to a private address that is not allowed`(way: FailingWay) async throws {
    let fake = try await FakeVendor(way.rules)
    defer { fake.stop() }
    let policy = EgressPolicy(plaintextHosts: ["127.0.0.1"])
    let channel = try way.settings(at: fake.url).channel(
      ChannelSurroundings(
        egress: try EgressClient(policy: policy), policy: policy, publicURL: nil,
        totalMilliseconds: 5_000))
    let result = await channel.send(.fixture(), now: sendingTime)
    #expect(result.outcome == .refused)
    #expect(result.failure == .clientError)
    #expect(try fake.requests().isEmpty)
  }
}
