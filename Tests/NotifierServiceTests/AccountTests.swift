import Alerting
import AnomalyContract
import DeliveryContract
import Postgres
import TestSupport
import Testing

@testable import NotifierService

@Suite("Nothing stays pending", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct AccountTests {
  @Test func `what ends twice before its end was sent is ended once`() async throws {
    let pager = try await FakePagerDuty()
    defer { pager.stop() }
    try await Bench.with(.to(.pager(port: pager.program.port))) { bench in
      try await bench.submit()
      try await bench.workToTheEnd()
      try await bench.submit(2, kind: .resolved)
      // The resolve is still on its way.
      try await bench.submit(3, kind: .dismissed)
      try await bench.workToTheEnd()
      #expect(try pager.events().map(\.effect) == ["opened", "resolved"])
      let account = try await bench.core.calls.getAccount(
        GetAccountRequest(), context: .fixture())
      let counts = account.dispositions.filter { $0.count > 0 }
      #expect(counts.map(\.disposition) == ["sent"] && counts.map(\.count) == [1])
    }
  }

  @Test func `what a sender wrote meanwhile is not undone by a planner`() async throws {
    try await Bench.with(.to(.mail("owner", port: 9))) { bench in
      try await bench.submit()
      let store = bench.core.store
      let kept = try await bench.core.pool.transaction { connection in
        let identity = try connection.execute("SELECT identity FROM alarm_group").map {
          $0.bytes(0)
        }
        var group = try #require(try store.groups(identity, on: connection).first)
        let member = try #require(group.group.members.first)
        try connection.execute("UPDATE group_member SET disposition = 1, cause = ''")
        var kept: [Int] = []
        for isDecided in [false, true] {
          if isDecided {
            group.entries[member.notice.anomaly]?.standing = Standing(.pending, cause: "again")
          }
          let entry = try #require(group.entries[member.notice.anomaly])
          try store.save(
            member, entry, in: group.identity, isLeaving: false, now: 1, on: connection)
          kept += try connection.execute("SELECT disposition FROM group_member").map { $0.int(0) }
        }
        return kept
      }
      #expect(kept == [1, 1])
    }
  }
}
