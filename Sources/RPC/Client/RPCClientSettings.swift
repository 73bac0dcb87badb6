public import Nanomsg
public import ServiceRuntime

/// How a caller reaches a backend.
public struct RPCClientSettings: Sendable {
  /// The word that the backend goes by, such as `ingest`; caller tokens name it.
  ///
  /// Nil takes it from the called method's service.
  public var backend: String?

  /// Certificates; needed for `tls+tcp://`.
  public var tls: NanomsgTLS?

  /// Who calls; nil shows no token.
  public var identity: CallerIdentity?

  /// The most calls under way at once, a backend address.
  public var callsLimit: Int

  /// How long after its making a channel lets calls wait for the first connection.
  ///
  /// Later a call without a connection fails at once.
  public var connectPatienceMilliseconds: Int

  /// Where attempts are counted.
  public var metrics: MetricsRegistry?

  /// Makes settings for a backend.
  public init(
    backend: String? = nil, tls: NanomsgTLS? = nil, identity: CallerIdentity? = nil,
    callsLimit: Int = 1_024, connectPatienceMilliseconds: Int = 1_000,
    metrics: MetricsRegistry? = nil
  ) {
    self.backend = backend
    self.tls = tls
    self.identity = identity
    self.callsLimit = callsLimit
    self.connectPatienceMilliseconds = connectPatienceMilliseconds
    self.metrics = metrics
  }
}
