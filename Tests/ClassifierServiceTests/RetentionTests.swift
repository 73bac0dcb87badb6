import Baselines
import Postgres
import TestSupport
import Testing

@testable import Classification
@testable import ClassifierService

@Suite("What is kept for a time", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct RetentionTests {
  @Test("what was told, done, refused and set long ago goes, and what is still needed stays")
  func history() async throws {
    try await Laboratory.with { laboratory in
      let (store, pool) = (laboratory.store, laboratory.pool)
      try await laboratory.judge([100, 20, 20])
      let anomaly = try #require(try await laboratory.all().first)
      for verb in [.acknowledge, .resolve, .reopen] as [Classification.TransitionVerb] {
        _ = try await store.transition(
          TransitionWish(anomaly: anomaly.id, verb: verb, actor: StoreTests.person))
      }
      let conflicting = try World().batch(day: World.day + 2, [20], salt: 1)
      _ = try? await store.classify(conflicting)
      let settings = SettingsTable(store)
      for scale in [2.0, 3] {
        let rule = SensitivityRule(scope: .organisation, scale: scale)
        _ = try await settings.put([try SettingContent(rule)], by: "Ada")
      }
      // The notifier has taken over the first two changes.
      _ = try await pool.query(
        "UPDATE anomaly_revision SET told_unix_us = 1 WHERE revision <= 2")
      func kept() async throws -> [Int] {
        var counts: [Int] = []
        for table in ["anomaly_revision", "transition", "evidence_conflict", "setting"] {
          let count: PostgresStatement =
            switch table {
            case "anomaly_revision": "SELECT count(*) FROM anomaly_revision"
            case "transition": "SELECT count(*) FROM transition"
            case "evidence_conflict": "SELECT count(*) FROM evidence_conflict"
            default: "SELECT count(*) FROM setting"
            }
          counts.append(try await pool.query(count).single.int(0))
        }
        return counts
      }
      let now = laboratory.clock.now
      let all = try await kept()
      #expect(Array(all.dropFirst()) == [3, 1, 2])
      #expect(try await store.removeHistory(beforeUnixMicroseconds: now) == 0)
      #expect(try await kept() == all)
      #expect(try await store.removeHistory(beforeUnixMicroseconds: now + 1) == 6)
      #expect(try await kept() == [all[0] - 2, 1, 0, 1])
      // Wishes go on behind the last one.
      _ = try await store.transition(
        TransitionWish(anomaly: anomaly.id, verb: .dismiss, actor: StoreTests.person))
      let numbers = try await pool.query("SELECT number FROM transition ORDER BY number")
        .map { $0.int(0) }
      #expect(numbers == [3, 4])
    }
  }
}
