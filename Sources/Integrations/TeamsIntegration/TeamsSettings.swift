public import Alerting
public import Integration
public import ServiceRuntime
public import YAML

/// A workflow of Microsoft Teams that posts what it is sent.
public struct TeamsSettings: Sendable {
  /// The address of the workflow; whoever knows it may post.
  public let url: Redacted<String>

  /// Most cards a minute.
  public let messagesPerMinute: Int

  /// What Teams allows a thread in the long run: 1,800 an hour; no more than seven at once
  /// (learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit).
  public static let usualMessagesPerMinute = 30

  /// Gathers the settings.
  public init(url: Redacted<String>, messagesPerMinute: Int = usualMessagesPerMinute) {
    self.url = url
    self.messagesPerMinute = messagesPerMinute
  }
}

extension TeamsSettings: IntegrationSettings {
  /// The key of the settings.
  public static let kind = "teams"
  /// A card waits until it is read.
  public static let pages = false
  /// One card a group.
  public static let incidentScope = IncidentScope.group
  /// A card does not stay open.
  public static let holdsIncidents = false

  /// Where cards go, without the part of the address that is secret.
  public var urls: [String] { [url.secret.origin] }

  /// Reads the settings.
  public init?(_ node: YAMLNode, reader: inout SettingsReader) {
    let known = ["url-file", "messages-per-minute"]
    guard let keys = reader.mapping(node, "'teams'", known) else { return nil }
    let rate =
      keys["messages-per-minute"].flatMap { reader.integer($0, in: 1...100_000) }
      ?? Self.usualMessagesPerMinute
    guard let file = keys["url-file"] else {
      reader.refuse(node, "'url-file' is missing")
      return nil
    }
    guard let url = reader.secretURL(file) else { return nil }
    self.init(url: url, messagesPerMinute: rate)
  }

  /// Opens the way.
  public func channel(_ surroundings: ChannelSurroundings) -> any DeliveryChannel {
    TeamsChannel(settings: self, surroundings: surroundings)
  }
}
