public import Alerting
internal import Cryptography
public import Integration
public import ServiceRuntime
public import YAML

/// A cluster of Alertmanagers.
public struct AlertmanagerSettings: Sendable {
  /// Who we are to an Alertmanager behind a proxy that asks.
  public enum Credentials: Sendable {
    /// The server does not ask.
    case none
    /// A token.
    case bearer(Redacted<String>)
    /// A name and a password.
    case basic(username: String, password: Redacted<String>)
  }

  /// After how many seconds a firing alert is told again unless the settings say otherwise.
  public static let usualResendSeconds = 300

  /// How many times ``resendInterval`` a firing alert lasts: two in a row may fail.
  public static let intervalsUntilEnd: Int64 = 3

  /// The address of each replica, without `/api/v2/alerts`; at least one.
  public let replicas: [String]

  /// Labels of every alert, beside those of its anomaly.
  public let labels: Labels

  /// After how many seconds a firing alert is told again.
  public let resendInterval: Int

  /// Who we are.
  public let credentials: Credentials

  /// Gathers the settings.
  public init(
    replicas: [String], labels: Labels = [:], resendInterval: Int = usualResendSeconds,
    credentials: Credentials = .none
  ) {
    precondition(!replicas.isEmpty && resendInterval > 0, "somebody is told, now and then")
    self.replicas = replicas
    self.labels = labels
    self.resendInterval = resendInterval
    self.credentials = credentials
  }

  /// The value of the header `Authorization`.
  var authorization: String? {
    switch credentials {
    case .none: nil
    case .bearer(let token): "Bearer \(token.secret)"
    case .basic(let name, let password):
      "Basic \(Base64.encode(Array("\(name):\(password.secret)".utf8)))"
    }
  }
}

extension AlertmanagerSettings: IntegrationSettings {
  /// The key of the settings.
  public static let kind = "alertmanager"
  /// Whom it wakes is its own affair, and that it may.
  public static let pages = true
  /// One alert an anomaly.
  public static let incidentScope = IncidentScope.anomaly
  /// An alert that is not ended fires until its time is over.
  public static let holdsIncidents = true

  /// Where alerts go.
  public var urls: [String] { replicas }

  /// A firing alert ends by itself unless it is told again.
  public var resendSeconds: Int? { resendInterval }

  /// Reads the settings.
  public init?(_ node: YAMLNode, reader: inout SettingsReader) {
    let known = [
      "urls", "labels", "resend-seconds", "bearer-token-file", "username", "password-file",
    ]
    guard let keys = reader.mapping(node, "'alertmanager'", known) else { return nil }
    if keys["urls"] == nil { reader.refuse(node, "'urls' is missing") }
    let replicas = Self.replicas(keys["urls"], &reader)
    let labels = Self.labels(keys["labels"], &reader)
    let seconds =
      keys["resend-seconds"].flatMap { reader.integer($0, in: 10...86_400) }
      ?? Self.usualResendSeconds
    let credentials = Self.credentials(keys, node, &reader)
    guard !replicas.isEmpty, let labels, let credentials else { return nil }
    self.init(
      replicas: replicas, labels: labels, resendInterval: seconds, credentials: credentials)
  }

  private static func replicas(
    _ entry: YAMLNode.Entry?, _ reader: inout SettingsReader
  ) -> [String] {
    var found: [String] = []
    for url in reader.texts(entry) {
      let root = url.hasSuffix("/") ? String(url.dropLast()) : url
      if !url.hasPrefix("https://") && !url.hasPrefix("http://") {
        entry.map { reader.refuse($0, "'urls' must begin with https://") }
      } else if root.hasSuffix("/api/v2/alerts") {
        entry.map { reader.refuse($0, "'urls' are given without /api/v2/alerts") }
      } else if found.contains(root) {
        entry.map { reader.refuse($0, "a replica stands twice in 'urls'") }
      } else {
        found.append(root)
      }
    }
    if let entry, entry.value.elements?.isEmpty == true { reader.refuse(entry, "'urls' is empty") }
    return found
  }

  private static func labels(
    _ entry: YAMLNode.Entry?, _ reader: inout SettingsReader
  ) -> Labels? {
    guard let entry else { return [:] }
    guard let entries = entry.value.entries else {
      reader.refuse(entry, "'labels' must be a mapping")
      return nil
    }
    var labels: Labels = [:]
    for label in entries {
      let isName =
        label.key.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
        && label.key.first.map { !("0"..."9").contains($0) } ?? false
      guard isName, let value = label.value.text, !label.value.isNull else {
        reader.refuse(label, "a label has a name of letters, digits and '_', and a text")
        continue
      }
      labels[label.key] = value
    }
    return labels
  }

  private static func credentials(
    _ keys: [String: YAMLNode.Entry], _ node: YAMLNode, _ reader: inout SettingsReader
  ) -> Credentials? {
    let token = keys["bearer-token-file"]
    let (name, password) = (keys["username"], keys["password-file"])
    guard (name == nil) == (password == nil) else {
      reader.refuse(node, "'username' and 'password-file' go together")
      return nil
    }
    if let token {
      guard name == nil else {
        reader.refuse(token, "'bearer-token-file' and 'username' exclude each other")
        return nil
      }
      return reader.secret(token.value).map { .bearer($0) }
    }
    guard let name, let password else { return Credentials.none }
    guard let text = reader.text(name), let secret = reader.secret(password.value) else {
      return nil
    }
    return .basic(username: text, password: secret)
  }

  /// Opens the way.
  public func channel(_ surroundings: ChannelSurroundings) -> any DeliveryChannel {
    AlertmanagerChannel(settings: self, surroundings: surroundings)
  }
}
