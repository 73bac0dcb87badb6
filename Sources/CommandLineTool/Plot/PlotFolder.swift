import Classification
import Replay
import SeriesModel

/// A folder with a drawing of each series of which people were told, and a page that lists them.
struct PlotFolder {
  /// Buckets drawn before the first anomaly of a drawing and after the last one.
  private static let margin: Int32 = 60

  private let history: History
  private let calendar: BusinessCalendar
  private let cohorts: BusinessCohorts

  /// What the buckets did to the cohorts.
  typealias BusinessCohorts = BacktestRun.Cohorts

  init(_ history: History, calendar: BusinessCalendar, cohorts: BusinessCohorts) {
    self.history = history
    self.calendar = calendar
    self.cohorts = cohorts
  }

  /// Writes the drawings; gives how many there are.
  func write(_ alarms: [ReplayedChange], to folder: String) throws(CommandError) -> Int {
    try SmallFiles.makeFolder(folder, mode: 0o755)
    var rows = ""
    let bySeries = Dictionary(grouping: alarms, by: \.series)
    for place in bySeries.keys.sorted() {
      let plot = plot(of: place, bySeries[place] ?? [])
      let name = Self.fileName(place, history.series[place].name)
      try SmallFiles.write(plot.text, to: "\(folder)/\(name)", mode: 0o644)
      let items = plot.marks.map { "<li>\(SVGWriter.escaped($0.sentence))</li>" }.joined()
      rows +=
        "<section><h2><a href=\"\(name)\">\(SVGWriter.escaped(plot.title))</a></h2>"
        + "<ul>\(items)</ul><img src=\"\(name)\" alt=\"\" loading=\"lazy\"></section>\n"
    }
    let page = """
      <!doctype html>
      <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>What was out of the ordinary</title>
      <style>:root{color-scheme:light dark}body{font:16px system-ui,sans-serif;margin:2rem auto;\
      max-width:66rem;padding:0 1rem}h2{font-size:1.1rem}img{max-width:100%;height:auto}</style>
      <h1>What was out of the ordinary</h1>
      <p>\(countWords(Int64(alarms.count), "alarm")) in \(bySeries.count) of \
      \(countWords(Int64(history.series.count), "series")).</p>
      \(rows)</html>

      """
    try SmallFiles.write(
      page.replacing("seriess", with: "series"), to: "\(folder)/index.html", mode: 0o644)
    return bySeries.count
  }

  /// A name that is safe in any file system and in an address: letters and digits of ASCII, and the
  /// number of the series, so that no two are alike.
  static func fileName(_ place: Int, _ series: String) -> String {
    let safe = series.unicodeScalars.prefix(80).map { scalar in
      scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        ? Character(scalar) : "-"
    }
    return "\(place + 1)-\(String(safe)).svg"
  }

  private func plot(of place: Int, _ alarms: [ReplayedChange]) -> SeriesPlot {
    let series = history.series[place]
    let customer = history.customers[series.customer]
    let metric = history.metrics[series.metric]
    let marks = alarms.map { mark($0, metric) }
    let first = (marks.map(\.buckets.lowerBound).min() ?? 0) - Self.margin
    let last = (marks.map(\.foundIn).max() ?? 0) + Self.margin
    var walk = SeriesWalk(customer: customer, metric: metric, calendar: calendar)
    var points: [BandPoint] = []
    for bucket in history.buckets where bucket <= last {
      let point = walk.advance(
        to: bucket, value: history.value(place, bucket), cohorts: cohorts[bucket])
      if let point, bucket >= first { points.append(point) }
    }
    let name = customer.name.isEmpty ? customer.externalID : customer.name
    return SeriesPlot(
      title: "\(name) · \(Wording.metricPhrase(metric))", metric: metric, points: points,
      marks: marks)
  }

  private func mark(_ alarm: ReplayedChange, _ metric: Metric) -> SeriesPlot.Mark {
    let episode = alarm.episode
    let granularity = history.granularity
    func moment(_ bucket: Int32) -> String { DetectionFile.moment(Bucket(granularity, bucket)) }
    let whom: String
    switch alarm.scope {
    case .series:
      whom = Wording.summary(
        type: episode.type, metric: metric, actual: episode.actualValue,
        baseline: episode.baselineValue, durationBuckets: episode.durationBuckets)
    case .customer:
      whom = "\(episode.type.name.replacing("_", with: " ")) of the customer as a whole"
    case .cohort(let name):
      whom = "platform event of \(name.isEmpty ? "all customers" : oneLine(name))"
    }
    let usual = Wording.valueWords(episode.baselineValue, metric)
    let seen = Wording.valueWords(episode.actualValue, metric)
    let numbers = alarm.scope == .series ? ": \(seen), \(usual) usual" : ""
    let again = alarm.kind == .reopened ? "again, " : ""
    let score = numberWords(episode.score)
    return SeriesPlot.Mark(
      buckets: min(episode.startBucket, episode.endBucket)...episode.endBucket,
      foundIn: alarm.bucket.index, type: episode.type, severity: episode.severity,
      sentence: "\(moment(episode.startBucket)): \(again)\(whom)\(numbers); \(score) times what is"
        + " needed, known from \(moment(alarm.bucket.index)) on")
  }
}
