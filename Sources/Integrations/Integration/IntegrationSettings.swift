public import Alerting
public import Egress
public import YAML

/// What one receiver's integration is told in the file of routes.
///
/// An integration is a room of two files: these settings with the vendor's limits, and the channel
/// that renders, sends and understands the answers.
public protocol IntegrationSettings: Sendable {
  /// The key of the receiver's settings and the word of logs and figures, such as "slack".
  static var kind: String { get }

  /// Whether it may wake a person, so that good news must not reach it.
  static var pages: Bool { get }

  /// What it is told as one thing unless its settings say otherwise.
  static var incidentScope: IncidentScope { get }

  /// Whether it is told that an anomaly is over even when it has been silenced since.
  static var holdsIncidents: Bool { get }

  /// By what it finds a single person; nil where it reaches whoever its settings name.
  var personAddress: PersonAddress? { get }

  /// Reads the settings; every fault is kept by the reader, and the result is nil then.
  init?(_ node: YAMLNode, reader: inout SettingsReader)

  /// Addresses that it will ask, to be held against the policy when the settings are read.
  var urls: [String] { get }

  /// After how many seconds what is still open must be told again, whatever the route's repeat
  /// interval, because the other side takes it for over otherwise; nil is never.
  var resendSeconds: Int? { get }

  /// Opens the way.
  ///
  /// - Throws: `EgressError` `closed` when the thread of sending cannot be started.
  func channel(_ surroundings: ChannelSurroundings) throws -> any DeliveryChannel
}

extension IntegrationSettings {
  /// What is told stays told.
  public var resendSeconds: Int? { nil }
}

/// What a channel finds when it is opened.
public struct ChannelSurroundings: Sendable {
  /// The way out.
  public var egress: EgressClient
  /// Where may be sent to.
  public var policy: EgressPolicy
  /// The gateway as people reach it; nil leaves links out.
  public var publicURL: String?
  /// Bound of one try, in milliseconds.
  public var totalMilliseconds: Int

  /// Gathers the surroundings.
  public init(
    egress: EgressClient, policy: EgressPolicy, publicURL: String?, totalMilliseconds: Int
  ) {
    self.egress = egress
    self.policy = policy
    self.publicURL = publicURL
    self.totalMilliseconds = totalMilliseconds
  }
}
