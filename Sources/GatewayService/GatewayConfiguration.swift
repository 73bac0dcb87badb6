public import Postgres
public import RPC
public import ServiceRuntime

/// The settings of the gateway.
public struct GatewayConfiguration: Sendable {
  /// Settings that every service has.
  public var runtime: RuntimeSettings

  /// Where it listens for calls, and whom it calls: ingest, baseline and classifier.
  public var rpc: RPCSettings

  /// Where it listens for HTTP, `host:port`; port 0 is a free one.
  public var httpAddress: String

  /// Its database, as the role `tidemark_gateway`.
  public var database: PostgresConfiguration

  /// How many sessions it may hold.
  public var databaseConnections: Int

  /// A token that is let in without having been created, or nil.
  public var bootstrapToken: Redacted<String>?

  /// How many refused tokens one address may show a minute.
  public var refusedTokensPerMinute: Int

  /// How long one request may take, in seconds.
  public var requestSeconds: Double

  /// Sets all of them, as tests and `tidemark up` do.
  public init(
    runtime: RuntimeSettings = RuntimeSettings(), rpc: RPCSettings,
    httpAddress: String = "127.0.0.1:0", database: PostgresConfiguration,
    databaseConnections: Int = 4, bootstrapToken: Redacted<String>? = nil,
    refusedTokensPerMinute: Int = 10, requestSeconds: Double = 10
  ) {
    self.runtime = runtime
    self.rpc = rpc
    self.httpAddress = httpAddress
    self.database = database
    self.databaseConnections = databaseConnections
    self.bootstrapToken = bootstrapToken
    self.refusedTokensPerMinute = refusedTokensPerMinute
    self.requestSeconds = requestSeconds
  }

  /// The backends that it calls.
  public static let backends = ["ingest", "baseline", "classifier"]

  /// Reads them; faults are kept by the reader.
  public init(reading reader: ConfigurationReader) {
    runtime = RuntimeSettings(reading: reader)
    rpc = RPCSettings(reading: reader, backends: Self.backends)
    httpAddress = reader.listenAddress(
      "http-address", default: "127.0.0.1:8080", help: "the public API, host:port")
    let url = reader.secretOrFile(
      "database-url", help: "PostgreSQL with the role tidemark_gateway")
    database = PostgresConfiguration(url: url?.secret ?? "", applicationName: "tidemark-gateway")
    databaseConnections = reader.integer(
      "database-connections", default: 4, in: 1...100, help: "sessions with the database")
    bootstrapToken = reader.secretFile(
      "bootstrap-token-file", help: "a token with all scopes that is valid from the first start")
    if let token = bootstrapToken, !GatewayTokens.isAcceptableSecret(token.secret) {
      reader.refuse(
        "bootstrap-token-file", "must hold 32 to 200 characters of letters, digits, - . _ ~ + /")
    }
    refusedTokensPerMinute = reader.integer(
      "refused-tokens-per-minute", default: 10, in: 1...10_000,
      help: "refused tokens of one address before it is told to wait")
    requestSeconds = reader.seconds(
      "request-seconds", default: 10, in: 0.1...50, help: "how long one request may take")
  }
}
