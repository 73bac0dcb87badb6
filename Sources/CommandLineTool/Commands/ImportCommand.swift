import Cryptography
import PointsContract
import RPC
import SeriesContract
import SeriesModel
import ServiceRuntime

/// Sends a file of points to ingest: `tidemark import FILE`.
func importFile(_ context: CommandContext) async throws -> Int32 {
  let client = HouseClient(reading: context.reader)
  let settings = ImportSettings(reading: context.reader)
  try context.settingsAreRead()
  guard let path = context.position(0) else { return 2 }
  let terminal = context.terminal
  return try await client.with("ingest") { caller in
    let ingest = IngestClient(caller)
    try await putCatalogue(settings, ingest, terminal)
    let metrics = try await knownMetrics(ingest)
    let account = try await send(path, metrics, settings, caller, terminal)
    terminal.line(report(account, path: path))
    for fault in account.faults {
      let others = fault.count == 1 ? "" : " (\(grouped(fault.count)) rows, this is the first)"
      terminal.line("\(path):\(fault.line): \(oneLine(fault.reason))\(others)")
    }
    let unnamed = account.refused - account.faults.reduce(0) { $0 + $1.count }
    if unnamed > 0 { terminal.line("... and \(grouped(unnamed)) more rows") }
    if let through = settings.through {
      try await advance(through, metrics, source: settings.source, ingest, terminal)
    }
    return account.refused == 0 ? 0 : 1
  }
}

/// What an import is told.
struct ImportSettings: Sendable {
  let customers: String?
  let metrics: String?
  let mode: PutMode
  let source: String
  let through: CivilDate?
  let patienceSeconds: Double

  init(reading reader: ConfigurationReader) {
    customers = reader.optionalText(
      "customers", help: "a file of customers, put before the points")
    metrics = reader.optionalText("metrics", help: "a file of metrics, put before the points")
    let word = reader.text(
      "mode", default: "set", help: "set: values of buckets; increment: added to buckets, once")
    mode = word == "increment" ? .increment : .set
    if !["set", "increment"].contains(word) { reader.refuse("mode", "is set or increment") }
    source = reader.text("source", default: "import", help: "the name of the source")
    let date = reader.optionalText(
      "through", help: "a date; all that the source has through its bucket has been sent")
    through = date.flatMap { CivilDate($0) }
    if date != nil && through == nil { reader.refuse("through", "is a date such as 2013-12-31") }
    patienceSeconds = reader.seconds(
      "patience-seconds", default: 60, in: 0...86_400,
      help: "how long a batch is sent again while ingest does not answer")
  }
}

private func putCatalogue(
  _ settings: ImportSettings, _ ingest: IngestClient, _ terminal: Terminal
) async throws {
  let options = CallOptions(timeoutMilliseconds: 60_000)
  if let path = settings.customers {
    let customers = try CatalogueFiles.customers(path: path)
    var (created, changed): (Int64, Int64) = (0, 0)
    for start in stride(from: 0, to: customers.count, by: 5_000) {
      var request = PutCustomersRequest()
      request.customers = Array(customers[start..<min(start + 5_000, customers.count)])
      let answer = try await ingest.putCustomers(request, options: options)
      created += answer.created
      changed += answer.changed
    }
    terminal.line(
      "customers: \(grouped(Int64(customers.count))), of them \(grouped(created)) new and"
        + " \(grouped(changed)) changed")
  }
  if let path = settings.metrics {
    var request = PutMetricsRequest()
    request.metrics = try CatalogueFiles.metrics(path: path)
    let answer = try await ingest.putMetrics(request, options: options)
    terminal.line("metrics: \(grouped(Int64(answer.metrics.count)))")
  }
}

/// What a file's points have to know of a metric.
private struct KnownMetric {
  var granularity: SeriesModel.Granularity
  var isCount: Bool
}

