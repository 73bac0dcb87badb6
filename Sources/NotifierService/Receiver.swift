public import Alerting
public import ServiceRuntime
public import Egress

/// One who is told: a name, rules, and a way to get there.
public struct Receiver: Sendable {
  /// The way to a receiver.
  public enum Way: Sendable {
    /// An integration of PagerDuty's Events API v2.
    case pagerDuty(PagerDutySettings)
    /// Mail through a server.
    case email(EmailSettings)
    /// None, as Alertmanager has it for what is to be known and not told.
    case nowhere
  }

  /// Unique among receivers.
  public let name: String

  /// What it is told.
  public let rules: ReceiverRules

  /// How it is reached.
  public let way: Way

  /// Gathers what is known of a receiver.
  public init(name: String, rules: ReceiverRules, way: Way) {
    self.name = name
    self.rules = rules
    self.way = way
  }

  /// The word of logs and figures for the way.
  public var kind: String {
    switch way {
    case .pagerDuty: "pagerduty"
    case .email: "email"
    case .nowhere: "none"
    }
  }

  /// The kind of job that delivers to it; one each, so that none waits for another.
  var jobKind: String { "deliver/\(name)" }
}

/// An integration of PagerDuty's Events API v2.
public struct PagerDutySettings: Sendable {
  /// Where events are accepted.
  public static let usualURL = "https://events.pagerduty.com/v2/enqueue"

  /// Where events are accepted.
  public let url: String

  /// The integration's key.
  public let routingKey: RoutingKey

  /// Keys that were in use before; what they opened is resolved with them.
  public let previousKeys: [RoutingKey]

  /// Most events a minute under one key.
  public let eventsPerMinute: Int

  /// Gathers the settings.
  public init(
    url: String = usualURL, routingKey: RoutingKey, previousKeys: [RoutingKey] = [],
    eventsPerMinute: Int = 100
  ) {
    self.url = url
    self.routingKey = routingKey
    self.previousKeys = previousKeys
    self.eventsPerMinute = eventsPerMinute
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
    self.id = routingKeyID(bytes)
  }
}

/// Mail through a server.
public struct EmailSettings: Sendable {
  /// Who gets the mail.
  public enum Recipient: Sendable, Hashable {
    /// A fixed address.
    case address(String)
    /// Whoever looks after the customer.
    case owner
  }

  /// The server that takes the mail.
  public let server: MailServer

  /// The sender.
  public let from: MailDocument.Mailbox

  /// Who gets the mail, at least one.
  public let to: [Recipient]

  /// Who gets it when the owner has no address; nil is nobody.
  public let fallback: String?

  /// Addresses of owners that are named by a role.
  public let directory: [String: String]

  /// Gathers the settings.
  public init(
    server: MailServer, from: MailDocument.Mailbox, to: [Recipient], fallback: String? = nil,
    directory: [String: String] = [:]
  ) {
    self.server = server
    self.from = from
    self.to = to
    self.fallback = fallback
    self.directory = directory
  }

  /// The addresses for a customer's owner, each once; empty when there is none.
  func addresses(owner: String) -> [String] {
    var found: [String] = []
    for recipient in to {
      let address: String?
      switch recipient {
      case .address(let fixed): address = fixed
      case .owner:
        address = MailAddress.isValid(owner) ? owner : directory[owner] ?? fallback
      }
      if let address, !found.contains(address) { found.append(address) }
    }
    return found
  }
}
