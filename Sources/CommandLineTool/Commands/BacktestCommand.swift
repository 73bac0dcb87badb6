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
  let (history, points, calendar) = try settings.history.read()
  // What cannot be written is told before, not after, the history was judged.
  if let out = settings.out { try SmallFiles.checkPlace(of: out) }
  if let folder = settings.plot { try SmallFiles.makeFolder(folder, mode: 0o755) }
  let verdicts = try settings.verdicts.map { path throws(CommandError) in
    try VerdictFile.verdicts(path: path, of: history)
  }
  let read = clock.now
  let coreStarted = processCoreSeconds()
  let run = BacktestRun(
    history, calendar: calendar, hasCohorts: settings.history.customers != nil,
    others: settings.isSensitivity ? SensitivityTable.others : [],
    staticRules: try settings.staticRules(), verdicts: verdicts ?? [])
  let due = Int64(history.series.count)
  let buckets = Int64(history.buckets.count)
  var progress = ProgressReport(
    context.terminal, label: "backtest", unit: "buckets of series", at: read)
  let (all, cohorts, unmet) = await run.walk(threads: settings.threads) { done in
    progress.update(Int64(done) * due, of: buckets * due, at: clock.now)
  }
  let judged = clock.now
  let coreSeconds = processCoreSeconds() - coreStarted
  progress.finish(buckets * due, of: buckets * due, at: judged)
  let alarms = all.filter { $0.setting == 0 }
  if let out = settings.out {
    let written = try writeDetections(alarms, of: history, isAllTypes: settings.isAllTypes, to: out)
    context.terminal.line("\(grouped(Int64(written), "detection")) in \(out)")
  }
  if let verdicts {
    context.terminal.line(VerdictFile.report(verdicts.count, unmet: unmet))
  }
  if let folder = settings.plot {
    let plots = PlotFolder(history, calendar: calendar, cohorts: cohorts)
    let drawn = try plots.write(alarms, to: folder)
    context.terminal.line("\(grouped(Int64(drawn), "drawing")) in \(folder)/index.html")
  }
  if settings.isSensitivity {
    for line in SensitivityTable(all, of: history).text { context.terminal.line(line) }
  }
  let speed = Double(points) / 400 / max(coreSeconds, 1e-9)
  context.terminal.line(
    "\(grouped(due)) series, \(grouped(Int64(points), "point"))")
  context.terminal.line(
    "read in \(tenths((read - started) / .seconds(1))) s, judged in"
      + " \(tenths((judged - read) / .seconds(1))) s with \(settings.threads) threads:"
      + " \(grouped(Int64(speed))) series of 400 points per second and core")
  return 0
}

/// Writes a row an alarm; gives how many there are.
private func writeDetections(
  _ alarms: [ReplayedChange], of history: History, isAllTypes: Bool, to path: String
) throws(CommandError) -> Int {
  var rows: [String] = [DetectionFile.head]
  for alarm in alarms
  where isAllTypes || DetectionFile.judgedTypes.contains(alarm.episode.type.name) {
    let series = history.series[alarm.series]
    let name = DetectionFile.name(
      alarm.scope, series: series.name, customer: history.customers[series.customer].externalID)
    rows.append(DetectionFile.row(name, alarm.episode, foundIn: alarm.bucket))
  }
  try SmallFiles.write(rows.joined(separator: "\n") + "\n", to: path, mode: 0o644)
  return rows.count - 1
}

/// What a backtest is told.
struct BacktestSettings: Sendable {
  let history: HistorySettings
  let out: String?
  let isAllTypes: Bool
  let isSensitivity: Bool
  let verdicts: String?
  let plot: String?
  let threads: Int

  init(reading reader: ConfigurationReader) {
    history = HistorySettings(reading: reader)
    out = reader.optionalText("out", help: "where the detections are written")
    isSensitivity = reader.boolean(
      "sensitivity", help: "prints what several scales of the thresholds come to")
    plot = reader.optionalText(
      "plot", help: "a folder for a drawing of each series of which people would have heard")
    verdicts = reader.optionalText(
      "verdicts",
      help: "what people said of anomalies, as CSV: series_id, start and end or date, verdict"
        + " (dismissed), given_at; each is heard from given_at on")
    if out == nil && plot == nil && !isSensitivity {
      reader.refuse("--out, --plot or --sensitivity", "is needed, else nobody sees what was found")
    }
    isAllTypes = reader.boolean(
      "all-types",
      help: "also judge by the shipped static rules, and write types that the judge of detection"
        + " quality does not know")
    threads = HistorySettings.threads(reader)
  }

  /// The static rules: those of the house, unless only what the models say is wanted, which is what
  /// detection quality is about.
  func staticRules() throws(CommandError) -> [StaticRule] {
    isAllTypes || history.rules != nil ? try history.staticRules() : []
  }
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
