import Alerting
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

@testable import AlertmanagerIntegration

@Suite("Alerts to Alertmanager", .timeLimit(.minutes(2)))
struct AlertmanagerTests {
  private func alerts(
    _ message: OutgoingMessage, labels: Labels = [:], now: Int64 = sendingTime
  ) throws -> [JSONValue] {
    let settings = AlertmanagerSettings(replicas: ["http://a"], labels: labels, resendInterval: 60)
    let post = AlertmanagerPost(message, settings: settings, now: now)
    return try #require(try JSONValue(parsing: post.body).arrayValue)
  }

  @Test func `labels say which alert it is, annotations how it stands`() throws {
    let alert = try #require(try alerts(.fixture(), labels: ["team": "cs", "metric": "x"]).first)
    #expect(
      alert["labels"] == [
        "alertname": "UsageAnomaly", "anomaly_type": "drop", "csm": "ada@example.org",
        "customer_id": "c-81", "metric": "api_calls", "segment": "enterprise",
        "severity": "critical", "team": "cs",
      ])
    let annotations = try #require(alert["annotations"])
    #expect(annotations["baseline"]?.stringValue == "45000.0")
    #expect(annotations["actual"]?.stringValue == "15000.0")
    #expect(annotations["possible_cause"]?.stringValue == "Integration issue or migration")
    #expect(alert["startsAt"]?.stringValue == "2013-02-08T00:00:00.000Z")
    // Three intervals of 60 seconds after the moment of sending.
    #expect(alert["endsAt"]?.stringValue == "2013-02-08T14:06:20.000Z")
    #expect(alert["generatorURL"]?.stringValue?.hasPrefix("https://tidemark.example.org/") == true)
  }

  @Test func `figures may change, the alert stays the same one`() throws {
    let later = Notice.fixture(kind: .changed) { notice in
      notice.revision = 9
      notice.actual = 3
      notice.durationBuckets = 12
      notice.summary = "99% drop in API calls"
      notice.state = "worsening"
    }
    #expect(try alerts(.fixture())[0]["labels"] == alerts(.fixture([later]))[0]["labels"])
  }

  @Test func `a trial is never taken for the real alert, and nothing empty is a label`() throws {
    let blank = Notice.fixture { $0.customer.segment = "" }
    let labels = try alerts(.fixture([blank], mark: .test))[0]["labels"]
    #expect(labels?["mark"]?.stringValue == "test")
    #expect(labels?["segment"] == nil)
  }

  @Test func `what is over ends when it ended, and never before it began`() throws {
    let notices = [Notice.fixture(1), .fixture(2, kind: .resolved)]
    let group = try alerts(.fixture(notices))
    #expect(group[0]["endsAt"]?.stringValue == "2013-02-08T14:06:20.000Z")
    #expect(group[1]["endsAt"]?.stringValue == "2013-02-08T14:01:40.000Z")
    let all = try alerts(.fixture(notices, action: .resolve))
    let ends = all.map { $0["endsAt"]?.stringValue }
    #expect(ends == ["2013-02-08T14:01:40.000Z", "2013-02-08T14:01:40.000Z"])
    // A day of a zone in the far east begins before that of UTC.
    let early = Notice.fixture(kind: .resolved) { $0.start = Bucket(.day, 15_745) }
    let alert = try alerts(.fixture([early], action: .resolve))[0]
    #expect(alert["startsAt"]?.stringValue == "2013-02-08T14:00:00.000Z")
    #expect(alert["endsAt"]?.stringValue == "2013-02-08T14:01:40.000Z")
  }

  @Test func `an alert whose labels change is ended under the former ones`() throws {
    let settings = AlertmanagerSettings(replicas: ["http://a"])
    let first = AlertmanagerPost(.fixture([.fixture(1), .fixture(2)]), settings: settings, now: 0)
    let milder = Notice.fixture(1, kind: .changed) { $0.severity = .warning }
    let message = OutgoingMessage.fixture([milder]) { $0.reference = first.reference }
    let second = AlertmanagerPost(message, settings: settings, now: sendingTime)
    let alerts = try #require(try JSONValue(parsing: second.body).arrayValue)
    #expect(alerts.map { $0["labels"]?["severity"]?.stringValue } == ["warning", "critical"])
    #expect(alerts[1]["endsAt"]?.stringValue == "2013-02-08T14:03:20.000Z")
    // The other one still fires; its labels are still known, and those of the first are new.
    let third = OutgoingMessage.fixture([.fixture(2, kind: .resolved)]) {
      $0.reference = second.reference
    }
    let last = AlertmanagerPost(third, settings: settings, now: sendingTime)
    #expect(last.reference.contains("warning"))
    #expect(last.reference.contains("critical") == false)
    #expect(try JSONValue(parsing: last.body).arrayValue?.count == 1)
  }

  @Test func `a long memory is cut, and what is no memory is none`() throws {
    let settings = AlertmanagerSettings(replicas: ["http://a"])
    let notices = (1...200).map { Notice.fixture(UInt64($0)) }
    let post = AlertmanagerPost(.fixture(notices), settings: settings, now: sendingTime)
    #expect(post.reference.utf8.count <= AlertmanagerPost.referenceBytesLimit)
    #expect(post.reference.utf8.count > AlertmanagerPost.referenceBytesLimit / 2)
    let other = OutgoingMessage.fixture { $0.reference = "C1/1.1" }
    #expect(try alerts(other).count == 1)
  }

  @Test func `all replicas must take it, and only what all refuse is final`() async throws {
    let first = try await FakeVendor("alertmanager")
    defer { first.stop() }
    let second = try await FakeVendor("alertmanager")
    defer { second.stop() }
    let channel = try AlertmanagerSettings(replicas: [first.url, second.url]).channel(.loopback())
    #expect(await channel.send(.fixture(), now: sendingTime).outcome == .taken)

    try await second.answer([["status": 503, "retry-after": 9]])
    let half = await channel.send(.fixture(), now: sendingTime)
    #expect(half.outcome == .retry(afterSeconds: 9))
    #expect(half.failure == .serverError)
    #expect(half.mayHaveArrived)
    #expect(half.answer.hasPrefix("\(first.url): 200; \(second.url): 503"))

    try await second.answer([["status": 400, "body": "\"no\"", "content-type": "application/json"]])
    let disputed = await channel.send(.fixture(), now: sendingTime)
    #expect(disputed.outcome == .retry(afterSeconds: nil))

    for fake in [first, second] { try await fake.answer([["status": 400, "body": "no"]]) }
    let refused = await channel.send(.fixture(), now: sendingTime)
    #expect(refused.outcome == .refused)
    #expect(!refused.mayHaveArrived)
    #expect(try first.requests().flatMap(\.faults) == [])
    #expect(try first.requests().count == 4)
  }

  @Test func `credentials are shown to a proxy that asks, and to no log`() async throws {
    for (setting, credentials) in [
      ("token=secret-one", AlertmanagerSettings.Credentials.bearer(Redacted("secret-one"))),
      ("user=tide:secret:two", .basic(username: "tide", password: Redacted("secret:two"))),
    ] {
      let fake = try await FakeVendor("alertmanager", [setting])
      defer { fake.stop() }
      let good = try AlertmanagerSettings(replicas: [fake.url], credentials: credentials)
        .channel(.loopback())
      let result = await good.send(.fixture(), now: sendingTime)
      #expect(result.outcome == .taken)
      #expect("\(result)\(good)".contains("secret") == false)
      let none = try AlertmanagerSettings(replicas: [fake.url]).channel(.loopback())
      #expect(await none.send(.fixture(), now: sendingTime).failure == .authError)
    }
  }

  @Test func `settings name every replica and say when to tell again`() throws {
    try withSecrets(["secret": "s"]) { folder in
      let read = try settings(
        AlertmanagerSettings.self,
        "{urls: [https://a:9093/, https://b/prefix], labels: {team: cs}, resend-seconds: 60}",
        folder: folder)
      #expect(read.faults == [])
      #expect(read.settings?.urls == ["https://a:9093", "https://b/prefix"])
      #expect(read.settings?.labels == ["team": "cs"])
      let way: (any IntegrationSettings)? = read.settings
      #expect(way?.resendSeconds == 60)
      for (text, fault) in [
        ("{}", "'urls' is missing"), ("{urls: []}", "'urls' is empty"),
        ("{urls: [ftp://a]}", "must begin with"), ("{urls: [https://a, https://a/]}", "twice"),
        ("{urls: [https://a/api/v2/alerts]}", "without /api/v2/alerts"),
        ("{urls: [https://a], labels: {1x: y}}", "a label has a name"),
        ("{urls: [https://a], resend-seconds: 1}", "from 10 to 86400"),
        ("{urls: [https://a], username: x}", "go together"),
        (
          "{urls: [https://a], username: x, password-file: secret, bearer-token-file: secret}",
          "exclude each other"
        ),
      ] {
        let read = try settings(AlertmanagerSettings.self, text, folder: folder)
        #expect(read.faults.contains { $0.contains(fault) }, "\(text): \(read.faults)")
      }
    }
  }
}
