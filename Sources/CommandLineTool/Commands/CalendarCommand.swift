import EvidenceContract
import RPC
import SeriesContract
import SeriesModel
import SeriesStore
import ServiceRuntime

/// Keeps holidays and known events: `tidemark calendar import FILE`, `add`, `list`, `remove ID`.
func manageCalendar(_ context: CommandContext) async throws -> Int32 {
  let client = HouseClient(reading: context.reader)
  let words = Array(context.positions.dropFirst())
  switch context.position(0) {
  case "import": return try await importCalendar(words, client, context)
  case "add": return try await addToCalendar(words, client, context)
  case "list": return try await listCalendar(words, client, context)
  case "remove": return try await removeFromCalendar(words, client, context)
  default:
    // Help without a work names the settings of all of them.
    _ = CalendarImportSettings(reading: context.reader)
    _ = CalendarEventSettings(reading: context.reader)
    try context.settingsAreRead()
    throw UsageError(
      "the works on the calendar are import, add, list and remove", context.command.usage)
  }
}

/// What an import of the calendar is told.
private struct CalendarImportSettings {
  let region: String
  let kind: String
  let years: ClosedRange<Int>?
  let zone: String

  init(reading reader: ConfigurationReader) {
    region = reader.text(
      "region", default: "",
      help:
        "whose entries they are where the file does not say it; a CSV file has the column date and"
        + " any of \(CalendarTableFile.optional.joined(separator: ", "))")
    kind = reader.text(
      "kind", default: "",
      help: "of an .ics file's events (\(CalendarWords.kinds)); else whole days are holidays")
    let text = reader.text(
      "years", default: "", help: "for which years an .ics file's yearly events are told: 2026-2028"
    )
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    if let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last,
      (1970...9_000).contains(first), last - first < 100
    {
      years = first...last
    } else {
      years = nil
      if !text.isEmpty { reader.refuse("years", "is a year or two, such as 2026-2028") }
    }
    zone = reader.text(
      "zone", default: "UTC", help: "the time zone of an .ics file's times that name none")
  }
}

private func importCalendar(
  _ words: [String], _ client: HouseClient, _ context: CommandContext
) async throws -> Int32 {
  let settings = CalendarImportSettings(reading: context.reader)
  try context.settingsAreRead()
  guard words.count == 1 else { throw UsageError("import takes one file", context.command.usage) }
  let path = words[0]
  var entries: [SeriesModel.CalendarEntry]
  if path.lowercased().hasSuffix(".ics") {
    let zones = ZoneFiles(directory: "/usr/share/zoneinfo")
    guard let zone = zones.zone(settings.zone) else {
      throw CommandError("no time zone is called \"\(settings.zone)\"")
    }
    entries = try InternetCalendar.entries(
      path: path,
      InternetCalendar.Settings(
        scope: settings.region.isEmpty ? .organisation : .region(settings.region),
        kind: settings.kind.isEmpty ? nil : try CalendarWords.kind(settings.kind, at: "--kind"),
        years: settings.years, zone: zone, zones: { zones.zone($0) }))
  } else {
    entries = try CalendarTableFile.entries(path: path, region: settings.region)
  }
  let answer = try await put(entries, client)
  context.terminal.line(
    "\(path): \(grouped(Int64(entries.count))) \(entries.count == 1 ? "entry" : "entries"), of them"
      + " \(grouped(answer.created)) new and \(grouped(answer.changed)) changed"
      + (answer.created + answer.changed > 0
        ? "; what was judged without knowing them is judged again" : ""))
  return 0
}

/// Puts entries, as many a call as one takes.
private func put(
  _ entries: [SeriesModel.CalendarEntry], _ client: HouseClient
) async throws -> (created: Int64, changed: Int64) {
  try await client.with("baseline") { caller in
    var (created, changed): (Int64, Int64) = (0, 0)
    for start in stride(from: 0, to: entries.count, by: 2_000) {
      var request = PutCalendarRequest()
      request.entries = entries[start..<min(start + 2_000, entries.count)].map {
        EvidenceContract.CalendarEntry($0)
      }
      let answer = try await BaselineClient(caller).putCalendar(
        request, options: CallOptions(timeoutMilliseconds: 60_000))
      created += answer.created
      changed += answer.changed
    }
    return (created, changed)
  }
}

/// What one event is told as.
private struct CalendarEventSettings {
  let id, name, from, to, region, segment, customer, metric, expect, tolerance, kind: String

  init(reading reader: ConfigurationReader) {
    func text(_ key: String, _ help: String) -> String {
      reader.text(key, default: "", help: help)
    }
    id = text("id", "the entry to change or to make; made of the other words when left out")
    name = text("name", "as people call it")
    from = text("from", "the first day, or an instant such as 2026-11-27T08:00:00Z")
    to = text("to", "the last day, or the instant of the end; one day when left out")
    region = text("region", "whose series are meant; with segment and customer at most one")
    segment = text("segment", "whose series are meant")
    customer = text("customer", "whose series are meant, by external id")
    metric = text("metric", "the name of the only metric that is meant")
    expect = text("expect", "the change that is expected, such as -40%; unknown when left out")
    tolerance = text("tolerance", "how far off it may be, such as 15%; 28% when left out")
    kind = text("kind", "\(CalendarWords.kinds); other when left out")
  }

