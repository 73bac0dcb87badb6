import Baselines
import EvidenceContract
import JSON
import Postgres
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@Suite(
  "Runs that ended long ago", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct RunExpiryTests {
  private func explain(_ client: BaselineClient, _ bucket: Int32) async throws -> String {
    var request = ExplainRequest()
    request.customer = "c1"
    request.metric = "calls"
    request.moment = "\(CivilDate(dayIndex: Int(bucket)))"
    return try await client.explain(request, options: BaselineHouse.patient).record
  }

  private func take(
    _ sequence: Int64, _ scale: Double, _ client: BaselineClient
  ) async throws {
    _ = try await client.takeSettings(
      TakeSettingsRequest(
        JudgementSettings(
          sequence: sequence,
          sensitivity: [Baselines.SensitivityRule(scope: .customer("c1"), scale: scale)])))
  }

  /// Sums up what is kept, once nothing is under way.
  private func kept(_ pool: PostgresPool) async throws -> [String] {
    let deadline = Deadline.after(milliseconds: 60_000)
    while !deadline.hasPassed {
      let isSettled = try await pool.query(
        "SELECT NOT EXISTS (SELECT FROM work_job WHERE kind LIKE 'scan_%')"
      ).single.bool(0)
      if isSettled { break }
      await Task.yield()
    }
    return try await pool.query(
      """
      SELECT 'run ' || through_bucket FROM scan_run
      UNION ALL SELECT 'range ' || through_bucket
        FROM scan_range LEFT JOIN scan_run USING (run_id) GROUP BY through_bucket
      UNION ALL SELECT 'operations ' || count(*) FROM scan_operation
      UNION ALL SELECT concat_ws(' ', 'setting', sequence, until_sequence) FROM setting
      UNION ALL SELECT concat_ws(' ', 'entry', entry_id, sequence, until_sequence)
        FROM calendar_entry
      ORDER BY 1
      """
    ).map { $0.text(0) }
  }

  private func put(_ id: String, day: Int32, _ client: BaselineClient) async throws {
    var request = PutCalendarRequest()
    request.entries = [.fixture(id, first: "\(CivilDate(dayIndex: Int(day)))")]
    _ = try await client.putCalendar(request)
  }

  private func remove(_ id: String, _ client: BaselineClient) async throws {
    var request = RemoveCalendarEntriesRequest()
    request.ids = [id]
    _ = try await client.removeCalendarEntries(request)
  }

  @Test func `they go with what only they knew, and what is explained stays the same`()
    async throws
  {
    try await BaselineHouse.with(customers: 2) { house in
      try await house.fill(100...190)
      let pool = try house.database.pool(.baseline, size: 1)
      try await house.serving { client in
        // Settings of three kinds, the second of them for two runs.
        var scales: [Int32: Double] = [150: 0.5, 160: 2, 180: 1.5]
        for through in [150, 160, 170, 180] as [Int32] {
          if let scale = scales.removeValue(forKey: through) {
            try await take(Int64(through), scale, client)
          }
          try await house.close(through: through)
          var request = BaselineHouse.scanRequest
          request.operationID =
            WireUUID(high: UInt64(through) << 16 | 0x8000, low: 1 << 63).bytes
          let run = try await client.startScan(request, options: BaselineHouse.patient)
          _ = try await house.finished(run.runID, client)
        }
        // Both lie ahead: what the first one says is known to a run, the second one to none.
        try await put("ahead", day: 400, client)
        try await house.close(through: 181)
        try await house.scan(client)
        try await remove("ahead", client)
        try await put("brief", day: 401, client)
        try await remove("brief", client)
        // Never judged by.
        try await take(181, 3, client)
        try await take(182, 1.5, client)
        let buckets = [120, 150, 151, 165, 170, 175, 180] as [Int32]
        var before: [String] = []
        for bucket in buckets { before.append(try await explain(client, bucket)) }
        #expect(Set(try before.map { try JSONValue(parsing: $0)["record"]?["scale"] }).count == 3)

        _ = try await pool.query(
          "UPDATE scan_run SET ended_at = now() - interval '401 days' WHERE through_bucket <= 180")
        try await house.close(through: 182)
        try await house.scan(client)
        let left = try await kept(pool)
        #expect(
          left == [
            "entry ahead 1 2", "operations 2", "range 150", "range 170", "range 181", "range 182",
            "run 150", "run 170", "run 181", "run 182", "setting 150 160", "setting 160 180",
            "setting 180 181", "setting 182",
          ])
        for (bucket, record) in zip(buckets, before) {
          #expect(try await explain(client, bucket) == record, "\(bucket)")
        }
        // Nobody knows any more what the calendar said then.
        _ = try await pool.query(
          "UPDATE scan_run SET calendar_sequence = 2 WHERE calendar_sequence = 1")
        try await house.close(through: 183)
        try await house.scan(client)
        #expect(try await kept(pool).filter { $0.hasPrefix("entry") }.isEmpty)
      }
    }
  }
}
