public import Alerting
internal import Cryptography
public import Integration
public import ServiceRuntime
public import YAML

/// A table of incidents in an instance of ServiceNow.
public struct ServiceNowSettings: Sendable {
  /// Longest short description, in units of UTF-16 (dictionary entry `task.short_description`).
  public static let summaryLimit = 160
  /// Longest description, note or closing note, in units of UTF-16 (`task.description`).
  public static let textLimit = 4_000
  /// Messages a minute unless the settings say otherwise: rules of an instance count by the hour,
  /// and each message takes up to three requests.
  public static let usualMessagesPerMinute = 60

  /// Who asks.
  public enum Credentials: Sendable {
    /// A user and a password.
    case basic(user: String, password: Redacted<String>)
    /// A key of the instance, in the header `x-sn-apikey`.
    case apiKey(Redacted<String>)
  }

  /// Such as "https://acme.service-now.com", without a slash at its end.
  public var instance: String
  /// Who asks.
  public var credentials: Credentials
  /// The table.
  public var table = "incident"
  /// Urgency by severity, from "1", the highest.
  public var urgencies: [NoticeSeverity: String] = [.critical: "1", .warning: "2", .info: "3"]
  /// Impact by severity, from "1", the highest.
  public var impacts: [NoticeSeverity: String] = [.critical: "2", .warning: "2", .info: "3"]
  /// The group that gets it; nil leaves that to the instance.
  public var assignmentGroup: String?
  /// Who calls; nil leaves that to the instance.
  public var caller: String?
  /// The category; nil leaves that to the instance.
  public var category: String?
  /// The state of what is over; nil leaves that to people.
  public var resolveState: String? = "6"
  /// The code of what is over.
  public var closeCode = "Solution provided"
  /// Words of what is over.
  public var closeNotes = "Closed by Tidemark: the customer is back to normal."
  /// The state of what begins again while it was only resolved; nil opens a new record.
  public var reopenState: String?
  /// States of what is closed for good.
  public var closedStates = ["7", "8"]
  /// Most messages a minute.
  public var messagesPerMinute = usualMessagesPerMinute

  /// Gathers what must be known.
  public init(instance: String, credentials: Credentials) {
    self.instance = instance
    self.credentials = credentials
  }

  /// The name and value of the header that says who asks.
  var credentialsHeader: (name: String, value: String) {
    switch credentials {
    case .basic(let user, let password):
      ("Authorization", "Basic " + Base64.encode(Array("\(user):\(password.secret)".utf8)))
    case .apiKey(let key):
      ("x-sn-apikey", key.secret)
    }
  }

  /// What must not stand in a log.
  var secrets: [String] {
    switch credentials {
    case .basic(_, let password):
      [password.secret, String(credentialsHeader.value.dropFirst("Basic ".count))]
    case .apiKey(let key): [key.secret]
    }
  }
}

extension ServiceNowSettings: IntegrationSettings {
  /// The key of the settings.
  public static let kind = "servicenow"
  /// An incident waits until its group looks at it.
  public static let pages = false
  /// One incident a group.
  public static let incidentScope = IncidentScope.group
  /// An incident that is not resolved stays open.
  public static let holdsIncidents = true

  /// Where incidents are kept.
  public var urls: [String] { [instance] }

  /// Reads the settings.
  public init?(_ node: YAMLNode, reader: inout SettingsReader) {
    let known = [
      "instance", "user", "password-file", "api-key-file", "table", "urgencies", "impacts",
      "assignment-group", "caller", "category", "resolve-state", "close-code", "close-notes",
      "reopen-state", "closed-states", "messages-per-minute",
    ]
    guard let keys = reader.mapping(node, "'servicenow'", known) else { return nil }
    if keys["instance"] == nil { reader.refuse(node, "'instance' is missing") }
    let instance = keys["instance"].flatMap { reader.siteURL($0) }
    let credentials = Self.credentials(node, keys, &reader)
    let table = keys["table"].flatMap { Self.table($0, &reader) }
    guard let instance, let credentials else { return nil }
    self.init(instance: instance, credentials: credentials)
    self.table = table ?? self.table
    urgencies.merge(Self.levels(keys["urgencies"], &reader)) { $1 }
    impacts.merge(Self.levels(keys["impacts"], &reader)) { $1 }
    assignmentGroup = keys["assignment-group"].flatMap { reader.text($0) }
    caller = keys["caller"].flatMap { reader.text($0) }
    category = keys["category"].flatMap { reader.text($0) }
    if let entry = keys["resolve-state"] {
      resolveState = entry.value.text == "none" ? nil : reader.text(entry)
    }
    closeCode = keys["close-code"].flatMap { reader.text($0) } ?? closeCode
    closeNotes = keys["close-notes"].flatMap { reader.text($0) } ?? closeNotes
    reopenState = keys["reopen-state"].flatMap { reader.text($0) }
    if keys["closed-states"] != nil { closedStates = reader.texts(keys["closed-states"]) }
    messagesPerMinute =
      keys["messages-per-minute"].flatMap { reader.integer($0, in: 1...10_000) }
      ?? messagesPerMinute
  }

  private static func credentials(
    _ node: YAMLNode, _ keys: [String: YAMLNode.Entry], _ reader: inout SettingsReader
  ) -> Credentials? {
    switch (keys["user"], keys["password-file"], keys["api-key-file"]) {
    case (let user?, let file?, nil):
      guard let user = reader.text(user), let password = reader.secret(file.value) else {
        return nil
      }
      guard !user.contains(":") else {
        reader.refuse(node, "a user of basic authentication has no colon in the name")
        return nil
      }
      return .basic(user: user, password: password)
    case (nil, nil, let file?):
      return reader.secret(file.value).map { .apiKey($0) }
    default:
      reader.refuse(node, "either 'user' and 'password-file' or 'api-key-file' must be given")
      return nil
    }
  }

  private static func table(_ entry: YAMLNode.Entry, _ reader: inout SettingsReader) -> String? {
    guard let text = reader.text(entry) else { return nil }
    guard text.utf8.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "_") }) else {
      reader.refuse(entry, "'table' must be the name of a table, such as incident")
      return nil
    }
    return text
  }

  private static func levels(
    _ entry: YAMLNode.Entry?, _ reader: inout SettingsReader
  ) -> [NoticeSeverity: String] {
    let levels = reader.bySeverity(entry)
    if let entry, !levels.values.allSatisfy({ ["1", "2", "3", "4", "5"].contains($0) }) {
      reader.refuse(entry, "'\(entry.key)' are numbers from 1 to 5")
    }
    return levels
  }

  /// Opens the way.
  public func channel(_ surroundings: ChannelSurroundings) -> any DeliveryChannel {
    ServiceNowChannel(settings: self, surroundings: surroundings)
  }
}
