import Postgres
public import RPC
public import ServiceRuntime

/// The settings of baseline.
public struct BaselineConfiguration: Sendable {
  /// Logs, figures, drain.
  public let runtime: RuntimeSettings

  /// Where to listen, and where the detector is.
  public let rpc: RPCSettings

  /// The database, as baseline's role.
  public let databaseURL: Redacted<String>

  /// After how many series a range is full.
  public let rangeSeries: Int

  /// How many ranges of series are scanned at once.
  public let scanConcurrency: Int

  /// How many series are held in memory while what cohorts have in common is looked for over
  /// several buckets.
  public let cohortSeries: Int

  /// How long a range is ours without a sign of life, in seconds.
  public let leaseSeconds: Double

  /// How many days back what was judged is judged again when knowledge comes late.
  public let reviewDays: Int

  /// How many series one run judges again.
  public let reviewSeries: Int

  /// How many days after its end a run is kept, with the settings and the calendar that it took.
  public let runDays: Int

  /// Whether runs that begin with a closed bucket tell people of what is found in the past.
  public let notifiesHistory: Bool

  /// Where the compiled time zones are, by which civil days of the calendar are found.
  public let zoneDirectory: String

  /// How far back where nothing is said: a year and the month in which it is looked at.
  public static let reviewDaysDefault = 400

  /// How many series where nothing is said.
  public static let reviewSeriesDefault = 250_000

  /// How many days where nothing is said.
  public static let runDaysDefault = 400

  /// What is held where nothing is said: a quarter of a million.
  public static let cohortSeriesDefault = 250_000

  /// Reads the settings; faults are kept by the reader.
  public init(reading reader: ConfigurationReader) {
    runtime = RuntimeSettings(reading: reader)
    rpc = RPCSettings(reading: reader, backends: ["detector"])
    databaseURL =
      reader.secretOrFile("database-url", help: "PostgreSQL, as the role tidemark_baseline")
      ?? Redacted("")
    rangeSeries = reader.integer(
      "range-series", default: 1_000, in: 1...1_000,
      help: "series of a range, the part of a scan that is claimed; customers are not cut")
    scanConcurrency = reader.integer(
      "scan-concurrency", default: 4, in: 1...64,
      help: "ranges scanned at once")
    cohortSeries = reader.integer(
      "cohort-series", default: Self.cohortSeriesDefault, in: 1_000...100_000_000,
      help: "series held in memory, about 6 KiB each, while a history's cohorts are compared")
    leaseSeconds = reader.seconds(
      "lease-seconds", default: 15, in: 1...600,
      help: "how long a range stays with a process that shows no sign of life")
    reviewDays = reader.integer(
      "review-days", default: Self.reviewDaysDefault, in: 1...3_660,
      help: "how far back is judged again after late points or a change of the calendar")
    reviewSeries = reader.integer(
      "review-series", default: Self.reviewSeriesDefault, in: 1_000...100_000_000,
      help: "series that one run judges again; further ones only learn")
    runDays = reader.integer(
      "run-days", default: Self.runDaysDefault, in: 1...36_600,
      help: "how long finished runs and what they judged by are kept; at least review-days")
    notifiesHistory = reader.boolean(
      "notify-history", help: "tell people of what is found in buckets before the newest, too")
    zoneDirectory = reader.text(
      "zone-directory", default: "/usr/share/zoneinfo", help: "compiled time zones")
  }

  /// Sets them in a program, as tests do.
  public init(
    runtime: RuntimeSettings, rpc: RPCSettings, databaseURL: Redacted<String>,
    rangeSeries: Int = 1_000, scanConcurrency: Int = 4, cohortSeries: Int = cohortSeriesDefault,
    leaseSeconds: Double = 15, reviewDays: Int = reviewDaysDefault,
    reviewSeries: Int = reviewSeriesDefault, runDays: Int = runDaysDefault,
    notifiesHistory: Bool = false,
    zoneDirectory: String = "/usr/share/zoneinfo"
  ) {
    self.runtime = runtime
    self.rpc = rpc
    self.databaseURL = databaseURL
    self.rangeSeries = rangeSeries
    self.scanConcurrency = scanConcurrency
    self.cohortSeries = cohortSeries
    self.leaseSeconds = leaseSeconds
    self.reviewDays = reviewDays
    self.reviewSeries = reviewSeries
    self.runDays = runDays
    self.notifiesHistory = notifiesHistory
    self.zoneDirectory = zoneDirectory
  }
}
