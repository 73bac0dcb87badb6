import EvidenceContract
import Locking
import RPC
import SeriesModel
import Testing

@testable import CommandLineTool

@Suite("tidemark calendar")
struct CalendarCommandTests {
  @Test func `files and single entries are put, listed and removed`() async throws {
    try await withCalendar { calendar, url in
      try await withFolder { folder in
        func run(_ words: String...) async -> (Int32, Screen) {
          await runCalendar(words + ["--baseline-url", url])
        }
        let file = try folder.file("h.csv", "region,date,name\nEU,2026-05-01,Labour Day\n")
        let imported = await run("import", file)
        #expect(imported.0 == 0, "\(imported.1.aside)")
        #expect(imported.1.output.contains("1 entry, of them 1 new and 0 changed; what"))
        let repeated = await run("import", file)
        #expect(repeated.1.output.hasSuffix("1 entry, of them 0 new and 0 changed\n"))
        let ics = try folder.file(
          "h.ics",
          "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20200101\nRRULE:FREQ=YEARLY\nEND:VEVENT\n"
            + "END:VCALENDAR\n")
        let years = await run("import", ics, "--region", "EU", "--years", "2026-2027")
        #expect(years.0 == 0, "\(years.1.aside)")

        let added = await run(
          "add", "--name", "Sale", "--from", "2026-11-27", "--to", "2026-11-30", "--customer",
          "acme", "--expect", "-40%", "--kind", "campaign")
        #expect(added.0 == 0, "\(added.1.aside)")
        #expect(
          added.1.output
            == "new: campaign/customer=acme/2026-11-27  2026-11-27..2026-11-30  campaign"
            + "  customer acme  expected -40.0% within 28.4%  Sale; what was judged without knowing"
            + " it is judged again\n")
        let listed = await run("list", "--region", "EU")
        #expect(
          listed.1.output.split(separator: "\n").map { $0.prefix(while: { $0 != " " }) }
            == ["EU/u/2026", "holiday/region=EU/2026-05-01", "EU/u/2027"])
        let removed = await run("remove", "EU/u/2026", "nothing")
        #expect(removed.0 == 1)
        #expect(removed.1.output == "removed 1 of 2; what was judged with them is judged again\n")
        #expect(removed.1.aside.hasPrefix("note: there is no entry nothing; `tidemark calendar"))
        #expect(calendar.entries.withLock { $0.count } == 3)
      }
    }
  }

  @Test(
    "a command line that cannot be understood is told so",
    arguments: [
      (["fly"], "the works on the calendar are"), (["import"], "import takes one file"),
      (["add", "--name", "x"], "add takes --name and --from"),
      (["list", "--name", "x"], "--name is no setting"), (["remove"], "remove takes an ID"),
      (["import", "x.ics", "--years", "soon"], "years is a year or two"),
      (["add", "--name", "x", "--from", "2026-02-30"], "\"2026-02-30\" is not written like"),
      (["add", "--name", "x", "--from", "2026-02-03", "--expect", "much"], "not \"much\""),
      (["list", "--region", "a", "--segment", "b"], "names more than one"),
    ] as [([String], String)])
  func faults(words: [String], reason: String) async {
    let (code, screen) = await runCalendar(words)
    #expect(code == 2)
    #expect(screen.aside.contains(reason), "\(screen.aside)")
  }

  @Test func `help of a work names its settings, and help of all names the columns`() async {
    let (code, screen) = await runCalendar(["import", "--help"])
    #expect(code == 0)
    #expect(screen.output.contains("--years") && screen.output.contains("tolerance"))
    #expect(!screen.output.contains("--expect"))
    #expect(await runCalendar(["--help"]).1.output.contains("--expect"))
  }

  private func runCalendar(_ words: [String]) async -> (Int32, Screen) {
    let screen = Screen()
    let code = await CommandLineMain.run(
      ["calendar"] + words, environment: ["TIDEMARK_CLIENT_CONFIG": ""],
      terminal: screen.terminal)
    return (code, screen)
  }

  private func withCalendar(
    _ body: (CalendarInMemory, String) async throws -> Void
  ) async throws {
    let calendar = CalendarInMemory()
    let url = "inproc://calendar-\(UInt64.random(in: .min ... .max))"
    let server = RPCServer(
      urls: [url], services: [calendar.rpcService],
      settings: RPCServerSettings(serviceName: "baseline"))
    try server.listen()
    defer { server.close() }
    try await body(calendar, url)
  }
}

/// A baseline that keeps the calendar in memory and does nothing else.
private final class CalendarInMemory: BaselineHandler {
  let entries = Locked<[String: EvidenceContract.CalendarEntry]>([:])

  func putCalendar(
    _ request: PutCalendarRequest, context: CallContext
  ) async throws(RPCError) -> PutCalendarResponse {
    var response = PutCalendarResponse()
    for (place, entry) in request.entries.enumerated() {
      _ = try SeriesModel.CalendarEntry(entry, field: "entries[\(place)]")
      let known = entries.withLock { $0.updateValue(entry, forKey: entry.id) }
      if known == nil { response.created += 1 } else if known != entry { response.changed += 1 }
    }
    return response
  }

  func listCalendar(
    _ request: ListCalendarRequest, context: CallContext
  ) async throws(RPCError) -> ListCalendarResponse {
    var response = ListCalendarResponse()
    response.entries = entries.withLock { $0.values.map { $0 } }.filter {
      request.scope == .unspecified || $0.scopeValue == request.scopeValue
    }.sorted { $0.firstDate < $1.firstDate }
    return response
  }

  func removeCalendarEntries(
    _ request: RemoveCalendarEntriesRequest, context: CallContext
  ) async throws(RPCError) -> RemoveCalendarEntriesResponse {
    var response = RemoveCalendarEntriesResponse()
    for id in request.ids where entries.withLock({ $0.removeValue(forKey: id) }) != nil {
      response.removed += 1
    }
    return response
  }

  func closeBucket(
    _ request: CloseBucketRequest, context: CallContext
  ) async throws(RPCError) -> CloseBucketResponse { CloseBucketResponse() }
  func startScan(
    _ request: StartScanRequest, context: CallContext
  ) async throws(RPCError) -> StartScanResponse { StartScanResponse() }
  func getScan(
    _ request: GetScanRequest, context: CallContext
  ) async throws(RPCError) -> GetScanResponse { GetScanResponse() }
  func observe(
    _ request: ObserveRequest, context: CallContext
  ) async throws(RPCError) -> ObserveResponse { ObserveResponse() }
  func getBaseline(
    _ request: GetBaselineRequest, context: CallContext
  ) async throws(RPCError) -> GetBaselineResponse { GetBaselineResponse() }
  func takeSettings(
    _ request: TakeSettingsRequest, context: CallContext
  ) async throws(RPCError) -> TakeSettingsResponse { TakeSettingsResponse() }

  func explain(
    _ request: ExplainRequest, context: CallContext
  ) async throws(RPCError) -> ExplainResponse { ExplainResponse() }
}
