import EvidenceContract
import Postgres
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@Suite("The calendar's methods", .enabled(if: TestDatabase.isAvailable))
struct CalendarCallTests {
  @Test func `entries are put once by their ids, changed, listed and removed`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.serving { client in
        var put = PutCalendarRequest()
        put.entries = [
          .fixture("b", first: "2026-12-24", last: "2026-12-26"), .fixture("a"),
          .fixture("c", instants: 1_800_000_000..<1_800_003_600),
        ]
        put.entries[1].expectedRatio = 0.6
        let first = try await client.putCalendar(put)
        #expect((first.created, first.changed, first.sequence) == (3, 0, 1))
        let again = try await client.putCalendar(put)
        #expect((again.created, again.changed, again.sequence) == (0, 0, 1))
        put.entries[0].name = "Christmas"
        let changed = try await client.putCalendar(put)
        #expect((changed.created, changed.changed, changed.sequence) == (0, 1, 2))

        let listed = try await client.listCalendar(ListCalendarRequest()).entries
        #expect(listed.map(\.id) == ["a", "b", "c"])
        #expect(listed.map(\.sequence) == [1, 2, 1])
        #expect(listed.map(\.name) == ["a", "Christmas", "c"])
        #expect(listed[0].tolerance == 0.25)
        #expect(listed[2].startUnixS == 1_800_000_000 && listed[2].firstDate.isEmpty)

        var remove = RemoveCalendarEntriesRequest()
        remove.ids = ["b", "nothing"]
        let removed = try await client.removeCalendarEntries(remove)
        #expect((removed.removed, removed.sequence) == (1, 3))
        let gone = try await client.removeCalendarEntries(remove)
        #expect((gone.removed, gone.sequence) == (0, 3))
        let back = try await client.putCalendar(put)
        #expect((back.created, back.changed, back.sequence) == (1, 0, 4))
      }
    }
  }

  @Test func `a list goes by pages, days and scope`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.serving { client in
        var put = PutCalendarRequest()
        put.entries = (1...9).map { .fixture("e/\($0)", first: "2026-01-0\($0)") }
        put.entries[3].scope = .region
        put.entries[3].scopeValue = "EU"
        _ = try await client.putCalendar(put)

        var request = ListCalendarRequest()
        var page = Page()
        page.pageSize = 4
        var ids: [String] = []
        repeat {
          request.page = page
          let answer = try await client.listCalendar(request)
          #expect(answer.entries.count <= 4)
          ids += answer.entries.map(\.id)
          page.pageToken = answer.nextPageToken
        } while !page.pageToken.isEmpty
        #expect(ids == (1...9).map { "e/\($0)" })

        request = ListCalendarRequest()
        request.fromDate = "2026-01-03"
        request.throughDate = "2026-01-05"
        #expect(try await client.listCalendar(request).entries.map(\.id) == ["e/3", "e/4", "e/5"])
        request.scope = .region
        request.scopeValue = "EU"
        #expect(try await client.listCalendar(request).entries.map(\.id) == ["e/4"])
        request.scopeValue = "US"
        #expect(try await client.listCalendar(request).entries.isEmpty)
      }
    }
  }

  @Test func `what is wrong with an entry is told with its field, and nothing is put`()
    async throws
  {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.serving { client in
        let faults: [(String, (inout EvidenceContract.CalendarEntry) -> Void)] = [
          ("id", { $0.id = "" }), ("id", { $0.id = String(repeating: "x", count: 201) }),
          ("kind", { $0.kind = .unspecified }),
          ("name", { $0.name = String(repeating: "x", count: 201) }),
          ("scope", { $0.scope = .unspecified }), ("scope_value", { $0.scope = .customer }),
          ("scope_value", { $0.scopeValue = "EU" }), ("first_date", { $0.firstDate = "" }),
          ("first_date", { $0.firstDate = "2026-02-30" }), ("last_date", { $0.lastDate = "" }),
          ("last_date", { $0.lastDate = "2025-12-31" }),
          ("last_date", { $0.lastDate = "2036-01-10" }),
          ("start_unix_s", { $0.startUnixS = 5 }),
          (
            "end_unix_s",
            {
              ($0.firstDate, $0.lastDate) = ("", "")
              ($0.startUnixS, $0.endUnixS) = (10, 10)
            }
          ),
          ("expected_ratio", { $0.expectedRatio = 0.009 }),
          ("expected_ratio", { $0.expectedRatio = .nan }),
          ("tolerance", { $0.tolerance = 0.2 }),
          (
            "tolerance",
            {
              $0.expectedRatio = 1
              $0.tolerance = 6
            }
          ),
        ]
        for (field, spoil) in faults {
          var put = PutCalendarRequest()
          put.entries = [.fixture("good"), .fixture("bad")]
          spoil(&put.entries[1])
          let error = await failure { () throws(RPCError) in try await client.putCalendar(put) }
          #expect(error?.code == .invalidArgument)
          #expect(error?.details.first?.field == "entries[1].\(field)")
        }
        var put = PutCalendarRequest()
        put.entries = [.fixture("x"), .fixture("x")]
        let twice = await failure { () throws(RPCError) in try await client.putCalendar(put) }
        #expect(twice?.details.first?.field == "entries[1].id")
        put.entries = (0...2_000).map { .fixture("\($0)") }
        let many = await failure { () throws(RPCError) in try await client.putCalendar(put) }
        #expect(many?.details.first?.field == "entries")
        let listed = try await client.listCalendar(ListCalendarRequest()).entries
        #expect(listed.isEmpty)

        var list = ListCalendarRequest()
        list.scopeValue = "EU"
        let scope = await failure { () throws(RPCError) in try await client.listCalendar(list) }
        #expect(scope?.details.first?.field == "scope_value")
        list = ListCalendarRequest()
        list.page = Page()
        list.page?.pageToken = "yesterday"
        let token = await failure { () throws(RPCError) in try await client.listCalendar(list) }
        #expect(token?.details.first?.field == "page.page_token")
      }
    }
  }

  private func failure<Response>(
    _ body: () async throws(RPCError) -> Response
  ) async -> RPCError? {
    do throws(RPCError) {
      _ = try await body()
      return nil
    } catch {
      return error
    }
  }
}

extension EvidenceContract.CalendarEntry {
  /// A known event of the whole organisation.
  static func fixture(
    _ id: String, first: String = "2026-01-01", last: String? = nil, instants: Range<Int64>? = nil
  ) -> EvidenceContract.CalendarEntry {
    var entry = EvidenceContract.CalendarEntry()
    entry.id = id
    entry.kind = .campaign
    entry.name = id
    entry.scope = .organisation
    if let instants {
      (entry.startUnixS, entry.endUnixS) = (instants.lowerBound, instants.upperBound)
    } else {
      (entry.firstDate, entry.lastDate) = (first, last ?? first)
    }
    return entry
  }
}
