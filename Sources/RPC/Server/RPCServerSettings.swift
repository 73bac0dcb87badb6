public import Nanomsg
public import ServiceRuntime

/// How a server listens and what it allows.
public struct RPCServerSettings: Sendable {
  /// How many calls are answered at once when nobody says otherwise.
  public static let callsLimitDefault = 256

  /// The word that the service goes by, such as `ingest`; caller tokens name it.
  public var serviceName: String

  /// The build's version, as GetInfo tells it.
  public var version: String

  /// Certificates; needed for `tls+tcp://`.
  public var tls: NanomsgTLS?

  /// The callers that are let in; nil lets in everyone who can connect.
  public var trustedCallers: TrustedCallers?

  /// The most calls that are answered at once; further ones are refused with RESOURCE_EXHAUSTED.
  public var callsLimit: Int

  /// Whether handlers run on the transport's threads.
  ///
  /// Only for handlers that never block: see ``InlineExecutor``.
  public var runsHandlersInline: Bool

  /// Where failures of the server's own are logged.
  public var logger: Logger?

  /// Where durations are counted.
  public var metrics: MetricsRegistry?

  /// Makes settings for a service.
  public init(
    serviceName: String, version: String = "development", tls: NanomsgTLS? = nil,
    trustedCallers: TrustedCallers? = nil,
    callsLimit: Int = RPCServerSettings.callsLimitDefault, runsHandlersInline: Bool = false,
    logger: Logger? = nil, metrics: MetricsRegistry? = nil
  ) {
    self.serviceName = serviceName
    self.version = version
    self.tls = tls
    self.trustedCallers = trustedCallers
    self.callsLimit = callsLimit
    self.runsHandlersInline = runsHandlersInline
    self.logger = logger
    self.metrics = metrics
  }
}
