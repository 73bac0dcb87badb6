public import Alerting
internal import Cryptography
public import Integration
public import ServiceRuntime
public import YAML

/// An integration of PagerDuty's Events API v2.
public struct PagerDutySettings: Sendable {
  /// Where events are accepted.
  public static let usualURL = "https://events.pagerduty.com/v2/enqueue"

  /// Events a minute unless the settings say otherwise: a little below the "approximately 120" of
  /// PagerDuty's documents (Events API v2, Rate Limits).
  public static let usualEventsPerMinute = 100

  /// Where events are accepted.
  public let url: String

  /// The integration's key.
  public let routingKey: RoutingKey

  /// Keys that were in use before; what they opened is resolved with them.
  public let previousKeys: [RoutingKey]

  /// Most events a minute under one key.
  public let eventsPerMinute: Int

  /// Where changes to Tidemark itself are told; nil tells none.
  public let changesURL: String?

  /// Secrets of the webhook subscriptions by which PagerDuty tells what people did; none takes
  /// nothing.
  public let webhookSecrets: [Redacted<String>]

  /// Gathers the settings.
  public init(
    url: String = usualURL, routingKey: RoutingKey, previousKeys: [RoutingKey] = [],
    eventsPerMinute: Int = usualEventsPerMinute, changesURL: String? = nil,
    webhookSecrets: [Redacted<String>] = []
  ) {
    self.url = url
    self.routingKey = routingKey
    self.previousKeys = previousKeys
    self.eventsPerMinute = eventsPerMinute
    self.changesURL = changesURL
    self.webhookSecrets = webhookSecrets
  }
}

/// A secret key of 32 characters with a name that may be stored.
public struct RoutingKey: Sendable {
  /// The key.
  public let key: Redacted<String>

  /// The first 16 hexadecimal digits of its SHA-256.
  public let id: String

  /// Takes a key; nil unless it is 32 letters and digits.
  public init?(_ key: Redacted<String>) {
    let bytes = Array(key.secret.utf8)
    guard bytes.count == 32, bytes.allSatisfy({ isAlphanumeric($0) }) else { return nil }
    self.key = key
    let digest = SHA256.hash(Array("tidemark/routing-key/".utf8) + bytes)
    self.id = String(Hexadecimal.encode(digest).prefix(16))
  }

  /// Whether it is the key of a ruleset, under which PagerDuty takes no change events.
  var isOfRuleset: Bool { key.secret.hasPrefix("R") }
}

extension PagerDutySettings: IntegrationSettings {
  /// The key of the settings.
  public static let kind = "pagerduty"
  /// It wakes people.
  public static let pages = true
  /// One incident an anomaly.
  public static let incidentScope = IncidentScope.anomaly
  /// An incident that is not resolved stays open.
  public static let holdsIncidents = true

  /// Where events go.
  public var urls: [String] { [url] + (changesURL.map { [$0] } ?? []) }

  /// Reads the settings.
  public init?(_ node: YAMLNode, reader: inout SettingsReader) {
    let known = [
      "url", "routing-key-file", "previous-routing-key-files", "events-per-minute", "change-events",
      "webhook-secret-files",
    ]
    guard let keys = reader.mapping(node, "'pagerduty'", known) else { return nil }
    guard let file = keys["routing-key-file"] else {
      reader.refuse(node, "'routing-key-file' is missing")
      return nil
    }
    let key = Self.routingKey(file.value, &reader)
    let previous = reader.list(
      keys["previous-routing-key-files"], "previous-routing-key-files"
    ).compactMap { Self.routingKey($0, &reader) }
    let url = keys["url"].flatMap { reader.url($0) } ?? Self.usualURL
    let rate = keys["events-per-minute"].flatMap { reader.integer($0, in: 1...100_000) }
    let secrets = reader.list(keys["webhook-secret-files"], "webhook-secret-files")
      .compactMap { reader.secret($0) }
    guard let key else { return nil }
    self.init(
      url: url, routingKey: key, previousKeys: previous,
      eventsPerMinute: rate ?? Self.usualEventsPerMinute,
      changesURL: Self.changesURL(keys["change-events"], url: url, key: key, &reader),
      webhookSecrets: secrets)
  }

  private static func changesURL(
    _ entry: YAMLNode.Entry?, url: String, key: RoutingKey, _ reader: inout SettingsReader
  ) -> String? {
    guard let entry, reader.boolean(entry) == true else { return nil }
    let path = "/v2/enqueue"
    guard url.hasSuffix(path) else {
      reader.refuse(entry, "'change-events' needs a 'url' that ends with \(path)")
      return nil
    }
    guard !key.isOfRuleset else {
      reader.refuse(entry, "'change-events' needs the key of a service, not that of a ruleset")
      return nil
    }
    return String(url.dropLast(path.count)) + "/v2/change/enqueue"
  }

  private static func routingKey(_ node: YAMLNode, _ reader: inout SettingsReader) -> RoutingKey? {
    guard let secret = reader.secret(node) else { return nil }
    guard let key = RoutingKey(secret) else {
      reader.refuse(node, "the file must hold a routing key of 32 letters and digits")
      return nil
    }
    return key
  }

  /// Opens the way.
  public func channel(_ surroundings: ChannelSurroundings) -> any DeliveryChannel {
    PagerDutyChannel(settings: self, surroundings: surroundings)
  }
}
