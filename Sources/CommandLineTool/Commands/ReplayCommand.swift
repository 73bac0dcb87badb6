import AnomalyContract
import Baselines
import Classification
import Detection
import EvidenceContract
import Explaining
import JSON
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// Makes a recorded decision again and compares the bytes: `tidemark replay ANOMALY` by what the
/// house keeps of it, `tidemark replay RECORD` by a file of points.
func replayDecision(_ context: CommandContext) async throws -> Int32 {
  let client = HouseClient(reading: context.reader)
  let settings = HistorySettings(reading: context.reader, isPointsNeeded: false)
  let date = context.reader.text(
    "date", default: "", help: "of an anomaly: the bucket whose decision is meant, else the last")
  let threads = HistorySettings.threads(context.reader)
  try context.settingsAreRead()
  guard let word = context.position(0) else { return 2 }
  if let id = WireUUID(text: word) {
    try HistorySettings.refuseFlags(context, beside: ["points"])
    return try await replayStored(id, date: date, client, context)
  }
  guard !settings.points.isEmpty else {
    throw UsageError(
      "a record is made again from --points; an anomaly is named by its id, as `tidemark anomalies"
        + " --ids` shows", context.command.usage)
  }
  return try await replayRecord(word, settings, threads: threads, context)
}

/// A record that `explain --json` wrote, from the points that it was made of.
private func replayRecord(
  _ path: String, _ settings: HistorySettings, threads: Int, _ context: CommandContext
) async throws -> Int32 {
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
  guard let explanation = await run.explanation(of: place, in: bucket, threads: threads) else {
    throw CommandError("\(path): speaks of \(date), of which the file of points holds nothing")
  }
  return try compare(stored, with: DecisionJSON.value(explanation), context.terminal)
}

/// A decision that the house keeps, from the evidence that it was made of.
private func replayStored(
  _ id: WireUUID, date: String, _ client: HouseClient, _ context: CommandContext
) async throws -> Int32 {
  let kept = try await decision(of: id, date: date, client, context)
  guard let wire = kept.inputs else { throw CommandError("the house sent no inputs") }
  let inputs = try Baselines.EvidenceBatch(wire)
  guard
    let row = inputs.metricIndex.firstIndex(
      where: { inputs.metrics[Int($0)].id.number == kept.metricID })
  else { throw CommandError("the inputs do not hold the series that was judged") }
  let record = decide(inputs, row: row)
  guard !kept.record.isEmpty else {
    context.terminal.line(
      "only the inputs are kept: a detector of another release decided by model"
        + " \(oneLine(kept.modelVersion))")
    return 3
  }
  return try compare(
    try JSONValue(parsing: kept.record), with: DecisionJSON.document(record), context.terminal)
}

/// What the house keeps: the decision of a bucket, or the last one.
private func decision(
  of id: WireUUID, date: String, _ client: HouseClient, _ context: CommandContext
) async throws -> GetDecisionResponse {
  try await client.with("classifier") { caller in
    let classifier = ClassifierClient(caller)
    var request = GetDecisionRequest()
    request.anomalyID = id.bytes
    if !date.isEmpty {
      var question = GetAnomalyRequest()
      question.anomalyID = id.bytes
      let answer = try await classifier.getAnomaly(question, options: CallOptions())
      guard let wire = answer.anomaly,
        let bucket = bucketIndex(date, try Classification.Anomaly(wire).metric.granularity)
      else {
        throw UsageError("\"\(date)\" is no moment for the anomaly", context.command.usage)
      }
      request.hasBucket = true
      request.bucket = bucket
    }
    return try await classifier.getDecision(request, options: CallOptions())
  }
}

/// Says whether a decision is the same again; 0 where it is, 1 where not.
private func compare(
  _ stored: JSONValue, with made: JSONValue, _ terminal: Terminal
) throws -> Int32 {
  // Both by the same writer, so that only what they say can differ; and what is no number is null
  // in both.
  let text = made.encoded()
  let differing = RecordDifference.paths(stored, try JSONValue(parsing: text))
  guard differing.isEmpty, stored.encoded() == text else {
    terminal.line("another decision: \(differing.count) values differ")
    for line in differing.prefix(20) { terminal.line("  \(line)") }
    return 1
  }
  let names = ["customer", "metric", "bucket"].map { oneLine(stored[$0]?.stringValue ?? "") }
  terminal.line(
    "the same decision, byte for byte: \(names.joined(separator: " ")), evidence"
      + " \(stored["record"]?["evidence_hash"]?.stringValue ?? "unknown")")
  return 0
}
