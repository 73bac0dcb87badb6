import AlertmanagerIntegration
import Alerting
import Cryptography
import Egress
import Foundation
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

@testable import WebhookIntegration

/// Debian's own Alertmanager, which tells a webhook of what it gets.
struct RealAlertmanager {
  static let program = "/usr/bin/prometheus-alertmanager"

  let url: String
  private let process: ChildProcess
  private let folder: URL
  private let client: EgressClient

  init(telling webhook: String) async throws {
    folder = FileManager.default.temporaryDirectory.appending(
      path: "tidemark-alertmanager-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let settings = """
      route: {receiver: hook, group_by: [customer_id], group_wait: 0s, group_interval: 1s}
      receivers: [{name: hook, webhook_configs: [{url: "\(webhook)"}]}]
      """
    let file = folder.appending(path: "alertmanager.yml")
    try Data(settings.utf8).write(to: file)
    // It tells its port among its errors, which the shell makes one with what it says.
    let words = [
      Self.program, "--config.file=\(file.path)", "--storage.path=\(folder.path)/data",
      "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=",
    ]
    process = try ChildProcess.start(
      ChildCommand(["sh", "-c", "exec \"$@\" 2>&1", "sh"] + words))
    do {
      let port = try await process.port(afterLineWith: "\"Listening on\"")
      url = "http://127.0.0.1:\(port)"
      client = try EgressClient(
        policy: EgressPolicy(privateHosts: ["127.0.0.1"], plaintextHosts: ["127.0.0.1"]))
    } catch {
      process.stop()
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  /// What it shows to people.
  func alerts() async throws -> [JSONValue] {
    let response = try await client.send(EgressRequest(method: .get, url: "\(url)/api/v2/alerts"))
    #expect(response.status == 200)
    return try #require(try JSONValue(parsing: response.body).arrayValue)
  }

  func stop() {
    client.close()
    process.stop()
    try? FileManager.default.removeItem(at: folder)
  }
}

@Suite(
  "A real Alertmanager",
  .enabled(if: FileManager.default.isExecutableFile(atPath: RealAlertmanager.program)),
  .timeLimit(.minutes(2)))
struct RealAlertmanagerTests {
  /// The moment of the test: an Alertmanager looks at the clock.
  private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }

  private func message(
    _ kind: NoticeKind = .opened, severity: NoticeSeverity = .critical, reference: String? = nil
  ) -> OutgoingMessage {
    let now = Self.now
    let notice = Notice.fixture(kind: kind) { notice in
      notice.severity = severity
      notice.customer.name = "Zoë & Söhne \"A/S\"\n<b>"
      notice.detectedUnixMicroseconds = now - 60_000_000
      notice.changedUnixMicroseconds = now - 1_000_000
    }
    return .fixture([notice], action: kind.isEnd ? .resolve : .trigger) {
      $0.reference = reference
      $0.groupLabels = ["customer": "c-81"]
    }
  }

  @Test func `it shows our alert, tells it on as we would, and drops it when it is over`()
    async throws
  {
    let hook = try await FakeVendor("webhook", ["format=alertmanager", "unsigned=yes"])
    defer { hook.stop() }
    let real = try await RealAlertmanager(telling: "\(hook.url)/hook")
    defer { real.stop() }
    let settings = AlertmanagerSettings(replicas: [real.url], labels: ["team": "cs"])
    let channel = try settings.channel(.loopback())

    let opened = message()
    let result = await channel.send(opened, now: Self.now)
    #expect(result.outcome == .taken, "\(result.answer)")
    let shown = try await real.alerts()
    #expect(shown.count == 1)
    let alert = try #require(shown.first)
    let ours = AlertmanagerAlert(opened.lead, in: opened, extraLabels: ["team": "cs"])
    #expect(
      alert["labels"]?.encoded(sortedKeys: true) == AlertmanagerAlert.object(ours.labels).encoded())
    #expect(
      alert["annotations"]?.encoded(sortedKeys: true)
        == AlertmanagerAlert.object(ours.annotations).encoded())
    #expect(alert["fingerprint"]?.stringValue == ours.fingerprint)
    #expect(alert["generatorURL"]?.stringValue == ours.generatorURL)
    #expect(alert["startsAt"]?.stringValue == "2013-02-08T00:00:00.000Z")
    #expect(alert["status"]?["state"]?.stringValue != "suppressed")

    // Told again before its end, it is the same alert.
    #expect(await channel.send(opened, now: Self.now).outcome == .taken)
    #expect(try await real.alerts().count == 1)

    try await hook.wait(for: 1)
    #expect(await channel.send(message(.resolved), now: Self.now).outcome == .taken)
    #expect(try await real.alerts().isEmpty)
    try await hook.wait(for: 2)
    let told = try hook.requests()
    #expect(told.map { $0.body["status"]?.stringValue } == ["firing", "resolved"])
    // The rules that our own webhooks are held against are those of the real one.
    #expect(told.flatMap(\.faults) == [])
  }

  @Test func `our webhook in its format says what its own would`() async throws {
    let hook = try await FakeVendor("webhook", ["format=alertmanager", "unsigned=yes"])
    defer { hook.stop() }
    let real = try await RealAlertmanager(telling: "\(hook.url)/hook")
    defer { real.stop() }
    let opened = message()
    let channel = try AlertmanagerSettings(replicas: [real.url]).channel(.loopback())
    #expect(await channel.send(opened, now: Self.now).outcome == .taken)
    try await hook.wait(for: 1)
    let theirs = try #require(try hook.requests().first?.body)
    let settings = WebhookSettings(
      url: Redacted(hook.url),
      secrets: [try #require(WebhookSecret(Redacted(WebhookTests.secret)))], format: .alertmanager)
    let body = WebhookBody(opened, id: "x", settings: settings, publicURL: nil)
    let ours = try JSONValue(parsing: body.bytes)
    #expect(
      Set(ours.objectValue?.keys ?? []).subtracting(["notification_reason"])
        == Set(theirs.objectValue?.keys ?? []))
    for key in ["version", "status", "truncatedAlerts"] {
      #expect(ours[key] == theirs[key], "\(key)")
    }
    for key in ["groupLabels", "commonLabels", "commonAnnotations"] {
      #expect(ours[key]?.encoded(sortedKeys: true) == theirs[key]?.encoded(sortedKeys: true))
    }
    let (our, their) = (ours["alerts"]?[0], theirs["alerts"]?[0])
    #expect(Set(our?.objectValue?.keys ?? []) == Set(their?.objectValue?.keys ?? []))
    for key in ["status", "labels", "annotations", "generatorURL", "fingerprint"] {
      let (one, other) = (our?[key], their?[key])
      #expect(one?.encoded(sortedKeys: true) == other?.encoded(sortedKeys: true), "\(key)")
    }
  }

  @Test func `a severity that changes leaves one alert, not two`() async throws {
    let hook = try await FakeVendor("webhook", ["format=alertmanager", "unsigned=yes"])
    defer { hook.stop() }
    let real = try await RealAlertmanager(telling: "\(hook.url)/hook")
    defer { real.stop() }
    let channel = try AlertmanagerSettings(replicas: [real.url]).channel(.loopback())
    let first = await channel.send(message(severity: .warning), now: Self.now)
    #expect(first.outcome == .taken)
    let second = await channel.send(
      message(.changed, severity: .critical, reference: first.reference), now: Self.now)
    #expect(second.outcome == .taken, "\(second.answer)")
    let severities = try await real.alerts().map { $0["labels"]?["severity"]?.stringValue }
    #expect(severities == ["critical"])
  }

  @Test func `every replica is told, and one that is gone keeps it from being taken`()
    async throws
  {
    let hook = try await FakeVendor("webhook", ["format=alertmanager", "unsigned=yes"])
    defer { hook.stop() }
    let one = try await RealAlertmanager(telling: "\(hook.url)/hook")
    defer { one.stop() }
    let two = try await RealAlertmanager(telling: "\(hook.url)/hook")
    let channel = try AlertmanagerSettings(replicas: [one.url, two.url]).channel(.loopback())
    #expect(await channel.send(message(), now: Self.now).outcome == .taken)
    #expect(try await one.alerts().count == 1)
    #expect(try await two.alerts().count == 1)
    two.stop()
    let half = await channel.send(message(.resolved), now: Self.now)
    #expect(half.outcome == .retry(afterSeconds: nil))
    #expect(half.mayHaveArrived)
    #expect(try await one.alerts().isEmpty)
  }
}
