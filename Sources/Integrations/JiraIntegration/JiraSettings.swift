public import Alerting
internal import Cryptography
public import Integration
public import ServiceRuntime
public import YAML

/// A project of Jira Cloud.
public struct JiraSettings: Sendable {
  /// Longest summary of an issue, in units of UTF-16 (Jira's own system field).
  public static let summaryLimit = 255
  /// Largest description or comment, in bytes of its document; Jira counts 32,767 characters.
  public static let documentBytesLimit = 32_767
  /// Longest text of one fact within a document, in units of UTF-16; a limit of our own.
  public static let factLimit = 2_000
  /// Longest label, in characters.
  public static let labelLimit = 255
  /// How long a creation whose answer was lost waits, until a search would find the issue: Jira's
  /// search is "eventually consistent" (REST v3, Issue search).
  public static let indexSeconds = 60
  /// Messages a minute unless the settings say otherwise; each takes up to six requests, and Jira
  /// publishes no number but answers 429.
  public static let usualMessagesPerMinute = 60

  /// Such as "https://acme.atlassian.net", without a slash at its end.
  public var site: String
  /// Whose token it is.
  public var email: String
  /// The token.
  public var token: Redacted<String>
  /// The project's key, such as "CS".
  public var project: String
  /// The name of the type of issues.
  public var issueType = "Task"
  /// Names of priorities; a severity without one leaves Jira's default.
  public var priorities: [NoticeSeverity: String] = [:]
  /// Labels of every issue.
  public var labels: [String] = []
  /// The transition that closes an issue; nil leaves that to people.
  public var resolveTransition: String?
  /// The transition that opens it again.
  public var reopenTransition: String?
  /// How long after its end an issue is opened again; nil is never.
  public var reopenWithinHours: Int?
  /// Issues with this resolution are left alone.
  public var wontDoResolution: String?
  /// Most messages a minute.
  public var messagesPerMinute = usualMessagesPerMinute

  /// Gathers what must be known.
  public init(site: String, email: String, token: Redacted<String>, project: String) {
    self.site = site
    self.email = email
    self.token = token
    self.project = project
  }

  /// The header that says who asks.
  var authorization: String {
    "Basic " + Base64.encode(Array("\(email):\(token.secret)".utf8))
  }

  /// What must not stand in a log.
  var secrets: [String] { [token.secret, String(authorization.dropFirst("Basic ".count))] }
}

extension JiraSettings: IntegrationSettings {
  /// The key of the settings.
  public static let kind = "jira"
  /// An issue waits until it is read.
  public static let pages = false
  /// One issue a group.
  public static let incidentScope = IncidentScope.group
  /// An issue that is not closed stays open.
  public static let holdsIncidents = true

  /// Where issues are kept.
  public var urls: [String] { [site] }

  /// Reads the settings.
  public init?(_ node: YAMLNode, reader: inout SettingsReader) {
    let known = [
      "site", "email", "token-file", "project", "issue-type", "priorities", "labels",
      "resolve-transition", "reopen-transition", "reopen-within-hours", "wont-do-resolution",
      "messages-per-minute",
    ]
    guard let keys = reader.mapping(node, "'jira'", known) else { return nil }
    for key in ["site", "email", "token-file", "project"] where keys[key] == nil {
      reader.refuse(node, "'\(key)' is missing")
    }
    let site = keys["site"].flatMap { reader.siteURL($0) }
    let email = keys["email"].flatMap { reader.mailAddress($0, "'email'") }
    let token = keys["token-file"].flatMap { reader.secret($0.value) }
    let project = keys["project"].flatMap { Self.project($0, &reader) }
    let labels = Self.labels(keys["labels"], &reader)
    guard let site, let email, let token, let project else { return nil }
    self.init(site: site, email: email, token: token, project: project)
    self.labels = labels
    issueType = keys["issue-type"].flatMap { reader.text($0) } ?? issueType
    priorities = reader.bySeverity(keys["priorities"])
    resolveTransition = keys["resolve-transition"].flatMap { reader.text($0) }
    reopenTransition = keys["reopen-transition"].flatMap { reader.text($0) }
    reopenWithinHours = keys["reopen-within-hours"].flatMap { reader.integer($0, in: 1...8_760) }
    wontDoResolution = keys["wont-do-resolution"].flatMap { reader.text($0) }
    messagesPerMinute =
      keys["messages-per-minute"].flatMap { reader.integer($0, in: 1...10_000) }
      ?? messagesPerMinute
    if (keys["reopen-transition"] == nil) != (keys["reopen-within-hours"] == nil) {
      reader.refuse(node, "'reopen-transition' and 'reopen-within-hours' go together")
    }
  }

  private static func project(
    _ entry: YAMLNode.Entry, _ reader: inout SettingsReader
  ) -> String? {
    guard let text = reader.text(entry) else { return nil }
    let isKey = text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
    guard isKey, text.utf8.count <= 255 else {
      reader.refuse(entry, "'project' must be a project's key, such as CS")
      return nil
    }
    return text
  }

  private static func labels(
    _ entry: YAMLNode.Entry?, _ reader: inout SettingsReader
  ) -> [String] {
    let labels = reader.texts(entry)
    if let entry, labels.contains(where: { $0.contains(where: \.isWhitespace) }) {
      reader.refuse(entry, "a label has no space in it")
    }
    if let entry, labels.contains(where: { $0.unicodeScalars.count > labelLimit }) {
      reader.refuse(entry, "a label has at most \(labelLimit) characters")
    }
    return labels
  }

  /// Opens the way.
  public func channel(_ surroundings: ChannelSurroundings) -> any DeliveryChannel {
    JiraChannel(settings: self, surroundings: surroundings)
  }
}
