public import Postgres
public import RPC
public import ServiceRuntime

/// The settings of the classifier.
public struct ClassifierConfiguration: Sendable {
  /// Settings that every service has.
  public var runtime: RuntimeSettings

  /// Where it listens and whom it calls: the notifier, and baseline where its address is known.
  public var rpc: RPCSettings

  /// Its database, as the role `tidemark_classifier`.
  public var database: PostgresConfiguration

  /// How many sessions it may hold.
  public var databaseConnections: Int

  /// How many days after the end of its anomaly a decision is kept.
  public var decisionDays: Int

  /// How many days what was told, done, refused and set is kept.
  public var historyDays: Int

  /// How many days where nothing is said: as long as baseline judges the past again.
  public static let decisionDaysDefault = 400

  /// How many days where nothing is said.
  public static let historyDaysDefault = 400

  /// Sets all of them, as tests and `tidemark up` do.
  public init(
    runtime: RuntimeSettings = RuntimeSettings(), rpc: RPCSettings,
    database: PostgresConfiguration, databaseConnections: Int = 6,
    decisionDays: Int = decisionDaysDefault, historyDays: Int = historyDaysDefault
  ) {
    self.runtime = runtime
    self.rpc = rpc
    self.database = database
    self.databaseConnections = databaseConnections
    self.decisionDays = decisionDays
    self.historyDays = historyDays
  }

  /// Reads them; faults are kept by the reader.
  public init(reading reader: ConfigurationReader) {
    runtime = RuntimeSettings(reading: reader)
    rpc = RPCSettings(reading: reader, backends: ["notifier"], optionalBackends: ["baseline"])
    let url = reader.secretOrFile(
      "database-url", help: "PostgreSQL with the role tidemark_classifier")
    database = PostgresConfiguration(
      url: url?.secret ?? "", applicationName: "tidemark-classifier")
    databaseConnections = reader.integer(
      "database-connections", default: 6, in: 2...100, help: "sessions with the database")
    decisionDays = reader.integer(
      "decision-days", default: Self.decisionDaysDefault, in: 1...36_600,
      help: "how long the records of decisions are kept once their anomaly is over")
    historyDays = reader.integer(
      "history-days", default: Self.historyDaysDefault, in: 1...36_600,
      help: "how long changes that were told, conflicts and ended settings are kept")
  }
}
