public import Alerting
public import Egress
public import Integration
internal import SeriesModel
internal import ServiceRuntime
public import YAML

/// Mail through a server.
public struct EmailSettings: Sendable {
  /// Who gets the mail.
  public enum Recipient: Sendable, Hashable {
    /// A fixed address.
    case address(String)
    /// Whoever looks after the customer.
    case owner
  }

  /// How a subject names the customer.
  public enum SubjectCustomer: String, Sendable, Hashable, CaseIterable {
    /// By name.
    case name
    /// By the identity that the team's other systems know.
    case id
    /// Not at all.
    case none
  }

  /// Most anomalies that are told in full in one mail; others are a line each.
  public static let fullLimit = 10
  /// Most anomalies that get a line in one mail.
  public static let lineLimit = 200

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

  /// How a subject names the customer; subjects are seen by whoever looks at a locked screen.
  public var subjectCustomer = SubjectCustomer.name

  /// A name of the form of a domain by which mail programs sort; nil is `tidemark.` and the
  /// sender's domain.
  public var listID: String?

  /// Where people choose what they get; nil is nowhere.
  public var preferencesURL: String?

  /// What ends the digests at one click, by POST (RFC 8058); nil is nothing.
  ///
  /// It is never offered in mails of single anomalies: who loses those by a click learns of it when
  /// it is too late.
  public var unsubscribeURL: String?

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

  /// The addresses for a message, each once; empty when there is none.
  func addresses(for message: OutgoingMessage) -> [String] {
    if !message.recipients.isEmpty { return message.recipients.compactMap(\.email) }
    return addresses(owner: message.lead.notice.customer.owner)
  }

