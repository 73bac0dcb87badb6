import Baselines
import Glibc
import PointsContract
import SeriesContract
import SeriesModel
import ServiceRuntime

/// Which files a history is read from, and how.
struct HistorySettings: Sendable {
  let points: String
  let customers: String?
  let metrics: String?
  let holidays: String?
  let rules: String?
  let granularity: SeriesModel.Granularity
  let isUnordered: Bool
  let repeated: RepeatedValues

  init(reading reader: ConfigurationReader, isPointsNeeded: Bool = true) {
    let help = "a file with the columns customer, metric, date or timestamp, value"
    points =
      isPointsNeeded
      ? reader.text("points", help: help)
      : reader.text("points", default: "", help: help + "; else a running house is asked")
    customers = reader.optionalText(
      "customers",
      help: "customers, their segments and regions, as CSV or as JSON with holidays too;"
        + " without it nobody is compared with others: no common shift, no platform event")
    metrics = reader.optionalText(
      "metrics", help: "a file of metrics as import takes it; without it names tell the kind")
    holidays = reader.optionalText(
      "holidays", help: "holidays and known events: a table as calendar import takes it, or JSON")
    rules = reader.optionalText(
      "rules", help: "static rules beside the shipped ones, as CSV; none leaves out these too")
    let granularity =
      reader.value(
        "granularity", default: "day", expected: "day, hour, week or 5min",
        help: "the length of the buckets: day, hour, week or 5min"
      ) { Granularity(name: $0)?.name }.flatMap { Granularity(name: $0) } ?? .day
    self.granularity = granularity
    let usual = RepeatedValues.usual(granularity)
    repeated =
      reader.value(
        "repeated", default: usual.rawValue, expected: "refuse, mean or sum",
        help: "what several values in one bucket come to: refuse, mean or sum; 5min takes their"
          + " mean, others refuse"
      ) { RepeatedValues(rawValue: $0)?.rawValue }.flatMap { RepeatedValues(rawValue: $0) } ?? usual
    isUnordered = reader.boolean(
      "unordered", help: "the rows of a series may come in any order of time")
  }

  /// How many threads are used.
  static func threads(_ reader: ConfigurationReader) -> Int {
    reader.integer(
      "threads", default: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), in: 1...256,
      help: "how many are used; what is found does not depend on it")
  }

  /// Refuses flags that only a file of points can answer, where the running house is asked.
  ///
  /// - Parameters:
  ///   - context: The command and its flags.
  ///   - more: Further keys of the command that belong to files.
  /// - Throws: ``UsageError`` that names the flag.
  static func refuseFlags(
    _ context: CommandContext, beside more: [String] = []
  ) throws(UsageError) {
    let keys = [
      "customers", "metrics", "holidays", "rules", "granularity", "repeated", "unordered",
      "threads",
    ]
    for key in keys + more where context.reader.isFlagGiven(key) {
      throw UsageError(
        "--\(key) goes with files; a running house has its own", context.command.usage)
    }
  }

  /// The shipped static rules and those of the file.
  func staticRules() throws(CommandError) -> [StaticRule] {
    guard let rules else { return StaticRule.shipped }
    return rules == "none" ? [] : StaticRule.shipped + (try RuleFile.rules(path: rules))
  }

  /// The history of the files, how many points it has, and the holidays.
  func read() throws(CommandError) -> (History, points: Int, BusinessCalendar) {
    let attributes = try customers.map { path throws(CommandError) in
      try CustomerAttributes(path: path)
    }
    let holidays = try holidays.map { path throws(CommandError) in
      try HolidayFile.calendar(path: path)
    }
    var catalogue: [String: SeriesModel.Metric] = [:]
    if let path = metrics {
      for metric in try CatalogueFiles.metrics(path: path) {
        let model: SeriesModel.Metric
        do {
          model = try SeriesModel.Metric(metric, field: "metric", requiresID: false)
        } catch {
          throw CommandError("\(path): \(metric.name): \(error)")
        }
        catalogue[model.key] = model
      }
    }
    let rows = try PointRows(path: points, granularity: granularity)
    let history = try History(
      rows, path: points, granularity: granularity, attributes: attributes?.customers ?? [:],
      catalogue: catalogue, isUnordered: isUnordered, repeated: repeated)
    return (history, rows.values.count, holidays ?? attributes?.holidays ?? BusinessCalendar())
  }
}
