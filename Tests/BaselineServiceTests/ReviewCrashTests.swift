import EvidenceContract
import Postgres
import SeriesModel
import TestSupport
import Testing

@Suite(
  "Reviews that are interrupted", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(4)))
struct ReviewCrashTests {
  /// Where a review dies, once.
  enum Crash: CaseIterable, Sendable {
    /// When some of what is judged again is handed over.
    case keeping
    /// When the classifier has just written what became of a platform event.
    case closingEvents
    /// When the classifier has written the anomalies of customers and some of their series.
    case closing
    /// When the classifier has taken over some customers and has just begun with the next.
    case betweenParts
    /// When the classifier has taken over all and forgets what was kept for it.
    case clearing
    /// When the classifier has committed and baseline is about to store the models.
    case storing
    /// When the rows of cohorts are stored anew, and that they are is about to be noted.
    case noting

    /// Which one of those who come by dies.
    var number: Int {
      switch self {
      case .keeping: 5
      case .closing: 3
      case .betweenParts: 2
      case .closingEvents, .clearing, .storing, .noting: 1
      }
    }

    var trigger: PostgresStatement {
      switch self {
      case .keeping:
        """
        CREATE TRIGGER crash BEFORE INSERT ON review_batch FOR EACH ROW
          EXECUTE FUNCTION crash(5)
        """
      case .closingEvents:
        """
        CREATE TRIGGER crash AFTER INSERT ON anomaly_revision FOR EACH ROW
          EXECUTE FUNCTION crash(1)
        """
      case .closing:
        """
        CREATE TRIGGER crash BEFORE UPDATE ON series FOR EACH ROW
          EXECUTE FUNCTION crash(3)
        """
      case .betweenParts:
        // Those of cohorts are one part, of the customer of zeros.
        """
        CREATE TRIGGER crash BEFORE UPDATE OF taken_through ON review FOR EACH ROW
          WHEN (NEW.taken_through > '00000000-0000-0000-0000-000000000000')
          EXECUTE FUNCTION crash(2)
        """
      case .clearing:
        """
        CREATE TRIGGER crash AFTER DELETE ON review_batch FOR EACH ROW
          EXECUTE FUNCTION crash(1)
        """
      case .storing:
        """
        CREATE TRIGGER crash BEFORE UPDATE ON series_state FOR EACH ROW
          WHEN (NEW.revision > OLD.revision) EXECUTE FUNCTION crash(1)
        """
      case .noting:
        """
        CREATE TRIGGER crash BEFORE INSERT ON cohort_calendar FOR EACH ROW
          EXECUTE FUNCTION crash(1)
        """
      }
    }

    func pool(_ house: JudgingHouse) -> PostgresPool {
      switch self {
      case .keeping, .closingEvents, .closing, .betweenParts, .clearing: house.classifier
      case .storing, .noting: house.baseline
      }
    }
  }

  private static let holiday = SeriesModel.CalendarEntry(
    id: "founders", kind: .holiday, name: "Founders' Day", scope: .region("EU"),
    span: .days(CivilDate(dayIndex: 190)...CivilDate(dayIndex: 190)))

  /// Everybody of one region is away for a day, and somebody else falls for good.
  private static func factor(_ customer: Int, _ metric: Int, _ day: Int32) -> Double {
    if day == 190, customer < 8 { return 0.3 }
    if day >= 187, customer == 10 { return 0.2 }
    return 1
  }

  /// Ends the session of one who comes by, in the middle of what it does: nothing of its
  /// transaction is left, as when its process dies there.
  ///
  /// A sequence is not undone with the transaction, so those who come by later pass.
  private func arm(_ crash: Crash, _ house: JudgingHouse) async throws {
    let pool = crash.pool(house)
    _ = try await pool.query("CREATE SEQUENCE crash")
    _ = try await pool.query(
      """
      CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
        IF nextval(''crash'') = TG_ARGV[0]::bigint THEN
          PERFORM pg_terminate_backend(pg_backend_pid());
        END IF;
        RETURN NEW;
      END'
      """)
    _ = try await pool.query(crash.trigger)
  }

  private func judge(_ house: JudgingHouse) async throws {
    try await house.place(0..<8, region: "EU")
    try await house.place(8..<20, region: "US")
    var first: Int32 = 100
    for through in [186, 187, 190, 191, 195] as [Int32] {
      try await house.judge(first...through, Self.factor)
      first = through + 1
    }
    try await house.settled()
  }

  /// All that is left, but for moments: what people were told among it.
  private func outcome(_ house: JudgingHouse) async throws -> [String] {
    try await house.anomalies() + house.places() + house.models() + house.told()
      + house.baseline.query(
        """
        SELECT concat_ws(' ', 'cohort', granularity, bucket, cohort, revision, calendar_sequence)
        FROM cohort_row ORDER BY 1
        """
      ).map { $0.text(0) }
      + house.classifier.query(
        """
        SELECT concat_ws(' ', id, state, heard, revision, possible_cause) FROM anomaly
        UNION ALL SELECT concat_ws(' ', 'waits', count(*)) FROM review_batch
        ORDER BY 1
        """
      ).map { $0.text(0) }
  }

  private func outcome(crashing crash: Crash?) async throws -> [String] {
    var found: [String] = []
    try await JudgingHouse.with(customers: 20) { house in
      try await judge(house)
      let before = try await outcome(house)
      if let crash { try await arm(crash, house) }
      try await house.put(Self.holiday)
      try await house.settled()
      found = try await outcome(house)
      #expect(found != before)
      if let crash {
        // One died, and somebody came by once more.
        let passed = try await crash.pool(house).query("SELECT last_value FROM crash").single
        #expect(passed.int(0) > crash.number)
      }
    }
    return found
  }

  @Test("a review that died begins anew and comes to the same", arguments: Crash.allCases)
  func repeats(crash: Crash) async throws {
    let wanted = try await outcome(crashing: nil)
    #expect(try await outcome(crashing: crash) == wanted)
  }
}