  func entry() throws(CommandError) -> SeriesModel.CalendarEntry {
    let kind: SeriesModel.CalendarKind =
      self.kind.isEmpty ? .other : try CalendarWords.kind(self.kind, at: "--kind")
    let scope = try CalendarWords.scope(
      region: region, segment: segment, customer: customer, at: "calendar add")
    return SeriesModel.CalendarEntry(
      id: id.isEmpty ? CalendarWords.id(kind, scope, metric, from) : id, kind: kind, name: name,
      scope: scope, metric: metric,
      span: try CalendarWords.span(from: from, through: to, at: "--from and --to"),
      change: try CalendarWords.change(expect: expect, tolerance: tolerance, at: "--expect"))
  }
}

private func addToCalendar(
  _ words: [String], _ client: HouseClient, _ context: CommandContext
) async throws -> Int32 {
  let settings = CalendarEventSettings(reading: context.reader)
  try context.settingsAreRead()
  guard words.isEmpty, !settings.name.isEmpty, !settings.from.isEmpty else {
    throw UsageError("add takes --name and --from, and no other word", context.command.usage)
  }
  let entry = try context.told { try settings.entry() }
  let answer = try await put([entry], client)
  let isNews = answer.created + answer.changed > 0
  let news = answer.created > 0 ? "new" : isNews ? "changed" : "known before"
  context.terminal.line(
    "\(news): \(CalendarWords.line(entry))"
      + (isNews ? "; what was judged without knowing it is judged again" : ""))
  if case .customer(let id) = entry.scope, let notice = await client.notice(ofCustomer: id) {
    context.terminal.note(notice)
  }
  if !entry.metric.isEmpty, let notice = await client.notice(ofMetric: entry.metric) {
    context.terminal.note(notice)
  }
  return 0
}

private func listCalendar(
  _ words: [String], _ client: HouseClient, _ context: CommandContext
) async throws -> Int32 {
  let reader = context.reader
  var request = ListCalendarRequest()
  request.fromDate = reader.text("from", default: "", help: "only what is not over before this day")
  request.throughDate = reader.text("to", default: "", help: "only what has begun by this day")
  let region = reader.text("region", default: "", help: "only entries of this region")
  let segment = reader.text("segment", default: "", help: "only entries of this segment")
  let customer = reader.text("customer", default: "", help: "only entries of this customer")
  try context.settingsAreRead()
  guard words.isEmpty else { throw UsageError("list takes no word", context.command.usage) }
  let scope = try context.told {
    try CalendarWords.scope(
      region: region, segment: segment, customer: customer, at: "calendar list")
  }
  switch scope {
  case .organisation: break
  case .region: (request.scope, request.scopeValue) = (.region, region)
  case .segment: (request.scope, request.scopeValue) = (.segment, segment)
  case .customer: (request.scope, request.scopeValue) = (.customer, customer)
  }
  let first = request
  let count = try await forEachEntry(of: first, client) { entry in
    let read = try SeriesModel.CalendarEntry(entry, field: "entry")
    context.terminal.line(CalendarWords.line(read))
  }
  if count == 0 { context.terminal.note("the calendar holds no such entry") }
  return 0
}

/// Goes through all pages of a list; gives the number of entries.
private func forEachEntry(
  of first: ListCalendarRequest, _ client: HouseClient,
  _ body: (EvidenceContract.CalendarEntry) throws -> Void
) async throws -> Int {
  try await client.with("baseline") { caller in
    var request = first
    var page = Page()
    var count = 0
    page.pageSize = 1_000
    repeat {
      request.page = page
      let answer = try await BaselineClient(caller).listCalendar(request, options: CallOptions())
      for entry in answer.entries { try body(entry) }
      count += answer.entries.count
      page.pageToken = answer.nextPageToken
    } while !page.pageToken.isEmpty
    return count
  }
}

private func removeFromCalendar(
  _ words: [String], _ client: HouseClient, _ context: CommandContext
) async throws -> Int32 {
  try context.settingsAreRead()
  guard !words.isEmpty else { throw UsageError("remove takes an ID", context.command.usage) }
  var request = RemoveCalendarEntriesRequest()
  request.ids = words
  let asked = request
  // Once they are removed nobody can tell which of them there were.
  var unknown = Set(words)
  _ = try await forEachEntry(of: ListCalendarRequest(), client) { unknown.remove($0.id) }
  let answer = try await client.with("baseline") { caller in
    try await BaselineClient(caller).removeCalendarEntries(asked, options: CallOptions())
  }
  let news =
    "removed \(grouped(answer.removed)) of \(grouped(Int64(words.count)))"
    + (answer.removed > 0 ? "; what was judged with them is judged again" : "")
  context.terminal.line(news)
  for word in words where unknown.remove(word) != nil {
    context.terminal.note(
      "note: there is no entry \(oneLine(word)); `tidemark calendar list` shows the ids that there"
        + " are")
  }
  return answer.removed == Int64(words.count) ? 0 : 1
}
