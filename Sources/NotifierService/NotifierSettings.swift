public import Egress
internal import Integration
public import ServiceRuntime

/// What the notifier needs to know but for its calls' transport.
public struct NotifierSettings: Sendable {
  /// The database, with the password in it.
  public var databaseURL: Redacted<String>

  /// Connections that are kept.
  public var databaseConnections: Int

  /// Who is told.
  public var routes: Routes

  /// The gateway as people reach it; nil leaves links out.
  public var publicURL: String?

  /// The organisation's time zone, for what names none.
  public var zone = "UTC"

  /// The file that the routes were read from; nil where they came from elsewhere.
  public var routesFile: String?

  /// Longest silence, in seconds; nil is no limit.
  public var silenceSecondsLimit: Int64?

  /// Where may be sent to.
  public var egress: EgressPolicy

  /// How often and how long it is tried.
  public var retry: RetrySettings

  /// Most sends to one receiver at a time.
  public var sendsPerReceiver: Int

  /// Bound of one try to send, in seconds.
  public var sendSeconds: Double

  /// Gathers the settings.
  public init(
    databaseURL: Redacted<String>, databaseConnections: Int = 6, routes: Routes = .none,
    publicURL: String? = nil, egress: EgressPolicy = EgressPolicy(),
    retry: RetrySettings = RetrySettings(), sendsPerReceiver: Int = 4, sendSeconds: Double = 15
  ) {
    self.databaseURL = databaseURL
    self.databaseConnections = databaseConnections
    self.routes = routes
    self.publicURL = publicURL
    self.egress = egress
    self.retry = retry
    self.sendsPerReceiver = sendsPerReceiver
    self.sendSeconds = sendSeconds
  }

  /// Reads the settings; what is wrong with the routes is kept with its line and column.
  ///
  /// - Parameters:
  ///   - reader: Keeps what is wrong.
  ///   - zone: The organisation's time zone.
  public init(reading reader: ConfigurationReader, zone: String = "UTC") {
    databaseURL =
      reader.secretOrFile("database-url", help: "libpq address of the database")
      ?? Redacted("")
    databaseConnections = reader.integer(
      "database-connections", default: 6, in: 1...100, help: "connections that are kept")
    publicURL = reader.optionalText("public-url", help: "the gateway as people reach it")
    egress = EgressPolicy(
      privateHosts: reader.list(
        "egress-allow-private", default: [],
        help: "host or host:port that may lie at a private address"),
      plaintextHosts: reader.list(
        "egress-allow-plaintext", default: [],
        help: "host or host:port that may be spoken to by http"),
      certificateAuthorityFile: reader.optionalText(
        "egress-ca-file", help: "certificates to trust in place of the system's"))
    retry = RetrySettings(
      firstSeconds: reader.seconds(
        "retry-first-seconds", default: 30, in: 0.01...3_600,
        help: "the wait after a failed try; it doubles each time"),
      longestSeconds: reader.seconds(
        "retry-longest-seconds", default: 1_800, in: 0.01...86_400, help: "the longest wait"),
      giveUpSeconds: reader.seconds(
        "give-up-seconds", default: 86_400, in: 1...604_800,
        help: "after it a notification is undeliverable"))
    sendsPerReceiver = reader.integer(
      "sends-per-receiver", default: 4, in: 1...64, help: "sends to one receiver at a time")
    sendSeconds = reader.seconds(
      "send-seconds", default: 15, in: 0.1...120, help: "bound of one try to send")
    routes = .none
    self.zone = zone
    silenceSecondsLimit = Int64(
      reader.integer(
        "silence-days-limit", default: 30, in: 1...3_650, help: "the longest silence, in days")
        * 86_400)
    routesFile = reader.optionalText("routes-file", help: "receivers and routes, YAML")
    if let file = routesFile {
      do {
        routes = try Routes(file: file, zone: zone)
        for fault in routes.faults(under: egress) { reader.refuse("routes-file", fault) }
      } catch {
        for fault in error.faults { reader.refuse("routes-file", fault) }
      }
    }
  }
}

extension Routes {
  /// What the policy of sending has against receivers, by name.
  func faults(under policy: EgressPolicy) -> [String] {
    var faults: [String] = []
    for receiver in receivers.values.sorted(by: { $0.name < $1.name }) {
      for url in receiver.way?.urls ?? [] {
        do {
          try policy.check(url: url)
        } catch {
          faults.append("receiver '\(receiver.name)': \(error.detail) (egress-allow-plaintext)")
        }
      }
    }
    return faults
  }
}
