public import SeriesModel

/// Somebody who is told of anomalies, and how that person wants it.
public struct Person: Sendable, Hashable {
  /// What others know the person by.
  public let name: String
  /// Such as "cs_manager" or "finance".
  public let roles: [String]
  /// Where mail goes, and by which an anomaly's owner may be named.
  public let email: String?
  /// The member's id at Slack.
  public let slackUser: String?
  /// Whose clock and calendar are the person's.
  public let zone: Zone
  /// Names of receivers, the preferred one first.
  public let channels: [String]
  /// When the person is not to be disturbed.
  public let quietHours: TimeSchedule?
  /// When the person gets what was collected; nil collects nothing.
  public let digest: DigestSchedule?
  /// The mildest severity that is told at once by whoever has a digest.
  public let immediateSeverity: NoticeSeverity
  /// Whether what is critical disturbs in quiet hours.
  public let criticalOverridesQuietHours: Bool
  /// Whether only anomalies of the person's own customers are of interest.
  public let portfolioOnly: Bool

  /// Checks and gathers what is known of a person.
  ///
  /// - Throws: ``AlertingError`` `badPerson` that names the person.
  public init(
    name: String, roles: [String] = [], email: String? = nil, slackUser: String? = nil,
    zone: Zone = .utc, channels: [String], quietHours: TimeSchedule? = nil,
    digest: DigestSchedule? = nil, immediateSeverity: NoticeSeverity = .warning,
    criticalOverridesQuietHours: Bool = true, portfolioOnly: Bool = false
  ) throws(AlertingError) {
    guard !name.isEmpty else { throw AlertingError(.badPerson, "a person has no name") }
    guard !channels.isEmpty else {
      throw AlertingError(.badPerson, "person '\(name)' has no channel to be reached by")
    }
    guard Set(channels).count == channels.count else {
      throw AlertingError(.badPerson, "person '\(name)' names a channel twice")
    }
    guard !roles.contains("") else {
      throw AlertingError(.badPerson, "person '\(name)' has a role without a name")
    }
    if let email, !email.contains("@") {
      throw AlertingError(.badPerson, "'\(email)' of person '\(name)' is not a mail address")
    }
    self.name = name
    self.roles = roles
    self.email = email
    self.slackUser = slackUser
    self.zone = zone
    self.channels = channels
    self.quietHours = quietHours
    self.digest = digest
    self.immediateSeverity = immediateSeverity
    self.criticalOverridesQuietHours = criticalOverridesQuietHours
    self.portfolioOnly = portfolioOnly
  }

  /// Decides how the person is told of something at a moment, in microseconds since 1970.
  ///
  /// What is critical comes at once unless the person has said otherwise. What is milder than
  /// ``immediateSeverity`` and no page goes into the digest. The rest waits for the end of the
  /// quiet hours; where they never end it goes into the digest, or without one is sent, since
  /// nothing may be lost.
  public func choice(
    for severity: NoticeSeverity, isPage: Bool, at now: Int64
  ) -> PersonChoice {
    if severity == .critical && criticalOverridesQuietHours { return .send(channels) }
    if digest != nil && severity < immediateSeverity && !isPage { return .digest }
    let seconds = (now - (now < 0 ? 999_999 : 0)) / 1_000_000
    guard let quietHours, quietHours.contains(unixSeconds: seconds) else {
      return .send(channels)
    }
    guard let end = quietHours.nextChange(afterUnixSeconds: seconds) else {
      return digest == nil ? .send(channels) : .digest
    }
    return .hold(until: end * 1_000_000)
  }

  /// Whether an owner, as a customer names it, is this person: by name, mail address or role.
  public func isOwner(_ owner: String) -> Bool {
    guard !owner.isEmpty else { return false }
    return name == owner || roles.contains(owner)
      || email.map { $0.lowercased() == owner.lowercased() } ?? false
  }

  /// Whether anomalies of a customer with that owner are of interest.
  public func wants(owner: String) -> Bool { !portfolioOnly || isOwner(owner) }
}

/// How a person is told of something.
public enum PersonChoice: Sendable, Hashable {
  /// At once, by the first of these receivers that works.
  case send([String])
  /// With the next digest.
  case digest
  /// Not before that moment, in microseconds since 1970; then it is to be decided again.
  case hold(until: Int64)
}
