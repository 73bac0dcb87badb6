import EvidenceContract
import PointsContract
import RPC
import SeriesContract
import ServiceRuntime

/// Judges what has not been judged yet and shows how far it has come: `tidemark scan`.
func scan(_ context: CommandContext) async throws -> Int32 {
  let client = HouseClient(reading: context.reader)
  let word = context.reader.optionalText(
    "granularity", help: "week, day, hour or 5min; all that hold points when left out")
  let isHistoryTold = context.reader.boolean(
    "notify-history", help: "tell people of what is found in the past, too")
  let customers = context.reader.list(
    "customer", default: [], help: "external ids or UUIDs; all when left out")
  try context.settingsAreRead()
  var due: [Granularity] = []
  if let word {
    guard let granularity = granularity(named: word) else {
      throw UsageError(
        "\"\(word)\" is no granularity: there are week, day, hour and 5min", context.command.usage)
    }
    due = [granularity]
  } else {
    due = try await granularitiesWithPoints(client)
  }
  if due.isEmpty { context.terminal.line("nothing to scan: no bucket is closed yet") }
  var failures: Int64 = 0
  for granularity in due {
    var request = StartScanRequest()
    request.granularity = granularity
    request.notifyHistory = isHistoryTold
    request.customers = customers
    request.operationID = CallContext.makeRequestID()
    failures += try await follow(request, client, context.terminal)
  }
  return failures == 0 ? 0 : 1
}

/// The word of a granularity on the command line.
func word(of granularity: Granularity) -> String {
  switch granularity {
  case .week: "week"
  case .day: "day"
  case .hour: "hour"
  case .fiveMinutes: "five-minutes"
  default: "unknown"
  }
}

/// The granularity of a word on the command line.
func granularity(named text: String) -> Granularity? {
  text == "5min" ? .fiveMinutes : [.week, .day, .hour, .fiveMinutes].first { word(of: $0) == text }
}

private func granularitiesWithPoints(_ client: HouseClient) async throws -> [Granularity] {
  try await client.with("ingest") { caller in
    let ingest = IngestClient(caller)
    var found: [Granularity] = []
    for granularity in [Granularity.week, .day, .hour, .fiveMinutes] {
      var request = GetCompletenessRequest()
      request.granularity = granularity
      let answer = try await ingest.getCompleteness(request, options: CallOptions())
      if answer.anyClosed { found.append(granularity) }
    }
    return found
  }
}

/// Starts one run and waits for its end; gives how many series failed.
private func follow(
  _ request: StartScanRequest, _ client: HouseClient, _ terminal: Terminal
) async throws -> Int64 {
  try await client.with("baseline") { caller in
    let baseline = BaselineClient(caller)
    let clock = ContinuousClock()
    let label = "scan of \(word(of: request.granularity))s"
    var progress = ProgressReport(terminal, label: label, unit: "buckets of series", at: clock.now)
    let run = try await baseline.startScan(request, options: CallOptions())
    var question = GetScanRequest()
    question.runID = run.runID
    var isFirstLook = true
    while true {
      let state = try await baseline.getScan(question, options: CallOptions())
      guard state.state == .running else {
        progress.finish(state.bucketsScanned, of: state.bucketsDue, at: clock.now)
        terminal.line(outcome(state, label: label, isKnown: run.alreadyKnown && isFirstLook))
        return state.seriesFailed
      }
      progress.update(state.bucketsScanned, of: state.bucketsDue, at: clock.now)
      isFirstLook = false
      try await clock.sleep(for: .milliseconds(200))
    }
  }
}

/// What became of a run, in one line.
func outcome(_ state: GetScanResponse, label: String, isKnown: Bool) -> String {
  var text = "\(label): \(grouped(state.seriesScanned)) of \(grouped(state.seriesDue)) series, "
  text += "\(grouped(state.bucketsScanned)) buckets, \(grouped(state.findings)) findings"
  if state.seriesFailed > 0 { text += ", \(grouped(state.seriesFailed)) series FAILED" }
  for skip in state.skips { text += ", \(grouped(skip.count)) skipped (\(skip.reason))" }
  if isKnown {
    text += "; all of it had been scanned before, nothing changed"
  } else if state.bucketsScanned == 0 && state.findings > 0 {
    text += "; no bucket is new, the findings are of the past, which was judged again"
  }
  return text
}