/// The metrics by the text that files write.
private func knownMetrics(_ ingest: IngestClient) async throws -> [String: KnownMetric] {
  var found: [String: KnownMetric] = [:]
  var request = ListMetricsRequest()
  var page = Page()
  page.pageSize = 1_000
  repeat {
    request.page = page
    let answer = try await ingest.listMetrics(request, options: CallOptions())
    for metric in answer.metrics {
      let pairs = metric.dimensions.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
      let key = pairs.isEmpty ? metric.name : "\(metric.name){\(pairs)}"
      found[key] = KnownMetric(
        granularity: try SeriesModel.Granularity(metric.granularity, field: "granularity"),
        isCount: metric.kind == .count)
    }
    page.pageToken = answer.nextPageToken
  } while !page.pageToken.isEmpty
  return found
}

private func send(
  _ path: String, _ metrics: [String: KnownMetric], _ settings: ImportSettings,
  _ caller: any RPCCaller, _ terminal: Terminal
) async throws -> PointSender.Account {
  // What was counted too much is taken back by an increment below zero.
  let isSet = settings.mode == .set
  var file = try PointFile(
    path: path, isCount: { isSet && metrics[$0]?.isCount == true },
    granularityOf: { metrics[$0]?.granularity })
  // Another file is another source, so that the same file is counted once however often it is
  // sent.
  let source =
    settings.mode == .increment ? "\(settings.source)/\(try digest(of: path))" : settings.source
  var sender = PointSender(
    caller, source: source, mode: settings.mode, patience: .seconds(settings.patienceSeconds))
  let clock = ContinuousClock()
  var progress = ProgressReport(terminal, label: "import", unit: "bytes", at: clock.now)
  var rows = 0
  while let row = try file.next() {
    try await sender.add(row)
    rows += 1
    if rows.isMultiple(of: 4_096) {
      progress.update(file.bytesRead, of: max(file.bytesDue, file.bytesRead), at: clock.now)
    }
  }
  try await sender.flush()
  progress.finish(file.bytesRead, of: file.bytesRead, at: clock.now)
  return sender.account
}

private func digest(of path: String) throws -> String {
  guard path != "-" else {
    throw CommandError("increments come from a file: by its content they are counted once")
  }
  var hash = SHA256()
  let source = try ByteSource(path: path)
  while case let piece = try source.next(), !piece.isEmpty { hash.update(piece) }
  return Hexadecimal.encode(Array(hash.finish().prefix(8)))
}

private func report(_ account: PointSender.Account, path: String) -> String {
  var text = "\(path): \(grouped(account.rows, "row")), \(grouped(account.accepted)) accepted, "
  text += "\(grouped(account.changed)) changed, \(grouped(account.refused)) refused"
  if account.corrections > 0 {
    text += ", \(grouped(account.corrections)) of them in closed buckets"
  }
  if account.repeatedBatches > 0 {
    text += "; \(grouped(account.repeatedBatches)) batches had been counted before"
  }
  return text
}

/// Says that everything through a day has been sent, in each granularity that the metrics have.
private func advance(
  _ day: CivilDate, _ metrics: [String: KnownMetric], source: String,
  _ ingest: IngestClient, _ terminal: Terminal
) async throws {
  for granularity in Set(metrics.values.map(\.granularity)).sorted(by: { $0.rawValue < $1.rawValue }
  ) {
    let end = Int64(day.dayIndex + 1) * 86_400 - 1
    guard let bucket = Bucket(granularity, holdingUnixSecond: end) else { continue }
    var request = AdvanceWatermarkRequest()
    request.source = source
    request.granularity = SeriesContract.Granularity(granularity)
    request.throughBucket = bucket.index
    let answer = try await ingest.advanceWatermark(request, options: CallOptions())
    let closed = Bucket(granularity, answer.closedThroughBucket)
    let news = answer.bucketsClosed == 0 ? "as before" : "newly"
    terminal.line("closed through \(closed), \(news)")
  }
}
