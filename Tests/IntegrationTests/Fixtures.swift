import Alerting
import Egress
import Integration
import JSON
import SeriesModel
import ServiceRuntime
import Testing
import YAML

extension Notice {
  static func fixture(
    _ number: UInt64 = 1, kind: NoticeKind = .opened, _ change: (inout Notice) -> Void = { _ in }
  ) -> Notice {
    var notice = Notice(
      anomaly: AnomalyReference(high: 0, low: number), revision: 1, kind: kind,
      customer: Customer(
        id: CustomerID(high: 7, low: number), externalID: "c-\(80 + number)",
        name: "DataFlow Systems", segment: "enterprise", region: "us", owner: "ada@example.org"),
      metric: "api_calls", metricName: "API calls", type: "drop", severity: .critical,
      intent: .risk, state: "open", start: Bucket(.day, 15_744),
      durationBuckets: 5, baseline: 45_000, actual: 15_000, summary: "67% drop in API calls",
      possibleCause: "Integration issue or migration",
      actions: ["investigate", "contact_customer"],
      detectedUnixMicroseconds: 1_360_332_000_000_000,
      changedUnixMicroseconds: 1_360_332_100_000_000)
    change(&notice)
    return notice
  }
}

extension OutgoingMessage {
  static let thread = "tm1:" + String(repeating: "0123456789abcdef", count: 4)

  /// A message of one anomaly, or of several where notices are given.
  static func fixture(
    _ notices: [Notice] = [.fixture()], action: Action = .trigger, omitted: Int = 0,
    delivery: String = "6ba7b810-9dad-11d1-80b4-00c04fd430c8", mark: Mark? = nil,
    publicURL: String? = "https://tidemark.example.org",
    _ change: (inout OutgoingMessage) -> Void = { _ in }
  ) -> OutgoingMessage {
    var message = OutgoingMessage(
      delivery: delivery, action: action, threadKey: thread, receiver: "team",
      items: notices.map { .init(notice: $0, text: NoticeText($0, publicURL: publicURL)) },
      omittedCount: omitted, mark: mark)
    change(&message)
    return message
  }
}

extension ChannelSurroundings {
  /// What a channel finds that may ask the loopback.
  static func loopback(milliseconds: Int = 5_000) throws -> ChannelSurroundings {
    let policy = EgressPolicy(privateHosts: ["127.0.0.1"], plaintextHosts: ["127.0.0.1"])
    return ChannelSurroundings(
      egress: try EgressClient(policy: policy), policy: policy,
      publicURL: "https://tidemark.example.org", totalMilliseconds: milliseconds)
  }
}

/// Settings read from a text as a file of routes has them below the receiver's key.
func settings<Settings: IntegrationSettings>(
  _ type: Settings.Type, _ text: String, folder: String = ""
) throws -> (settings: Settings?, faults: [String]) {
  var reader = SettingsReader(name: "routes.yaml", folder: folder)
  let node = try YAMLNode(parsing: text)
  let settings = Settings(node, reader: &reader)
  return (settings, reader.faults)
}
