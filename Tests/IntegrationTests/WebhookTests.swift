import Alerting
import Cryptography
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

@testable import WebhookIntegration

@Suite("Signed webhooks", .timeLimit(.minutes(2)))
struct WebhookTests {
  static let secret = "whsec_" + Base64.encode([UInt8](repeating: 7, count: 32))
  static let newSecret = "whsec_" + Base64.encode(Array(0..<24))

  private func channel(
    _ fake: FakeVendor, _ secrets: [String] = [Self.secret],
    _ format: WebhookSettings.Format = .tidemark, _ mode: WebhookSettings.Mode = .binary
  ) throws -> WebhookChannel {
    WebhookChannel(
      settings: WebhookSettings(
        url: Redacted("\(fake.url)/hook"),
        secrets: try secrets.map { try #require(WebhookSecret(Redacted($0))) }, format: format,
        mode: mode),
      surroundings: try .loopback())
  }

  private static func fake(_ format: String = "tidemark", _ secret: String = secret) async throws
    -> FakeVendor
  {
    try await FakeVendor(
      "webhook",
      ["secret=\(secret)", "format=\(format)", "now=\(sendingTime / 1_000_000)"])
  }

  @Test func `the signature is that of the specification's own example`() throws {
    // The example of the reference libraries of Standard Webhooks.
    let secret = try #require(WebhookSecret(Redacted("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
    let signature = secret.signature(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330,
      body: Array(#"{"test": 2432232314}"#.utf8))
    #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  }

  @Test(arguments: [
    (WebhookSettings.Format.tidemark, WebhookSettings.Mode.binary, "tidemark"),
    (.cloudevents, .binary, "binary"), (.cloudevents, .structured, "structured"),
    (.alertmanager, .binary, "alertmanager"),
  ])
  func `every format is signed and in its form`(
    format: WebhookSettings.Format, mode: WebhookSettings.Mode, name: String
  ) async throws {
    let fake = try await Self.fake(name)
    defer { fake.stop() }
    let channel = try channel(fake, [Self.secret], format, mode)
    let several = (1...3).map { number in
      Notice.fixture(UInt64(number), kind: number == 2 ? .resolved : .changed) {
        $0.customer.name = "Zoë \"%\" \(number)"
      }
    }
    for message in [
      OutgoingMessage.fixture(),
      .fixture([.fixture(kind: .resolved)], action: .resolve),
      .fixture(several, omitted: 3, mark: .test) { $0.groupLabels = ["customer": "c-81"] },
    ] {
      let result = await channel.send(message, now: sendingTime)
      #expect(result.outcome == .taken, "\(result.answer)")
    }
    #expect(try fake.requests().flatMap(\.faults) == [])
  }

  @Test func `a repetition has the same identity and body, and a moment of its own`() async throws {
    let fake = try await Self.fake()
    defer { fake.stop() }
    let channel = try channel(fake)
    _ = await channel.send(.fixture(), now: sendingTime)
    _ = await channel.send(.fixture { $0.attempt = 2 }, now: sendingTime + 60_000_000)
    let requests = try fake.requests()
    #expect(requests.map(\.effect) == ["taken", "taken"])
    #expect(requests[0].body == requests[1].body)
    #expect(requests[0].headers["webhook-id"] == "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
    #expect(requests[0].headers["webhook-id"] == requests[1].headers["webhook-id"])
    #expect(requests.map { $0.headers["webhook-timestamp"] } == ["1360332200", "1360332260"])
    #expect(requests[0].headers["webhook-signature"] != requests[1].headers["webhook-signature"])
  }

  @Test func `a dot in an identity does not reach into what is signed behind it`() async throws {
    let fake = try await Self.fake()
    defer { fake.stop() }
    _ = try await channel(fake).send(.fixture(delivery: "a.1.b"), now: sendingTime)
    #expect(try fake.requests().first?.headers["webhook-id"] == "a-1-b")
    #expect(try fake.requests().first?.effect == "taken")
  }

  @Test func `while secrets are changed both sign, and either is enough`() async throws {
    for known in [Self.secret, Self.newSecret] {
      let fake = try await Self.fake("tidemark", known)
      defer { fake.stop() }
      let both = try await channel(fake, [Self.newSecret, Self.secret]).send(
        .fixture(), now: sendingTime)
      #expect(both.outcome == .taken)
      let other = known == Self.secret ? Self.newSecret : Self.secret
      let wrong = try await channel(fake, [other]).send(.fixture(), now: sendingTime)
      #expect(wrong.outcome == .refused)
      #expect(wrong.failure == .authError)
      #expect(try fake.requests().map(\.faults) == [[], ["no signature fits"]])
    }
  }

  @Test func `the body says all that is known`() async throws {
    let fake = try await Self.fake()
    defer { fake.stop() }
    _ = try await channel(fake).send(.fixture(), now: sendingTime)
    let body = try #require(try fake.requests().first?.body)
    #expect(body["type"]?.stringValue == "tidemark.anomaly.opened")
    #expect(body["timestamp"]?.stringValue == "2013-02-08T14:01:40.000Z")
    let data = try #require(body["data"])
    #expect(data["thread"]?.stringValue == OutgoingMessage.thread)
    let anomaly = try #require(data["anomalies"]?[0])
    #expect(anomaly["customer"]?["id"]?.stringValue == "c-81")
    #expect(anomaly["baseline"]?.doubleValue == 45_000)
    #expect(anomaly["actual"]?.doubleValue == 15_000)
    #expect(anomaly["started_at"]?.stringValue == "2013-02-08T00:00:00.000Z")
    #expect(anomaly["possible_cause"]?.stringValue == "Integration issue or migration")
  }

  @Test func `anomalies are left out from the end until the body is small enough`() async throws {
    let fake = try await Self.fake()
    defer { fake.stop() }
    let notices = (1...200).map { Notice.fixture(UInt64($0)) }
    _ = try await channel(fake).send(.fixture(notices, omitted: 5), now: sendingTime)
    let request = try #require(try fake.requests().first)
    #expect(request.bytes <= WebhookBody.recommendedBytes)
    let shown = request.body["data"]?["anomalies"]?.arrayValue ?? []
    #expect(shown.count > 5)
    #expect(shown.first?["customer"]?["id"]?.stringValue == "c-81")
    #expect(request.body["data"]?["omitted_count"]?.integerValue == Int64(205 - shown.count))
  }

  @Test(arguments: [
    (302, SendResult.Outcome.refused, FailureReason.clientError),
    (410, .disabled, .clientError), (404, .refused, .clientError), (401, .refused, .authError),
    (429, .retry(afterSeconds: 60), .rateLimited), (502, .retry(afterSeconds: 60), .serverError),
    (504, .retry(afterSeconds: 60), .serverError), (500, .retry(afterSeconds: nil), .serverError),
  ])
  func `answers mean what the specification says`(
    status: Int, outcome: SendResult.Outcome, failure: FailureReason
  ) async throws {
    let fake = try await Self.fake()
    defer { fake.stop() }
    try await fake.answer([
      ["status": .integer(Int64(status)), "location": .string(fake.url + "/next")]
    ])
    let result = try await channel(fake).send(.fixture(), now: sendingTime)
    #expect(result.outcome == outcome)
    #expect(result.failure == failure)
    #expect(result.answer.hasPrefix("\(status)"))
    #expect(try fake.requests().map(\.path) == ["/hook"])
  }

  @Test(arguments: [(23, false), (24, true), (64, true), (65, false)])
  func `a secret has 24 to 64 bytes`(count: Int, isGood: Bool) {
    let text = "whsec_" + Base64.encode([UInt8](repeating: 1, count: count))
    #expect((WebhookSecret(Redacted(text)) != nil) == isGood)
    #expect(WebhookSecret(Redacted(String(text.dropFirst(6)))) == nil)
    #expect(WebhookSecret(Redacted("whsec_%%%")) == nil)
  }

  @Test func `settings name the endpoint, its secrets and the format`() throws {
    let secrets = [
      "a": Self.secret, "b": Self.newSecret, "bad": "whsec_short",
      "url": "https://hooks.example.org/x?key=abc",
    ]
    try withSecrets(secrets) { folder in
      let read = try settings(
        WebhookSettings.self,
        "{url-file: url, secret-files: [b, a], format: cloudevents, mode: structured}",
        folder: folder)
      #expect(read.faults == [])
      #expect(read.settings?.secrets.count == 2)
      #expect(read.settings?.mode == .structured)
      #expect(read.settings?.urls == ["https://hooks.example.org"])
      for (text, fault) in [
        ("{url: https://x}", "needs either 'secret-file' or"),
        ("{secret-file: a}", "needs either 'url' or"),
        ("{url: https://x, secret-file: bad}", "must hold whsec_"),
        ("{url: https://x, secret-files: [a, b, a]}", "names one secret"),
        ("{url: https://x, secret-file: a, mode: binary}", "'mode' is for"),
        ("{url: https://x, secret-file: a, format: xml}", "must be one of tidemark"),
        ("{url: ftp://x, secret-file: a}", "must begin with https://"),
      ] {
        let read = try settings(WebhookSettings.self, text, folder: folder)
        #expect(read.faults.contains { $0.contains(fault) }, "\(text): \(read.faults)")
      }
    }
  }
}
