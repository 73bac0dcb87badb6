import Baselines
import Classification
import Glibc
import Replay
import SeriesContract
import SeriesModel
import ServiceRuntime

/// Replays a history as the services would have judged it: `tidemark backtest`.
func backtest(_ context: CommandContext) async throws -> Int32 {
  let settings = BacktestSettings(reading: context.reader)
  try context.settingsAreRead()
  let clock = ContinuousClock()
  let started = clock.now
  let (history, points, calendar) = try readHistory(settings)
  let read = clock.now
  let coreStarted = processCoreSeconds()
  let run = BacktestRun(
    history, calendar: calendar, hasCohorts: settings.customers != nil,
    staticRules: StaticRule.shipped + (try readRules(settings)))
  let due = Int64(history.series.count)
  let buckets = Int64(history.buckets.count)
  var progress = ProgressReport(
    context.terminal, label: "backtest", unit: "buckets of series", at: read)
  let alarms = await run.alarms(threads: settings.threads) { done in
    progress.update(Int64(done) * due, of: buckets * due, at: clock.now)
  }
  let judged = clock.now
  let coreSeconds = processCoreSeconds() - coreStarted
  progress.finish(buckets * due, of: buckets * due, at: judged)
  var rows: [String] = [DetectionFile.head]
  for alarm in alarms
  where settings.isAllTypes || DetectionFile.judgedTypes.contains(alarm.episode.type.name) {
    let series = history.series[alarm.series]
    let name = DetectionFile.name(
      alarm.scope, series: series.name, customer: history.customers[series.customer].externalID)
    rows.append(DetectionFile.row(name, alarm.episode, foundIn: alarm.bucket))
  }
  try SmallFiles.write(rows.joined(separator: "\n") + "\n", to: settings.out, mode: 0o644)
  let speed = Double(points) / 400 / max(coreSeconds, 1e-9)
  context.terminal.line(
    "\(grouped(due)) series, \(grouped(Int64(points))) points,"
      + " \(grouped(Int64(rows.count - 1))) detections in \(settings.out)")
  context.terminal.line(
    "read in \(tenths((read - started) / .seconds(1))) s, judged in"
      + " \(tenths((judged - read) / .seconds(1))) s with \(settings.threads) threads:"
      + " \(grouped(Int64(speed))) series of 400 points per second and core")
  return 0
}

/// What a backtest is told.
struct BacktestSettings: Sendable {
  let points: String
  let customers: String?
  let metrics: String?
  let holidays: String?
  let rules: String?
  let granularity: SeriesModel.Granularity
  let out: String
  let isAllTypes: Bool
  let isUnordered: Bool
  let repeated: RepeatedValues
  let threads: Int

  init(reading reader: ConfigurationReader) {
    points = reader.text(
      "points", help: "a file with the columns customer, metric, date or timestamp, value")
    customers = reader.optionalText(
      "customers",
      help: "customers, their segments and regions, as CSV or as JSON with holidays too;"
        + " without it nobody is compared with others: no common shift, no platform event")
    metrics = reader.optionalText(
      "metrics", help: "a file of metrics as import takes it; without it names tell the kind")
    holidays = reader.optionalText(
      "holidays", help: "holidays and known events: a table as calendar import takes it, or JSON")
    rules = reader.optionalText(
      "rules", help: "static rules beside the shipped ones, as CSV: name, comparison and more")
    let granularity =
      reader.value(
        "granularity", default: "day", expected: "day, hour, week or 5min",
        help: "the length of the buckets"
      ) { Granularity(name: $0)?.name }.flatMap { Granularity(name: $0) } ?? .day
    self.granularity = granularity
    let usual = RepeatedValues.usual(granularity)
    repeated =
      reader.value(
        "repeated", default: usual.rawValue, expected: "refuse, mean or sum",
        help: "what several values in one bucket come to; 5min takes their mean, others refuse"
      ) { RepeatedValues(rawValue: $0)?.rawValue }.flatMap { RepeatedValues(rawValue: $0) } ?? usual
    out = reader.text("out", help: "where the detections are written")
    isAllTypes = reader.boolean(
      "all-types", help: "also write types that the judge of detection quality does not know")
    isUnordered = reader.boolean(
      "unordered", help: "the rows of a series may come in any order of time")
    threads = reader.integer(
      "threads", default: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), in: 1...256,
      help: "how many are used; what is found does not depend on it")
  }
}

/// The static rules of the file, or none.
private func readRules(_ settings: BacktestSettings) throws(CommandError) -> [StaticRule] {
  guard let path = settings.rules else { return [] }
  return try RuleFile.rules(path: path)
}

/// The history of the files, how many points it has, and the holidays.
private func readHistory(
  _ settings: BacktestSettings
) throws(CommandError) -> (History, points: Int, BusinessCalendar) {
  let attributes = try settings.customers.map { path throws(CommandError) in
    try CustomerAttributes(path: path)
  }
  let holidays = try settings.holidays.map { path throws(CommandError) in
    try HolidayFile.calendar(path: path)
  }
  var catalogue: [String: SeriesModel.Metric] = [:]
  if let path = settings.metrics {
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
  let rows = try PointRows(path: settings.points, granularity: settings.granularity)
  let history = try History(
    rows, path: settings.points, granularity: settings.granularity,
    attributes: attributes?.customers ?? [:], catalogue: catalogue,
    isUnordered: settings.isUnordered, repeated: settings.repeated)
  return (history, rows.values.count, holidays ?? attributes?.holidays ?? BusinessCalendar())
}

/// The time that all threads of the process together have worked, in seconds: beside other work it
/// tells more of a program than the time that has passed.
private func processCoreSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A number with one decimal place.
private func tenths(_ number: Double) -> String {
  "\((number * 10).rounded() / 10)"
}
