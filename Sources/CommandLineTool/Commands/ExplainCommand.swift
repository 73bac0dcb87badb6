import EvidenceContract
import Explaining
import JSON
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// Says why something was or was not raised: `tidemark explain CUSTOMER METRIC DATE`, of a file
/// where one is named, else of the running house.
func explain(_ context: CommandContext) async throws -> Int32 {
  let reader = context.reader
  let client = HouseClient(reading: reader)
  let settings = HistorySettings(reading: reader, isPointsNeeded: false)
  let scale = reader.number(
    "scale", default: 1, in: 0.1...10,
    help: "of a file: what thresholds are multiplied by, above 1 is more cautious, below it less")
  let isJSON = reader.boolean("json", help: "the whole record of the decision as JSON")
  let threads = HistorySettings.threads(reader)
  try context.settingsAreRead()
  guard let customer = context.position(0), let metric = context.position(1),
    let date = context.position(2)
  else { return 2 }
  if settings.points.isEmpty {
    try HistorySettings.refuseFlags(context, beside: ["scale"])
    try await explainLive(customer, metric, date, client, isJSON: isJSON, context.terminal)
    return 0
  }
  guard let bucket = bucketIndex(date, settings.granularity) else {
    throw UsageError(
      "\"\(date)\" is no moment for the granularity \(settings.granularity.name):"
        + " 2013-02-08 is a day or week, 2013-02-08T13:05:00 any", context.command.usage)
  }
  let (history, _, calendar) = try settings.read()
  let run = ExplainRun(
    history, calendar: calendar, hasCohorts: settings.customers != nil, scale: scale,
    staticRules: try settings.staticRules())
  let place = try run.place(customer: customer, metric: metric)
  guard history.buckets.contains(bucket),
    let explanation = await run.explanation(of: place, in: bucket, threads: threads)
  else {
    let moments = [history.buckets.lowerBound, history.buckets.upperBound].map {
      DetectionFile.moment(Bucket(history.granularity, $0))
    }
    throw CommandError("the file reaches from \(moments[0]) to \(moments[1])")
  }
  if isJSON {
    context.terminal.line(DecisionJSON.value(explanation).encoded(indented: true))
  } else {
    for line in ExplanationWords(explanation).lines { context.terminal.line(line) }
  }
  return 0
}

/// Asks the house, which judges the series once more from what it has stored.
private func explainLive(
  _ customer: String, _ metric: String, _ date: String, _ client: HouseClient, isJSON: Bool,
  _ terminal: Terminal
) async throws {
  var request = ExplainRequest()
  request.customer = customer
  request.metric = metric
  // As in files, a time without a zone is UTC's.
  request.moment = date.utf8.count == 19 ? date + "Z" : date
  let asked = request
  let answer = try await client.with("baseline") { caller in
    try await BaselineClient(caller).explain(
      asked, options: CallOptions(timeoutMilliseconds: 300_000))
  }
  if isJSON {
    terminal.line(answer.record)
    return
  }
  for line in answer.lines { terminal.line(line) }
  let bucket = Bucket(
    try SeriesModel.Granularity(answer.granularity, field: "granularity"), answer.bucket)
  for line in await DismissalLines.lines(customer, metric, bucket, client) { terminal.line(line) }
}

/// The bucket of a moment, or nil when the text is none.
func bucketIndex(_ text: String, _ granularity: SeriesModel.Granularity) -> Int32? {
  let bytes = Array(text.utf8)
  // One byte more, so that an empty text has an address too.
  return (bytes + [0]).withUnsafeBufferPointer { buffer in
    buffer.baseAddress.flatMap { bucket(Field(start: $0, count: bytes.count), granularity) }
  }
}
