import JSON
import SeriesModel
import ServiceRuntime

/// Makes a recorded decision again and compares the bytes: `tidemark replay RECORD`.
func replayDecision(_ context: CommandContext) async throws -> Int32 {
  let settings = HistorySettings(reading: context.reader)
  let threads = HistorySettings.threads(context.reader)
  try context.settingsAreRead()
  guard let path = context.position(0) else { return 2 }
  let stored = try BacktestJSON.object(path)
  guard let customer = stored["customer"]?.stringValue, let metric = stored["metric"]?.stringValue,
    let date = stored["bucket"]?.stringValue, let scale = stored["record"]?["scale"]?.doubleValue,
    let word = stored["granularity"]?.stringValue
  else {
    throw CommandError("\(path): is no record of a decision, as `tidemark explain --json` prints")
  }
  guard word == settings.granularity.name, let bucket = bucketIndex(date, settings.granularity)
  else { throw CommandError("\(path): speaks of buckets of \(word); --granularity \(word)") }
  let (history, _, calendar) = try settings.read()
  let run = ExplainRun(
    history, calendar: calendar, hasCohorts: settings.customers != nil, scale: scale,
    staticRules: try settings.staticRules())
  let place = try run.place(customer: customer, metric: metric)
  let explanation = await run.explanation(of: place, in: bucket, threads: threads)
  // Both by the same writer, so that only what they say can differ; and what is no number is null
  // in both.
  let text = DecisionJSON.value(explanation).encoded()
  let differing = RecordDifference.paths(stored, try JSONValue(parsing: text))
  guard differing.isEmpty, stored.encoded() == text else {
    context.terminal.line("another decision: \(differing.count) values differ")
    for line in differing.prefix(20) { context.terminal.line("  \(line)") }
    return 1
  }
  context.terminal.line(
    "the same decision, byte for byte: \(customer) \(metric) \(date), evidence"
      + " \(stored["record"]?["evidence_hash"]?.stringValue ?? "unknown")")
  return 0
}

/// Where two records differ.
enum RecordDifference {
  /// Each place with both values, in the order of the first record.
  static func paths(_ stored: JSONValue, _ now: JSONValue, at path: String = "") -> [String] {
    if stored == now { return [] }
    if let left = stored.objectValue, let right = now.objectValue {
      let keys = left.keys + right.keys.filter { left[$0] == nil }
      return keys.flatMap { key in
        paths(
          left[key] ?? .null, right[key] ?? .null, at: path.isEmpty ? key : "\(path).\(key)")
      }
    }
    if let left = stored.arrayValue, let right = now.arrayValue, left.count == right.count {
      return left.indices.flatMap { paths(left[$0], right[$0], at: "\(path)[\($0)]") }
    }
    return ["\(path): was \(oneLine(short(stored))), is \(oneLine(short(now)))"]
  }

  private static func short(_ value: JSONValue) -> String {
    let text = value.encoded()
    return text.count > 60 ? "\(text.prefix(60))..." : text
  }
}
