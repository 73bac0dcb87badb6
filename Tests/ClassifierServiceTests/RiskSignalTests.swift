import Postgres
import SeriesModel
import TestSupport
import Testing

@testable import Classification
@testable import ClassifierService

@Suite("Risk signals", .enabled(if: TestDatabase.isAvailable))
struct RiskSignalTests {
  private static let person = StoreTests.person

  /// Status and severity of each signal, with the letters of the times that are set.
  private func signals(_ laboratory: Laboratory) async throws -> [String] {
    try await laboratory.pool.query(
      """
      SELECT status || ' ' || severity || CASE WHEN resolved_at IS NULL THEN '' ELSE ' R' END
        || CASE WHEN dismissed_at IS NULL THEN '' ELSE ' D' END
      FROM risk_signals ORDER BY detected_at, status
      """
    ).map { $0.text(0) }
  }

  private func move(
    _ laboratory: Laboratory, _ verb: TransitionVerb
  ) async throws {
    let anomaly = try #require(try await laboratory.all().first)
    _ = try await laboratory.store.transition(
      TransitionWish(anomaly: anomaly.id, verb: verb, actor: Self.person))
  }

  @Test("a row tells of whom, what, how much and since when")
  func columns() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([30])
      let anomaly = try #require(try await laboratory.all().first)
      let reader = try laboratory.database.pool(.reader)
      let row = try await reader.query(
        """
        SELECT id, customer_id, signal_type, metric_type, anomaly_type, severity, status, title,
          baseline_value::text, actual_value::text, deviation_percent::text, detected_at
        FROM classifier.risk_signals
        """
      ).single
      #expect(AnomalyID(row.uuid(0)) == anomaly.id)
      #expect(CustomerID(row.uuid(1)) == anomaly.customer.id)
      #expect(
        (2...10).map { row.text($0) } == [
          "usage_anomaly", "api_calls", "drop", "warning", "open", anomaly.summary, "100", "30",
          "-70",
        ])
      #expect(row.timestamp(11) == anomaly.detectedUnixMicroseconds)
    }
  }

  @Test("what recovers, ends and begins again is followed in one row")
  func judgement() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([30])
      #expect(try await signals(laboratory) == ["open warning"])
      try await laboratory.judge([1], from: World.day + 1)
      #expect(try await signals(laboratory) == ["open critical"])
      try await laboratory.judge([100], from: World.day + 2)
      #expect(try await signals(laboratory) == ["recovering critical"])
      try await laboratory.judge([100, 100], from: World.day + 3)
      #expect(try await signals(laboratory) == ["resolved critical R"])
      try await laboratory.judge([1], from: World.day + 5)
      #expect(try await signals(laboratory) == ["open critical"])
    }
  }

  @Test("what people do is followed in the same row", arguments: [true, false])
  func people(isResolved: Bool) async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([30])
      try await move(laboratory, .acknowledge)
      #expect(try await signals(laboratory) == ["acknowledged warning"])
      try await move(laboratory, isResolved ? .resolve : .dismiss)
      let end = isResolved ? "resolved warning R" : "dismissed warning D"
      #expect(try await signals(laboratory) == [end])
      try await move(laboratory, .reopen)
      #expect(try await signals(laboratory) == ["open warning"])
    }
  }

  @Test("a correction withdraws the signal, and one that confirms brings it back")
  func withdrawal() async throws {
    try await Laboratory.with { laboratory in
      for (revision, value) in [(UInt32(1), 30.0), (2, 99), (3, 20)] {
        _ = try await laboratory.store.classify(
          try World().batch(day: World.day, [value], revision: revision))
        let status = revision == 2 ? "withdrawn" : "open"
        #expect(try await signals(laboratory).map { $0.prefix { $0 != " " } } == [status[...]])
      }
    }
  }

  @Test("neither good news nor small matters are risk signals, until they weigh enough")
  func significance() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([59])
      #expect(try await laboratory.all().map(\.severity) == [.info])
      _ = try await laboratory.store.classify(
        try World().batch(day: World.day + 1, [59, 100, 400]))
      #expect(try await laboratory.all().contains { $0.intent == .opportunity })
      #expect(try await signals(laboratory).isEmpty)
      try await laboratory.judge([1], from: World.day + 2)
      #expect(try await signals(laboratory).count == 1)
    }
  }

  @Test("the row of an anomaly that becomes part of another one says so")
  func superseded() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([30])
      let keys = try await laboratory.pool.query("SELECT customer_id, id FROM anomaly").single
      try await laboratory.pool.transaction { connection in
        let id = AnomalyID(keys.uuid(1))
        var record = try #require(
          try AnomalyTable.load([(CustomerID(keys.uuid(0)), id)], on: connection)[id])
        record.episode.standing = .joined
        try AnomalyTable.save(record, on: connection)
      }
      #expect(try await signals(laboratory) == ["superseded warning"])
    }
  }

  @Test("anomalies from before the table have their rows when the schema is brought up to date")
  func upgrade() async throws {
    try await Laboratory.with { laboratory in
      _ = try await laboratory.store.classify(try World().batch(day: World.day, [30, 1, 400]))
      for statement in [
        "DROP TABLE risk_signals", "DROP TABLE setting", "DROP TABLE setting_sequence",
        "DROP TABLE decision", "DROP TABLE review", "DROP TABLE review_batch",
        "DELETE FROM schema_migration WHERE version >= 7",
      ] as [PostgresStatement] {
        _ = try await laboratory.pool.query(statement)
      }
      try await laboratory.store.migrate()
      #expect(try await signals(laboratory).sorted() == ["open critical", "open warning"])
    }
  }
}
