public import Alerting
internal import AlertmanagerIntegration
internal import EmailIntegration
public import Integration
internal import JiraIntegration
internal import PagerDutyIntegration
internal import ServiceNowIntegration
internal import SlackIntegration
internal import TeamsIntegration
internal import WebhookIntegration

/// One who is told: a name, rules, and a way to get there.
public struct Receiver: Sendable {
  /// Every integration there is; adding one is a line here and its room.
  static let integrations: [any IntegrationSettings.Type] = [
    PagerDutySettings.self, EmailSettings.self, JiraSettings.self, ServiceNowSettings.self,
    SlackSettings.self, TeamsSettings.self, WebhookSettings.self, AlertmanagerSettings.self,
  ]

  /// Unique among receivers.
  public let name: String

  /// What it is told.
  public let rules: ReceiverRules

  /// How it is reached; nil is not at all, as Alertmanager has it for what is to be known and not
  /// told.
  public let way: (any IntegrationSettings)?

  /// Gathers what is known of a receiver.
  public init(name: String, rules: ReceiverRules, way: (any IntegrationSettings)?) {
    self.name = name
    self.rules = rules
    self.way = way
  }

  /// The word of logs and figures for the way.
  public var kind: String { way.map { type(of: $0).kind } ?? "none" }

  /// The kind of job that delivers to it; one each, so that none waits for another.
  var jobKind: String { Self.jobKind(name) }

  /// The kind of job that delivers to a receiver.
  static func jobKind(_ name: String) -> String { "deliver/\(name)" }
}
