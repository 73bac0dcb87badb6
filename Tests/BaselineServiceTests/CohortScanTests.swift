import Baselines
import EvidenceContract
import FindingsContract
import Locking
import Postgres
import RPC
import SeriesModel
import TestSupport
import Testing

@testable import BaselineService

@Suite(
  "Cohorts in scans", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct CohortScanTests {
  /// Days on which every customer has a tenth of the usual.
  private static let outage: ClosedRange<Int32> = 180...181

  /// The usual values, apart from the days of the outage.
  private static func value(_ customer: Int, _ metric: Int, _ bucket: Int32) -> Double {
    let usual = BaselineHouse.value(customer: customer, metric: metric, bucket: bucket)
    return outage.contains(bucket) ? (usual / 10).rounded() : usual
  }

  private func fill(_ house: BaselineHouse, _ buckets: ClosedRange<Int32>) async throws {
    try await house.fill(buckets)
    var points: [(Int, Int, Int32, Double)] = []
    for bucket in buckets where Self.outage.contains(bucket) {
      for customer in house.customers.indices {
        for metric in house.metrics.indices {
          points.append((customer, metric, bucket, Self.value(customer, metric, bucket)))
        }
      }
    }
    if !points.isEmpty { try await house.set(points) }
  }

  /// The rows of a history of the usual values that is walked in memory.
  ///
  /// It begins with the chunk that holds the first value, as a scan does.
  private func rows(_ house: BaselineHouse, through: Int32) -> CohortRowsByBucket {
    var fold = CohortHouse.fold(house)
    var history = CohortHistory(granularity: .day)
    var made: CohortRowsByBucket = [:]
    for bucket in 90...through {
      let values = { (place: Int) in
        bucket < 100 ? .nan : Self.value(place / 2, place % 2, bucket)
      }
      let rows = history.rows(of: bucket, fold.tally(of: bucket, values: values))
      _ = fold.advance(to: bucket, values: values, cohorts: rows)
      made[bucket] = rows
    }
    return made
  }

  @Test func `the rows of a scan are those of a history walked in memory`() async throws {
    try await BaselineHouse.with(customers: 14) { house in
      try await fill(house, 100...199)
      try await house.close(through: 199)
      try await house.serving(rangeSeries: 6) { try await house.scan($0) }
      let stored = try await CohortHouse.rows(house)
      #expect(stored == rows(house, through: 199))
      #expect(stored[181]?.map(\.outageSince) == [180, nil])
      #expect(stored[199]?.last?.profile.count == 7)
      // The evidence shows what it was judged with.
      let seen = try house.detector.seen.withLock { seen in
        try seen.requests.first { $0.key.hasPrefix("181/") }
          .map { try JudgeRequest(wireBytes: $0.value[0]) }
      }
      #expect(seen?.evidence?.cohorts.first?.cohort == "")
      #expect(
        seen?.evidence?.flags.allSatisfy { EvidenceFlags(rawValue: $0).contains(.outage) } == true)
    }
  }

  @Test func `bucket by bucket the rows are those of all buckets at once`() async throws {
    try await BaselineHouse.with(customers: 14) { house in
      try await house.serving(rangeSeries: 10) { client in
        try await fill(house, 100...173)
        try await house.close(through: 173)
        try await house.scan(client)
        for bucket in 174...188 as ClosedRange<Int32> {
          try await fill(house, bucket...bucket)
          try await house.close(through: bucket)
          try await house.scan(client)
        }
      }
      #expect(try await CohortHouse.rows(house) == rows(house, through: 188))
    }
  }

  @Test func `after a crash the rows that were stored are used and the others are the same`()
    async throws
  {
    try await BaselineHouse.with(customers: 14) { house in
      try await fill(house, 100...199)
      try await house.close(through: 199)
      try await house.serving(rangeSeries: 4) { try await house.scan($0) }
      let before = try await CohortHouse.rows(house)
      // As a process leaves it that dies after two blocks of rows and before any range.
      let baseline = try house.database.pool(.baseline, size: 1)
      for statement in [
        "DELETE FROM cohort_row WHERE bucket > 163", "DELETE FROM series_state",
        "DELETE FROM scan_run", "DELETE FROM scan_range", "DELETE FROM scan_skip",
        "UPDATE cohort_row SET model_version = 'stored before'",
      ] as [PostgresStatement] {
        _ = try await baseline.query(statement)
      }
      try await house.serving(replica: 1, rangeSeries: 4) { try await house.scan($0) }
      #expect(try await CohortHouse.rows(house) == before)
      let kept = try await baseline.query(
        "SELECT count(*) FROM cohort_row WHERE model_version = 'stored before'"
      ).single.int(0)
      #expect(kept == 74 * 2)
      #expect(
        house.detector.seen.withLock { $0.requests.values.allSatisfy { Set($0).count == 1 } })
    }
  }

  @Test func `a point on arrival is judged with the last known shift and the calendar on the way`()
    async throws
  {
    try await BaselineHouse.with(customers: 14) { house in
      try await house.fill(100...158)
      try await house.set(
        house.customers.indices.map {
          ($0, 0, 159, 1.3 * BaselineHouse.value(customer: $0, metric: 0, bucket: 159))
        })
      try await house.close(through: 159)
      try await house.fill(160...160)
      try await house.serving { client in
        try await house.scan(client)
        var put = PutCalendarRequest()
        put.entries = [
          EvidenceContract.CalendarEntry.fixture(
            "day off", first: "\(SeriesModel.CivilDate(dayIndex: 160))")
        ]
        _ = try await client.putCalendar(put)
        var request = ObserveRequest()
        request.customer = "c1"
        request.metric = "calls"
        request.bucket = 161
        request.value = 90
        #expect(try await client.observe(request).judged)
      }
      let known = try #require(try await CohortHouse.rows(house)[159])
      #expect(known.allSatisfy { $0.shift > 0.1 })
      let shown = try house.detector.seen.withLock { seen in
        try JudgeRequest(wireBytes: seen.requests["161/c1"]?[0] ?? []).evidence
      }
      #expect(shown?.cohorts.map(\.shift) == known.map(\.shift))
      #expect(shown?.cohorts.allSatisfy { $0.members == 14 && $0.effect == 0 } == true)
      let pool = try house.database.pool(.baseline, size: 1)
      let key = SeriesKey(house.customers[0], house.metrics[0].id)
      let stored = try #require(try await StateTable.find(key, in: pool))
      var model = try SeriesBaseline(decoding: stored.bytes)
      let row = try #require(known.first { $0.cohort == "large" })
      model.advance(
        to: 160, value: BaselineHouse.value(customer: 0, metric: 0, bucket: 160),
        flags: .holiday, cohort: row)
      var batch = Baselines.EvidenceBatch(
        runID: ScanRunID(high: 0, low: 0), bucket: Bucket(.day, 161), revision: 0,
        ingestSequence: 0, modelVersion: "",
        windows: ModelParameters.parameters(for: .day).windows)
      _ = model.advance(
        to: 161, value: 90, customerIndex: 0, metricIndex: 0, flags: .provisional, cohort: row,
        into: &batch)
      #expect(shown?.inputHash == batch.inputHash)
      #expect(shown?.expected == batch.expected)
      #expect(shown?.flags == [EvidenceFlags.provisional.rawValue])
    }
  }

  @Test func `customers without a segment and a region are compared with all`() async throws {
    try await BaselineHouse.with(customers: 14) { house in
      _ = try await house.ingest.query("UPDATE customer SET segment = ''")
      try await fill(house, 100...199)
      try await house.close(through: 199)
      try await house.serving { try await house.scan($0) }
      let stored = try await CohortHouse.rows(house)
      #expect(stored[181]?.map(\.cohort) == [""])
      #expect(stored[181]?.first?.outageSince == 180)
      #expect(stored[199]?.first?.profile.count == 7)
    }
  }

  @Test func `of more series than may be held the first ranges speak for all`() async throws {
    try await BaselineHouse.with(customers: 14) { house in
      try await fill(house, 100...199)
      try await house.close(through: 199)
      try await house.serving(rangeSeries: 4, cohortSeries: 25) { client in
        #expect(try await house.scan(client).seriesScanned == 28)
        let held = try await CohortHouse.rows(house)
        #expect(held.values.allSatisfy { $0[0].members <= 12 })
        #expect(held[181]?.first?.outageSince == 180)
        // A single day is read range after range, so nobody has to be left out.
        try await fill(house, 200...200)
        try await house.close(through: 200)
        try await house.scan(client)
        #expect(try await CohortHouse.rows(house)[200]?.first?.members == 14)
      }
    }
  }

  @Test func `when rows cannot be stored judgement comes without them`() async throws {
    try await BaselineHouse.with(customers: 2) { house in
      try await fill(house, 100...110)
      try await house.close(through: 110)
      let baseline = try house.database.pool(.baseline, size: 1)
      try await Migrator.migrate(BaselineSchema.migrations, on: baseline)
      for statement in [
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''no row today''; END'
        """,
        "CREATE TRIGGER refuse BEFORE INSERT ON cohort_row FOR EACH ROW EXECUTE FUNCTION refuse()",
        """
        CREATE FUNCTION impatient() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN IF NEW.set_aside_at IS NULL AND NEW.last_reason IS NOT NULL
          AND NEW.generation > OLD.generation AND NEW.attempts = OLD.attempts
          THEN NEW.due_at = now(); END IF; RETURN NEW; END'
        """,
        """
        CREATE TRIGGER impatient BEFORE UPDATE ON work_job
        FOR EACH ROW EXECUTE FUNCTION impatient()
        """,
      ] as [PostgresStatement] {
        _ = try await baseline.query(statement)
      }
      try await house.serving { client in
        let report = try await house.scan(client)
        #expect(report.state == .completed)
        #expect(report.seriesScanned == 4)
      }
      #expect(try await CohortHouse.rows(house).isEmpty)
      let failures = try await baseline.query("SELECT cohort_failures FROM scan_run").single.int(0)
      #expect(failures == CohortPass.failuresLimit)
    }
  }

  @Test func `a range that cannot be read keeps no other one from its rows`() async throws {
    try await BaselineHouse.with(customers: 14) { house in
      try await fill(house, 100...150)
      try await house.close(through: 150)
      let baseline = try house.database.pool(.baseline, size: 1)
      try await house.serving { try await house.scan($0) }
      _ = try await baseline.query("UPDATE series_state SET state = substr(state, 1, 1)")
      for statement in [
        """
        CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_notify(''cohort_row_stored'', ''''); RETURN NULL; END'
        """,
        "CREATE TRIGGER tell AFTER INSERT ON cohort_row FOR EACH STATEMENT EXECUTE FUNCTION tell()",
      ] as [PostgresStatement] {
        _ = try await baseline.query(statement)
      }
      try await fill(house, 151...151)
      try await house.close(through: 151)
      try await house.serving { client in
        _ = try await client.startScan(BaselineHouse.scanRequest)
        // The row of the bucket comes without anybody in it; that is all there is to be waited for.
        let stored = PostgresListener(
          configuration: baseline.configuration, channel: "cohort_row_stored")
        for await _ in stored where try await CohortHouse.rows(house)[151] != nil { break }
      }
      #expect(try await CohortHouse.rows(house)[151]?.map(\.members) == [0, 0])
    }
  }
}

/// What tests of cohorts read from a house and hold against it.
enum CohortHouse {
  /// All rows that are stored.
  static func rows(_ house: BaselineHouse) async throws -> CohortRowsByBucket {
    let pool = try house.database.pool(.baseline, size: 1)
    return try await CohortTable(pool: pool).rows(
      .day, of: ["large"], from: 0, through: 100_000)
  }

  /// Models of all series that have seen nothing; a customer's two stand together.
  static func fold(_ house: BaselineHouse) -> ModelFold {
    ModelFold(
      runID: ScanRunID(high: 0, low: 0), granularity: .day, ingestSequence: 0,
      customers: house.customers.map {
        Customer(id: $0, externalID: "c\($0.low)", segment: "large")
      },
      metrics: house.metrics,
      members: house.customers.indices.flatMap { customer in
        house.metrics.indices.map { metric in
          ModelFold.Member(
            customer: customer, metric: metric,
            model: SeriesBaseline(kind: .count, granularity: .day), through: .min,
            silentThrough: .max)
        }
      })
  }
}
