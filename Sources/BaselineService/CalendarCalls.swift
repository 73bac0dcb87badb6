import EvidenceContract
import RPC
import SeriesContract
import SeriesModel

extension BaselineCalls {
  /// The most entries or ids of one call.
  static let calendarEntriesLimit = 2_000

  /// Puts entries by their ids.
  ///
  /// They hold from the next run on, which also judges again what was judged without knowing them;
  /// where no run is due, one is begun.
  func putCalendar(
    _ request: PutCalendarRequest, context: CallContext
  ) async throws(RPCError) -> PutCalendarResponse {
    try Self.checkCount(request.entries.count, "entries")
    var entries: [SeriesModel.CalendarEntry] = []
    var ids: Set<String> = []
    for (place, wire) in request.entries.enumerated() {
      let entry = try SeriesModel.CalendarEntry(wire, field: "entries[\(place)]")
      guard ids.insert(entry.id).inserted else {
        throw RPCError(
          .invalidArgument, field: "entries[\(place)].id", reason: "duplicate_row",
          "entries[\(place)].id stands twice")
      }
      entries.append(entry)
    }
    let wanted = entries
    return try await answering { () async throws -> PutCalendarResponse in
      let change = try await calendar.table.put(wanted)
      var response = PutCalendarResponse()
      response.created = change.created
      response.changed = change.changed
      response.sequence = change.sequence
      return response
    }
  }

  func removeCalendarEntries(
    _ request: RemoveCalendarEntriesRequest, context: CallContext
  ) async throws(RPCError) -> RemoveCalendarEntriesResponse {
    try Self.checkCount(request.ids.count, "ids")
    for (place, id) in request.ids.enumerated() {
      try WireLimits.text(id, bytes: 200, "ids[\(place)]")
    }
    return try await answering { () async throws -> RemoveCalendarEntriesResponse in
      let change = try await calendar.table.remove(request.ids)
      var response = RemoveCalendarEntriesResponse()
      response.removed = change.removed
      response.sequence = change.sequence
      return response
    }
  }

  func listCalendar(
    _ request: ListCalendarRequest, context: CallContext
  ) async throws(RPCError) -> ListCalendarResponse {
    let size = try Self.pageSize(request.page)
    let from = try Self.day(request.fromDate, "from_date") ?? .min
    let through = try Self.day(request.throughDate, "through_date") ?? .max
    guard from <= through else {
      throw RPCError(
        .invalidArgument, field: "through_date", reason: "out_of_range",
        "through_date comes before from_date")
    }
    let filter = CalendarTable.Filter(
      days: from...through,
      scope: try SeriesModel.CalendarScope(request.scope, request.scopeValue, field: ""),
      after: try Self.place(request.page?.pageToken ?? ""))
    return try await answering { () async throws -> ListCalendarResponse in
      let found = try await calendar.table.list(filter, limit: size + 1)
      var response = ListCalendarResponse()
      response.entries = found.prefix(size).map {
        EvidenceContract.CalendarEntry($0.entry, sequence: $0.sequence)
      }
      if found.count > size, let last = found.prefix(size).last?.entry {
        response.nextPageToken = "\(last.span.days.lowerBound)/\(last.id)"
      }
      return response
    }
  }

  private static func checkCount(_ count: Int, _ field: String) throws(RPCError) {
    if count <= calendarEntriesLimit { return }
    throw RPCError(
      .invalidArgument, field: field, reason: "too_many",
      "\(field) may hold \(calendarEntriesLimit) entries and has \(count)")
  }

  private static func day(_ text: String, _ field: String) throws(RPCError) -> Int32? {
    if text.isEmpty { return nil }
    return Int32(try SeriesModel.CalendarEntry.date(text, field).dayIndex)
  }

  private static func pageSize(_ page: Page?) throws(RPCError) -> Int {
    let asked = page?.pageSize ?? 0
    guard asked >= 0 else {
      throw RPCError(
        .invalidArgument, field: "page.page_size", reason: "out_of_range",
        "page.page_size may not be negative")
    }
    return asked == 0 ? 50 : min(Int(asked), 1_000)
  }

  /// Where the list goes on: behind the entry of a day and an id.
  private static func place(_ token: String) throws(RPCError) -> CalendarTable.Place? {
    if token.isEmpty { return nil }
    guard token.utf8.count > 11, let day = CivilDate(token.prefix(10)),
      token.dropFirst(10).first == "/"
    else {
      throw RPCError(
        .invalidArgument, field: "page.page_token", reason: "bad_token",
        "page.page_token is none that this service gave")
    }
    return CalendarTable.Place(day: Int32(day.dayIndex), id: String(token.dropFirst(11)))
  }
}
