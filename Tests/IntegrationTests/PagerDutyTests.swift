import Alerting
import Egress
import Foundation
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import TestSupport
import Testing

@testable import PagerDutyIntegration

@Suite("Messages to PagerDuty", .timeLimit(.minutes(2)))
struct PagerDutyTests {
  private static let key = "0123456789abcdef0123456789abcdef"

  private func event(_ message: OutgoingMessage) throws -> JSONValue {
    try JSONValue(parsing: PagerDutyEvent(message, routingKey: Self.key).body)
  }

  @Test func `an acknowledgement and an end carry the key of the thread and nothing else`() throws {
    for action in [OutgoingMessage.Action.acknowledge, .resolve] {
      let event = try event(.fixture(action: action))
      #expect(event["event_action"]?.stringValue == action.rawValue)
      #expect(event["dedup_key"]?.stringValue == OutgoingMessage.thread)
      #expect(event.objectValue?.keys.sorted() == ["dedup_key", "event_action", "routing_key"])
    }
  }

  @Test func `the lead is told in full, the others in a line each, and the rest is counted`() throws
  {
    let notices = (1...3).map { number in
      Notice.fixture(UInt64(number)) { $0.customer.name = "Customer \(number)" }
    }
    let payload = try #require(try event(.fixture(notices, omitted: 7))["payload"])
    let details = try #require(payload["custom_details"])
    #expect(payload["summary"]?.stringValue == "[Critical] Customer 1: 67% drop in API calls")
    #expect(details["Possible cause"]?.stringValue == "Integration issue or migration")
    let also = details["Also"]?.arrayValue?.compactMap(\.stringValue) ?? []
    #expect(also.map { String($0.prefix(10)) } == ["Customer 2", "Customer 3"])
    #expect(details["And more"]?.integerValue == 7)
  }

  @Test(arguments: [1_023, 1_024, 1_025])
  func `a summary is cut at 1,024 characters`(count: Int) throws {
    let message = OutgoingMessage.fixture { $0.subject = String(repeating: "ü", count: count) }
    let summary = try #require(try event(message)["payload"]?["summary"]?.stringValue)
    #expect(summary.unicodeScalars.count == min(count, 1_024))
    #expect(summary.hasSuffix("…") == (count > 1_024))
  }

  @Test func `a mark stands in front, and a blank text is filled`() throws {
    let marked = try event(.fixture(mark: .test))
    #expect(marked["payload"]?["summary"]?.stringValue?.hasPrefix("[TEST] [Critical] ") == true)
    let blank = OutgoingMessage.fixture([.fixture { $0.customer.externalID = " " }]) {
      $0.subject = "\n"
    }
    let payload = try event(blank)["payload"]
    #expect(payload?["summary"]?.stringValue == "(none)")
    #expect(payload?["source"]?.stringValue == "(none)")
  }

  @Test func `an event of more than 512,000 bytes goes without its details and says so`() throws {
    func message(_ count: Int) -> OutgoingMessage {
      .fixture([.fixture { $0.possibleCause = String(repeating: "x", count: count) }])
    }
    let empty = PagerDutyEvent(message(1), routingKey: Self.key).body.count
    let largest = PagerDutyEvent(message(512_000 - empty + 1), routingKey: Self.key).body
    #expect(largest.count == 512_000)
    #expect(String(decoding: largest, as: UTF8.self).contains("xxx"))
    let over = try event(message(512_000 - empty + 2))
    let details = try #require(over["payload"]?["custom_details"])
    #expect(details.objectValue?.keys == ["error"])
    #expect(over["payload"]?["summary"]?.stringValue?.hasPrefix("[Critical]") == true)
  }

  @Test func `a change to Tidemark is told where it is asked for, and opens nothing`() async throws
  {
    let pager = try await PythonProgram("pagerduty_rules", ["--key", Self.key])
    defer { pager.stop() }
    let key = try #require(RoutingKey(Redacted(Self.key)))
    let base = "http://127.0.0.1:\(pager.port)/v2"
    let told = PagerDutySettings(
      url: "\(base)/enqueue", routingKey: key, changesURL: "\(base)/change/enqueue")
    let channel = try #require(told.channel(.loopback()) as? any AnnouncingChannel)
    #expect(channel.wantsAnnouncements)
    let announcement = Announcement(
      summary: "Configuration 42 is in force", source: "tidemark-notifier",
      unixMicroseconds: 1_360_332_100_000_000,
      facts: [.init("version", "42"), .init("by", "ada@example.org")],
      link: "https://tidemark.example.org")
    let result = await channel.announce(announcement, now: 0)
    #expect(result.outcome == .taken)
    #expect(!result.payload.contains(Self.key) && result.payload.contains("<redacted>"))
    let kept = try JSONValue(parsing: try #require(try pager.files(".json").first))
    #expect(kept["effect"]?.stringValue == "changed")
    let payload = kept["event"]?["payload"]
    #expect(payload?["summary"]?.stringValue == "Configuration 42 is in force")
    #expect(payload?["timestamp"]?.stringValue == "2013-02-08T14:01:40.000Z")
    #expect(payload?["custom_details"]?["version"]?.stringValue == "42")
    let quiet = PagerDutySettings(url: "\(base)/enqueue", routingKey: key)
    let other = try #require(quiet.channel(.loopback()) as? any AnnouncingChannel)
    #expect(!other.wantsAnnouncements)
    #expect(await other.announce(announcement, now: 0).outcome == .refused)
    #expect(try pager.files(".json").count == 1)
  }

  @Test func `a change with endless details keeps its summary`() throws {
    let announcement = Announcement(
      summary: String(repeating: "s", count: 2_000), source: "", unixMicroseconds: 0,
      facts: [.init("diff", String(repeating: "x", count: 600_000))])
    let body = PagerDutyEvent(announcement, routingKey: Self.key).body
    #expect(body.count < 4_000)
    let payload = try JSONValue(parsing: body)["payload"]
    #expect(payload?["summary"]?.stringValue?.unicodeScalars.count == 1_024)
    #expect(payload?["custom_details"]?.objectValue?.keys == ["error"])
  }

  @Test func `change events need a service's key and the usual path`() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/tidemark-keys-\(UUID())/"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, text) in [("service", Self.key), ("ruleset", "R" + Self.key.dropFirst())] {
      try Data(text.utf8).write(to: URL(filePath: folder + name))
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o400], ofItemAtPath: folder + name)
    }
    func read(_ text: String) throws -> (settings: PagerDutySettings?, faults: [String]) {
      try settings(PagerDutySettings.self, text, folder: folder)
    }
    let good = try read("{routing-key-file: service, change-events: true}")
    #expect(good.faults.isEmpty)
    #expect(good.settings?.changesURL == "https://events.pagerduty.com/v2/change/enqueue")
    #expect(good.settings?.urls.count == 2)
    #expect(try read("{routing-key-file: service}").settings?.changesURL == nil)
    let ruleset = try read("{routing-key-file: ruleset, change-events: true}")
    #expect(ruleset.faults.count == 1 && ruleset.faults.first?.contains("ruleset") == true)
    let path = try read(
      "{routing-key-file: service, url: 'https://example.org/x', change-events: true}")
    #expect(path.faults.first?.contains("/v2/enqueue") == true)
  }
}
