public import Alerting
public import Integration
public import ServiceRuntime
public import YAML

/// Slack, by an incoming webhook or by a bot.
public struct SlackSettings: Sendable {
  /// Where methods of Slack's Web API are called.
  public static let usualURL = "https://slack.com/api"

  /// How messages get into Slack.
  public enum Way: Sendable {
    /// An address that posts to the one channel it was made for; whoever knows it may post.
    case webhook(url: Redacted<String>)
    /// A bot that posts to a channel, its identity such as "C012AB3CD", or to people.
    case bot(token: Redacted<String>, channel: String, url: String = SlackSettings.usualURL)
  }

  /// What a bot does with what follows its first message.
  public enum FollowUp: String, Sendable, Hashable, CaseIterable {
    /// Changes the first message and replies to it.
    case both
    /// Changes the first message, of which nobody is notified.
    case update
    /// Replies to the first message, which stays as it was.
    case reply
  }

  /// How messages get into Slack.
  public let way: Way

  /// What a bot does with what follows its first message.
  public let followUp: FollowUp

  /// Most messages a minute.
  public let messagesPerMinute: Int

  /// Gathers the settings.
  public init(way: Way, followUp: FollowUp = .both, messagesPerMinute: Int = 60) {
    self.way = way
    self.followUp = followUp
    self.messagesPerMinute = messagesPerMinute
  }

  /// What must not stand in any log.
  var secrets: [String] {
    switch way {
    case .webhook(let url): [url.secret, url.secret.replacing("/", with: "\\/")]
    case .bot(let token, _, _): [token.secret]
    }
  }
}

extension SlackSettings: IntegrationSettings {
  /// The key of the settings.
  public static let kind = "slack"
  /// A message waits until it is read.
  public static let pages = false
  /// One message a group.
  public static let incidentScope = IncidentScope.group
  /// A message does not stay open.
  public static let holdsIncidents = false

  /// A bot writes to people; a webhook has its one channel.
  public var personAddress: PersonAddress? {
    switch way {
    case .webhook: nil
    case .bot: .slack
    }
  }

  /// Where messages go, without the part of a webhook's address that is secret.
  public var urls: [String] {
    switch way {
    case .webhook(let url): [url.secret.origin]
    case .bot(_, _, let url): [url]
    }
  }

  /// Reads the settings.
  public init?(_ node: YAMLNode, reader: inout SettingsReader) {
    let known = [
      "webhook-url-file", "bot-token-file", "channel", "api-url", "follow-up",
      "messages-per-minute",
    ]
    guard let keys = reader.mapping(node, "'slack'", known) else { return nil }
    let rate =
      keys["messages-per-minute"].flatMap { reader.integer($0, in: 1...100_000) } ?? 60
    let followUp = keys["follow-up"].flatMap { reader.word($0, FollowUp.self) } ?? .both
    let way: Way?
    switch (keys["webhook-url-file"], keys["bot-token-file"]) {
    case (let file?, nil):
      way = Self.webhook(file, keys, &reader)
    case (nil, let file?):
      way = Self.bot(file, keys, node, &reader)
    case (nil, nil), (_?, _?):
      reader.refuse(node, "'slack' needs either 'webhook-url-file' or 'bot-token-file'")
      way = nil
    }
    guard let way else { return nil }
    self.init(way: way, followUp: followUp, messagesPerMinute: rate)
  }

  private static func webhook(
    _ file: YAMLNode.Entry, _ keys: [String: YAMLNode.Entry], _ reader: inout SettingsReader
  ) -> Way? {
    for key in ["channel", "api-url", "follow-up"] {
      if let entry = keys[key] {
        reader.refuse(entry, "'\(key)' is for a bot: a webhook has its own channel")
      }
    }
    return reader.secretURL(file).map { .webhook(url: $0) }
  }

  private static func bot(
    _ file: YAMLNode.Entry, _ keys: [String: YAMLNode.Entry], _ node: YAMLNode,
    _ reader: inout SettingsReader
  ) -> Way? {
    if keys["channel"] == nil { reader.refuse(node, "'channel' is missing") }
    let token = reader.secret(file.value)
    let isWord = token?.secret.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } ?? true
    if !isWord { reader.refuse(file, "the file must hold a token, which is one word") }
    let channel = keys["channel"].flatMap { reader.text($0) }
    let url = keys["api-url"].flatMap { reader.url($0) } ?? usualURL
    guard let token, isWord, let channel else { return nil }
    return .bot(token: token, channel: channel, url: url)
  }

  /// Opens the way.
  public func channel(_ surroundings: ChannelSurroundings) -> any DeliveryChannel {
    SlackChannel(settings: self, surroundings: surroundings)
  }
}
