public import RPC
public import SeriesModel
public import ServiceRuntime

/// The settings of ingest.
public struct IngestConfiguration: Sendable {
  /// Settings that every service has.
  public var runtime: RuntimeSettings

  /// Where to listen, whom to call, who is who.
  public var rpc: RPCSettings

  /// The database, as the role `tidemark_ingest`.
  public var databaseURL: Redacted<String>

  /// How many connections are held.
  public var databaseConnections: Int

  /// Points before this day are refused.
  public var oldestDate: CivilDate

  /// Points further ahead than this are refused, in seconds.
  public var futureSeconds: Double

  /// The most batches of one source that are worked on at once.
  public var sourceCallsLimit: Int

  /// Where the compiled time zones are.
  public var zoneDirectory: String

  /// Reads all settings; faults are kept by the reader.
  public init(reading reader: ConfigurationReader) {
    runtime = RuntimeSettings(reading: reader)
    rpc = RPCSettings(reading: reader, backends: ["baseline"])
    databaseURL =
      reader.secretOrFile("database-url", help: "PostgreSQL, as the role tidemark_ingest")
      ?? Redacted("")
    databaseConnections = reader.integer(
      "database-connections", default: 4, in: 1...100, help: "connections held")
    let epoch = CivilDate(dayIndex: 10_957)
    oldestDate =
      reader.value(
        "oldest-date", default: epoch, expected: "a date such as 2000-01-01",
        help: "points before it are refused"
      ) { CivilDate($0) } ?? epoch
    futureSeconds = reader.seconds(
      "future-seconds", default: 172_800, in: 0...31_536_000,
      help: "points further ahead are refused")
    sourceCallsLimit = reader.integer(
      "source-calls-limit", default: 8, in: 1...10_000,
      help: "batches of one source worked on at once")
    zoneDirectory = reader.text(
      "zone-directory", default: "/usr/share/zoneinfo", help: "compiled time zones")
  }

  /// Sets what must be set, as tests and `tidemark up` do; the rest can be changed afterwards.
  public init(rpc: RPCSettings, databaseURL: String, runtime: RuntimeSettings = RuntimeSettings()) {
    self.runtime = runtime
    self.rpc = rpc
    self.databaseURL = Redacted(databaseURL)
    databaseConnections = 4
    oldestDate = CivilDate(dayIndex: 10_957)
    futureSeconds = 172_800
    sourceCallsLimit = 8
    zoneDirectory = "/usr/share/zoneinfo"
  }
}
