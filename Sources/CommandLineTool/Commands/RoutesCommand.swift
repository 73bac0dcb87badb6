import Alerting
import SeriesModel
import JSON
import NotifierService
import ServiceRuntime

/// Tries files of routes: `tidemark routes test LABEL=VALUE...`, `tidemark routes diff OLD NEW`.
func tryRoutes(_ context: CommandContext) async throws -> Int32 {
  let words = Array(context.positions.dropFirst())
  switch context.position(0) {
  case "test": return try testRoutes(words, context)
  case "diff": return try await compareRoutes(words, context)
  default:
    // Help without a work names the settings of both.
    _ = TestSettings(reading: context.reader)
    _ = DiffSettings(reading: context.reader)
    try context.settingsAreRead()
    throw UsageError("the works are test and diff", context.command.usage)
  }
}

/// The two forms of an answer.
private enum AnswerFormat: String, CaseIterable {
  case text, json

  static func read(_ reader: ConfigurationReader) -> AnswerFormat {
    let word = reader.text("format", default: "text", help: "one of text, json")
    if let format = AnswerFormat(rawValue: word) { return format }
    reader.refuse("format", "must be text or json")
    return .text
  }
}

private struct TestSettings {
  let file: String
  let zone: String
  let format: AnswerFormat
  let moment: Int64

  init(reading reader: ConfigurationReader) {
    file = reader.text("file", default: "", help: "test: the file of routes")
    zone = RoutesFile.zone(reading: reader)
    format = AnswerFormat.read(reader)
    let text = reader.text("at", default: "", help: "test: when, as RFC 3339; now when left out")
    if text.isEmpty {
      moment = SystemTime.unixMicroseconds()
    } else if let found = Timestamp.unixMicroseconds(text) {
      moment = found
    } else {
      moment = 0
      reader.refuse("at", "must be a time such as 2026-11-21T08:00:00Z")
    }
  }
}

private func testRoutes(_ words: [String], _ context: CommandContext) throws -> Int32 {
  let settings = TestSettings(reading: context.reader)
  try context.settingsAreRead()
  guard !settings.file.isEmpty else {
    throw UsageError("test needs --file", context.command.usage)
  }
  let notice = try context.told { try LabelledNotice.notice(words, at: settings.moment) }
  let routes = try RoutesFile.read(settings.file, zone: settings.zone)
  let trial = RoutingTrial(notice, routes.alerting, at: settings.moment)
  let account = RoutingAccount(
    trial: trial, notice: notice, configuration: routes.alerting, moment: settings.moment)
  switch settings.format {
  case .text: write(account.lines, context)
  case .json: context.terminal.line(account.json.encoded(indented: true))
  }
  return 0
}

private struct DiffSettings {
  let client: HouseClient
  let over: String
  let days: Int
  let zone: String
  let format: AnswerFormat

  init(reading reader: ConfigurationReader) {
    client = HouseClient(reading: reader)
    over = reader.text(
      "over", default: "house",
      help: "diff: a file of anomalies, one JSON object a line, or the word house")
    days = reader.integer(
      "days", default: 7, in: 1...366, help: "diff: how much of the house's past")
    zone = RoutesFile.zone(reading: reader)
    format = AnswerFormat.read(reader)
  }
}

private func compareRoutes(_ words: [String], _ context: CommandContext) async throws -> Int32 {
  let settings = DiffSettings(reading: context.reader)
  try context.settingsAreRead()
  guard words.count == 2 else {
    throw UsageError("diff takes two files of routes", context.command.usage)
  }
  let old = try RoutesFile.read(words[0], zone: settings.zone)
  let new = try RoutesFile.read(words[1], zone: settings.zone)
  let now = SystemTime.unixMicroseconds()
  let history: AnomalyHistory
  if settings.over == "house" {
    history = try await AnomalyHistory(of: settings.client, days: settings.days, now: now)
  } else {
    history = try AnomalyHistory(file: settings.over)
  }
  let comparison = RoutingComparison(
    old.alerting, new.alerting, over: history.changes, until: history.end(notAfter: now))
  let account = ComparisonAccount(comparison: comparison, history: history)
  switch settings.format {
  case .text: write(account.lines, context)
  case .json: context.terminal.line(account.json.encoded(indented: true))
  }
  return 0
}

/// Lines with their indentation, and nothing else in them that could move a cursor.
private func write(_ lines: [String], _ context: CommandContext) {
  for line in lines {
    context.terminal.line(String(line.prefix { $0 == " " }) + oneLine(line))
  }
}
