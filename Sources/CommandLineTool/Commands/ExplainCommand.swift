import JSON
import SeriesModel
import ServiceRuntime

/// Says why something was or was not raised: `tidemark explain CUSTOMER METRIC DATE`.
func explain(_ context: CommandContext) async throws -> Int32 {
  let reader = context.reader
  let settings = HistorySettings(reading: reader)
  let scale = reader.number(
    "scale", default: 1, in: 0.1...10,
    help: "what thresholds are multiplied by: above 1 is more cautious, below it less")
  let isJSON = reader.boolean("json", help: "the whole record of the decision as JSON")
  let threads = HistorySettings.threads(reader)
  try context.settingsAreRead()
  guard let customer = context.position(0), let metric = context.position(1),
    let date = context.position(2)
  else { return 2 }
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
  guard history.buckets.contains(bucket) else {
    let moments = [history.buckets.lowerBound, history.buckets.upperBound].map {
      DetectionFile.moment(Bucket(history.granularity, $0))
    }
    throw CommandError("the file reaches from \(moments[0]) to \(moments[1])")
  }
  let explanation = await run.explanation(of: place, in: bucket, threads: threads)
  if isJSON {
    context.terminal.line(DecisionJSON.value(explanation).encoded(indented: true))
  } else {
    for line in ExplanationWords(explanation).lines { context.terminal.line(line) }
  }
  return 0
}

/// The bucket of a moment, or nil when the text is none.
func bucketIndex(_ text: String, _ granularity: Granularity) -> Int32? {
  let bytes = Array(text.utf8)
  // One byte more, so that an empty text has an address too.
  return (bytes + [0]).withUnsafeBufferPointer { buffer in
    buffer.baseAddress.flatMap { bucket(Field(start: $0, count: bytes.count), granularity) }
  }
}
