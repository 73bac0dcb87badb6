public import Alerting
internal import Cryptography
public import Integration
public import ServiceRuntime
public import YAML

/// An endpoint that takes signed webhooks.
public struct WebhookSettings: Sendable {
  /// What the body is.
  public enum Format: String, Sendable, Hashable, CaseIterable {
    /// `type`, `timestamp` and `data`, as Standard Webhooks has it.
    case tidemark
    /// A CloudEvent 1.0 whose data is that of ``tidemark``.
    case cloudevents
    /// Version 4 of what Alertmanager sends to webhooks.
    case alertmanager
  }

  /// Where a CloudEvent's attributes stand.
  public enum Mode: String, Sendable, Hashable, CaseIterable {
    /// In headers, `ce-*`.
    case binary
    /// Beside the data in the body.
    case structured
  }

  /// Where to; it may hold a secret of its own.
  public let url: Redacted<String>

  /// What signs: one, or the new and the old one while they are changed.
  public let secrets: [WebhookSecret]

  /// What the body is.
  public let format: Format

  /// Where a CloudEvent's attributes stand.
  public let mode: Mode

  /// Most messages a minute.
  public let messagesPerMinute: Int

  /// Gathers the settings.
  public init(
    url: Redacted<String>, secrets: [WebhookSecret], format: Format = .tidemark,
    mode: Mode = .binary, messagesPerMinute: Int = 600
  ) {
    precondition((1...2).contains(secrets.count), "one secret, or two while they are changed")
    self.url = url
    self.secrets = secrets
    self.format = format
    self.mode = mode
    self.messagesPerMinute = messagesPerMinute
  }
}

/// A secret of Standard Webhooks: `whsec_` and 24 to 64 random bytes in base 64.
public struct WebhookSecret: Sendable {
  /// How many bytes a secret has (standard-webhooks.md, "Signature scheme": 192 to 512 bits).
  public static let byteCounts = 24...64

  let key: Redacted<[UInt8]>

  /// Reads a secret; nil unless it has the form and the length.
  public init?(_ text: Redacted<String>) {
    guard text.secret.hasPrefix("whsec_") else { return nil }
    do {
      let bytes = try Base64.decode(String(text.secret.dropFirst("whsec_".count)))
      guard Self.byteCounts.contains(bytes.count) else { return nil }
      key = Redacted(bytes)
    } catch {
      return nil
    }
  }

  /// `v1,` and the base 64 of the code over the identity, the moment and the body.
  func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
    let content = Array("\(id).\(timestamp).".utf8) + body
    return "v1,\(Base64.encode(HMACSHA256.code(for: content, key: key.secret)))"
  }
}

extension WebhookSettings: IntegrationSettings {
  /// The key of the settings.
  public static let kind = "webhook"
  /// What stands behind it is not known, so nobody is assumed to be woken.
  public static let pages = false
  /// One message a change of an anomaly.
  public static let incidentScope = IncidentScope.anomaly
  /// Programs keep what they were told until they are told that it is over.
  public static let holdsIncidents = true

  /// Where messages go, without the part that may be secret.
  public var urls: [String] { [url.secret.origin] }

  /// Reads the settings.
  public init?(_ node: YAMLNode, reader: inout SettingsReader) {
    let known = [
      "url", "url-file", "secret-file", "secret-files", "format", "mode", "messages-per-minute",
    ]
    guard let keys = reader.mapping(node, "'webhook'", known) else { return nil }
    let format = keys["format"].flatMap { reader.word($0, Format.self) } ?? .tidemark
    let mode = keys["mode"].flatMap { reader.word($0, Mode.self) } ?? .binary
    if let entry = keys["mode"], format != .cloudevents {
      reader.refuse(entry, "'mode' is for 'format: cloudevents'")
    }
    let rate =
      keys["messages-per-minute"].flatMap { reader.integer($0, in: 1...100_000) } ?? 600
    let secrets = Self.secrets(keys, node, &reader)
    let url: Redacted<String>?
    switch (keys["url"], keys["url-file"]) {
    case (let entry?, nil): url = reader.url(entry).map { Redacted($0) }
    case (nil, let entry?): url = reader.secretURL(entry)
    case (nil, nil), (_?, _?):
      reader.refuse(node, "'webhook' needs either 'url' or 'url-file'")
      url = nil
    }
    guard let url, let secrets else { return nil }
    self.init(
      url: url, secrets: secrets, format: format, mode: mode, messagesPerMinute: rate)
  }

  private static func secrets(
    _ keys: [String: YAMLNode.Entry], _ node: YAMLNode, _ reader: inout SettingsReader
  ) -> [WebhookSecret]? {
    let nodes: [YAMLNode]
    switch (keys["secret-file"], keys["secret-files"]) {
    case (let entry?, nil): nodes = [entry.value]
    case (nil, let entry?): nodes = reader.list(entry, "secret-files")
    case (nil, nil), (_?, _?):
      reader.refuse(node, "'webhook' needs either 'secret-file' or 'secret-files'")
      return nil
    }
    guard (1...2).contains(nodes.count) else {
      reader.refuse(node, "'secret-files' names one secret, or the new and the old one")
      return nil
    }
    let secrets = nodes.compactMap { node -> WebhookSecret? in
      guard let text = reader.secret(node) else { return nil }
      if let secret = WebhookSecret(text) { return secret }
      reader.refuse(node, "the file must hold whsec_ and 24 to 64 bytes in base 64")
      return nil
    }
    return secrets.count == nodes.count ? secrets : nil
  }

  /// Opens the way.
  public func channel(_ surroundings: ChannelSurroundings) -> any DeliveryChannel {
    WebhookChannel(settings: self, surroundings: surroundings)
  }
}
