/// How much and how long a client may ask of the server.
public struct HTTPLimits: Sendable, Hashable {
  /// The largest header with its first line, in bytes.
  public var headerBytesLimit = 8_192

  /// The largest body, in bytes.
  public var bodyBytesLimit = 1 << 20

  /// The most connections at once.
  public var connectionLimit = 512

  /// The most connections from one address at once.
  public var connectionsPerAddressLimit = 64

  /// How long a connection may be silent, in seconds.
  public var idleSeconds = 15

  /// How long a header may take from its connection on, in seconds.
  public var headerSeconds: Double = 15

  /// How long a body may take from its header on, in seconds.
  public var bodySeconds: Double = 30

  /// How long the handler may take, in seconds.
  public var handlerSeconds: Double = 60

  /// How long a client may take to read a response, in seconds.
  public var responseSeconds: Double = 60

  /// The usual limits.
  public init() {}
}
