import Alerting
import DeliveryContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// Silences of a house: `tidemark silence add MATCHER...`, `list`, `expire ID`, `preview MATCHER...`.
func manageSilences(_ context: CommandContext) async throws -> Int32 {
  let house = NotifierHouse(reading: context.reader)
  let words = Array(context.positions.dropFirst())
  switch context.position(0) {
  case "add": return try await addSilence(words, house, context)
  case "preview": return try await previewSilence(words, house, context)
  case "list": return try await listSilences(words, house, context)
  case "expire": return try await expireSilence(words, house, context)
  default:
    _ = SilenceSettings(reading: context.reader)
    _ = context.reader.boolean("expired", help: "list: those that are over, too")
    try context.settingsAreRead()
    throw UsageError("the works are add, list, expire and preview", context.command.usage)
  }
}

/// What a silence is told as.
private struct SilenceSettings {
  let duration: String
  let comment: String
  let author: String

  init(reading reader: ConfigurationReader) {
    duration = reader.text("duration", default: "2h", help: "how long, such as 30m, 2h or 7d")
    comment = reader.text("comment", default: "", help: "why, for those who wonder")
    author = reader.text("by", default: "tidemark command line", help: "who asks for it")
  }

  func silence(_ words: [String]) throws(CommandError) -> DeliveryContract.Silence {
    guard !words.isEmpty else {
      throw CommandError("a silence needs matchers, such as customer=c-81 or metric=~\"api_.*\"")
    }
    guard let length = milliseconds(ofDuration: duration), length > 0 else {
      throw CommandError("duration '\(duration)' is no time such as 30m, 2h or 7d")
    }
    var set = MatcherSet()
    set.matchers = words
    var silence = DeliveryContract.Silence()
    silence.sets = [set]
    silence.createdBy = author
    silence.comment = comment
    let now = SystemTime.unixMicroseconds()
    silence.startsUnixUs = now
    silence.endsUnixUs = now + length * 1_000
    return silence
  }
}

private func addSilence(
  _ words: [String], _ house: NotifierHouse, _ context: CommandContext
) async throws -> Int32 {
  let settings = SilenceSettings(reading: context.reader)
  try context.settingsAreRead()
  var request = CreateSilenceRequest()
  request.silence = try context.told { try settings.silence(words) }
  // Where the house's clock is behind, it would begin in the past there.
  request.silence?.startsUnixUs = 0
  let ready = request
  let made = try await house.ask { client, options throws(RPCError) in
    try await client.createSilence(ready, options: options)
  }
  if let silence = made.silence { context.terminal.line(line(silence)) }
  return 0
}

private func previewSilence(
  _ words: [String], _ house: NotifierHouse, _ context: CommandContext
) async throws -> Int32 {
  let settings = SilenceSettings(reading: context.reader)
  try context.settingsAreRead()
  var request = PreviewSilenceRequest()
  request.silence = try context.told { try settings.silence(words) }
  let ready = request
  let found = try await house.ask { client, options throws(RPCError) in
    try await client.previewSilence(ready, options: options)
  }
  context.terminal.line(
    "now: \(anomalies(found.now.count)) would be silent")
  for id in found.now { context.terminal.line("  \(WireUUID(bytes: id)?.text ?? "")") }
  context.terminal.line(
    "past 7 days: \(found.changesCovered) of \(found.changesInAll) changes, of "
      + anomalies(found.pastWeek.count))
  return 0
}

private func listSilences(
  _ words: [String], _ house: NotifierHouse, _ context: CommandContext
) async throws -> Int32 {
  let withExpired = context.reader.boolean("expired", help: "those that are over, too")
  try context.settingsAreRead()
  guard words.isEmpty else { throw UsageError("list takes no word", context.command.usage) }
  let silences = try await house.pages { client, page throws(RPCError) in
    var request = ListSilencesRequest()
    request.page = page
    request.withExpired = withExpired
    let answer = try await client.listSilences(request, options: CallOptions())
    return (answer.silences, answer.nextPageToken)
  }
  for silence in silences { context.terminal.line(line(silence)) }
  if silences.isEmpty { context.terminal.note("no silences") }
  return 0
}

private func expireSilence(
  _ words: [String], _ house: NotifierHouse, _ context: CommandContext
) async throws -> Int32 {
  try context.settingsAreRead()
  guard words.count == 1 else { throw UsageError("expire takes one ID", context.command.usage) }
  var request = ExpireSilenceRequest()
  request.silenceID = try context.told { try NotifierHouse.id(words[0], "a silence") }
  let ready = request
  let ended = try await house.ask { client, options throws(RPCError) in
    try await client.expireSilence(ready, options: options)
  }
  if let silence = ended.silence { context.terminal.line(line(silence)) }
  return 0
}

/// A silence as one line.
private func line(_ silence: DeliveryContract.Silence) -> String {
  let sets = silence.sets.map { "{\($0.matchers.joined(separator: ","))}" }
  var words = [
    WireUUID(bytes: silence.id)?.text ?? "", silence.state, sets.joined(separator: " or "),
    "until \(NotifierHouse.moment(silence.endsUnixUs))", "by \(silence.createdBy)",
  ]
  if !silence.comment.isEmpty { words.append("\"\(silence.comment)\"") }
  return oneLine(words.joined(separator: "  "))
}

private func anomalies(_ count: Int) -> String { count == 1 ? "1 anomaly" : "\(count) anomalies" }
