/// By what a way finds a single person.
public enum PersonAddress: String, Sendable, Hashable, CaseIterable {
  /// The person's mail address.
  case email
  /// The person's member id at Slack.
  case slack
}

extension IntegrationSettings {
  /// Most ways reach whoever their settings name.
  public var personAddress: PersonAddress? { nil }
}