  /// The addresses for a customer's owner, each once; empty when there is none.
  public func addresses(owner: String) -> [String] {
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

extension EmailSettings: IntegrationSettings {
  /// The key of the settings.
  public static let kind = "email"
  /// Mail waits until it is read.
  public static let pages = false
  /// One mail a group.
  public static let incidentScope = IncidentScope.group
  /// A mail does not stay open.
  public static let holdsIncidents = false

  /// A mail may go to anybody.
  public var personAddress: PersonAddress? { .email }

  /// Mail servers are not asked by HTTP.
  public var urls: [String] { [] }

  /// Reads the settings.
  public init?(_ node: YAMLNode, reader: inout SettingsReader) {
    let known = [
      "smarthost", "from", "from-name", "to", "fallback-to", "username", "password-file",
      "greeting", "insecure-plaintext", "subject-customer", "list-id", "preferences-url",
      "unsubscribe-url",
    ]
    guard let keys = reader.mapping(node, "'email'", known) else { return nil }
    for key in ["smarthost", "from", "to"] where keys[key] == nil {
      reader.refuse(node, "'\(key)' is missing")
    }
    let server = keys["smarthost"].flatMap { Self.server($0, keys, &reader) }
    let from = keys["from"].flatMap { reader.mailAddress($0, "'from'") }
    let to = keys["to"].map { Self.recipients($0, &reader) } ?? []
    let fallback = keys["fallback-to"].flatMap { reader.mailAddress($0, "'fallback-to'") }
    let name = keys["from-name"].flatMap { reader.text($0) } ?? "Tidemark"
    guard let server, let from, !to.isEmpty else { return nil }
    self.init(
      server: server, from: MailDocument.Mailbox(name: name, address: from), to: to,
      fallback: fallback, directory: reader.directory)
    subjectCustomer =
      keys["subject-customer"].flatMap { reader.word($0, SubjectCustomer.self) } ?? subjectCustomer
    listID = keys["list-id"].flatMap { Self.listID($0, &reader) }
    preferencesURL = keys["preferences-url"].flatMap { Self.page($0, &reader) }
    unsubscribeURL = keys["unsubscribe-url"].flatMap { Self.page($0, &reader) }
  }

  private static func listID(_ entry: YAMLNode.Entry, _ reader: inout SettingsReader) -> String? {
    guard let text = reader.text(entry) else { return nil }
    guard MailAddress.isValid("x@\(text)"), text.contains(".") else {
      reader.refuse(entry, "'list-id' must have the form of a domain, such as tidemark.example.org")
      return nil
    }
    return text
  }

  private static func page(_ entry: YAMLNode.Entry, _ reader: inout SettingsReader) -> String? {
    guard let text = reader.text(entry) else { return nil }
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3c && $0 != 0x3e }
    guard text.hasPrefix("https://"), isPlain, text.utf8.count <= 900 else {
      reader.refuse(entry, "'\(entry.key)' must be an address that begins with https://")
      return nil
    }
    return text
  }

  private static func server(
    _ entry: YAMLNode.Entry, _ keys: [String: YAMLNode.Entry], _ reader: inout SettingsReader
  ) -> MailServer? {
    let parts = (reader.text(entry) ?? "").split(separator: "://", maxSplits: 1)
    let place = parts.last.map { $0.split(separator: ":", omittingEmptySubsequences: false) } ?? []
    guard parts.count == 2, let scheme = parts.first, ["smtp", "smtps"].contains(scheme),
      let host = place.first, !host.isEmpty, place.count <= 2,
      host.utf8.allSatisfy({ isAlphanumeric($0) || $0 == 0x2d || $0 == 0x2e })
    else {
      reader.refuse(entry, "'smarthost' must be smtp://host:port or smtps://host:port")
      return nil
    }
    let usual = scheme == "smtps" ? 465 : 587
    guard let port = place.count == 2 ? Int(place[1]) : usual, (1...65_535).contains(port) else {
      reader.refuse(entry, "the port of 'smarthost' must be a number from 1 to 65535")
      return nil
    }
    let isPlain = keys["insecure-plaintext"].flatMap { reader.boolean($0) } ?? false
    if isPlain && scheme == "smtps" {
      reader.refuse(entry, "'insecure-plaintext' and smtps:// exclude each other")
    }
    let username = keys["username"].flatMap { reader.text($0) }
    let password = keys["password-file"].flatMap { reader.secret($0.value) }
    if (username == nil) != (keys["password-file"] == nil) {
      reader.refuse(entry, "'username' and 'password-file' go together")
    }
    if isPlain && username != nil {
      reader.refuse(entry, "credentials are only sent over TLS; drop 'insecure-plaintext'")
    }
    let greeting = keys["greeting"].flatMap { reader.text($0) } ?? "tidemark.invalid"
    if !MailAddress.isValid("x@\(greeting)") {
      reader.refuse(entry, "'greeting' must be the name of a host")
    }
    return MailServer(
      host: String(host), port: port,
      protection: isPlain ? .insecure : scheme == "smtps" ? .implicitTLS : .startTLS,
      username: username, password: password?.secret, greeting: greeting)
  }

  private static func recipients(
    _ entry: YAMLNode.Entry, _ reader: inout SettingsReader
  ) -> [Recipient] {
    let nodes = entry.value.elements ?? [entry.value]
    var found: [Recipient] = []
    for node in nodes {
      switch node.text {
      case "owner"?: found.append(.owner)
      case let address? where MailAddress.isValid(address): found.append(.address(address))
      default: reader.refuse(node, "'to' takes mail addresses and the word owner")
      }
    }
    if nodes.isEmpty { reader.refuse(entry, "'to' names nobody") }
    return found
  }

  /// Opens the way.
  public func channel(_ surroundings: ChannelSurroundings) throws -> any DeliveryChannel {
    let milliseconds = surroundings.totalMilliseconds
    let limits = MailClient.Limits(
      totalMilliseconds: milliseconds, connectMilliseconds: milliseconds,
      replySeconds: max(1, milliseconds / 1_000))
    return EmailChannel(
      settings: self,
      client: try MailClient(server: server, policy: surroundings.policy, limits: limits))
  }
}
