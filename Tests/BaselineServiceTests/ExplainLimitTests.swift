import Postgres
import RPC
import SeriesModel
import SeriesStore
import TestSupport
import Testing
import WorkQueue

@testable import BaselineService

@Suite("Limits of an explanation", .timeLimit(.minutes(1)))
struct ExplainLimitTests {
  @Test("as many lines as an answer may hold, the last of which tells of the others")
  func lines() {
    let lines = (1...200).map { "line \($0)" }
    #expect(BaselineCalls.bounded(lines) == lines)
    let cut = BaselineCalls.bounded(lines + ["line 201"])
    #expect(cut.count == 200)
    #expect(cut[198] == "line 199")
    #expect(cut[199] == "and 2 lines more, which the record as JSON holds")
  }

  @Test("a record that is too long is refused with its size")
  func record() throws {
    let longest = String(repeating: "x", count: 262_144)
    let kept = try BaselineCalls.bounded(longest)
    #expect(kept == longest)
    let error = #expect(throws: RPCError.self) { _ = try BaselineCalls.bounded(longest + "x") }
    #expect(error?.code == .resourceExhausted)
    #expect(error?.message.contains("262145") == true)
  }

  @Test(
    "a walk over history ends when nobody waits for it", .enabled(if: TestDatabase.isAvailable))
  func deadline() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...150)
      try await house.close(through: 150)
      try await house.serving { try await house.scan($0) }
      let pool = try house.database.pool(.baseline, size: 2)
      let queue = WorkQueue(pool: pool, schema: .baseline)
      let reader = SeriesReader(pool: pool)
      func series(_ deadline: Deadline) async throws -> LiveSeries {
        let lookup = SeriesLookup(pool: pool, reader: reader)
        return LiveSeries(
          customer: try await lookup.customer("c1", field: ""),
          metric: try await lookup.metric("calls", field: ""),
          runs: ScanRunTable(pool: pool, queue: queue), reader: reader,
          calendar: try ScanCalendar(
            table: CalendarTable(pool: pool, queue: queue),
            zones: ZoneFiles(directory: "/usr/share/zoneinfo"), organisationZone: "UTC"),
          cohorts: CohortTable(pool: pool), settings: SettingsTable(pool: pool),
          deadline: deadline)
      }
      let late = try await series(Deadline.after(milliseconds: 0))
      let error = await #expect(throws: RPCError.self) {
        _ = try await late.explanation(of: Bucket(.day, 140))
      }
      #expect(error?.code == .deadlineExceeded)
      #expect(error?.message.contains("of c1 was walked to 1970-04-") == true, "\(error as Any)")
      let patient = try await series(Deadline.after(milliseconds: 60_000))
      let (_, run) = try await patient.explanation(of: Bucket(.day, 140))
      #expect(run == ScanRun.id(.day, through: 150))
    }
  }
}
