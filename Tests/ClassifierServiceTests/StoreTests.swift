import Baselines
import Classification
import Detection
import Postgres
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@testable import ClassifierService

@Suite("Anomalies at rest", .enabled(if: TestDatabase.isAvailable))
struct StoreTests {
  static let person = ActorID(high: 0xfeed, low: 1)

  @Test("the view has exactly the product's columns and types")
  func viewColumns() async throws {
    try await Laboratory.with { laboratory in
      let columns = try await laboratory.pool.query(
        """
        SELECT column_name || ' ' || data_type
          || COALESCE('(' || character_maximum_length || ')', '')
        FROM information_schema.columns
        WHERE table_schema = 'classifier' AND table_name = 'usage_anomalies'
        ORDER BY ordinal_position
        """)
      #expect(
        columns.map { $0.text(0) } == [
          "id uuid", "customer_id uuid", "metric_type character varying(50)",
          "anomaly_type character varying(50)", "severity character varying(20)",
          "baseline_value numeric", "actual_value numeric", "deviation_percent numeric",
          "detected_at timestamp with time zone", "dismissed_at timestamp with time zone",
          "dismissed_by uuid",
        ])
    }
  }

  @Test("the view shows an anomaly with its figures, sign and times")
  func viewRows() async throws {
    try await Laboratory.with { laboratory in
      _ = try await laboratory.store.classify(try World().batch(day: World.day, [30]))
      let anomaly = try #require(try await laboratory.all().first)
      laboratory.clock.advance(seconds: 60)
      _ = try await laboratory.store.transition(
        TransitionWish(anomaly: anomaly.id, verb: .dismiss, actor: Self.person))
      let row = try await laboratory.pool.query(
        """
        SELECT id, customer_id, metric_type, anomaly_type, severity, baseline_value::text,
          actual_value::text, deviation_percent::text, detected_at, dismissed_at, dismissed_by
        FROM usage_anomalies
        """
      ).single
      #expect(AnomalyID(row.uuid(0)) == anomaly.id)
      #expect(CustomerID(row.uuid(1)) == World().customers[0].id)
      #expect(
        [2, 3, 4, 5, 6, 7].map { row.text($0) } == [
          "api_calls", "drop", "warning", "100", "30", "-70",
        ])
      #expect(row.timestamp(8) == 1_700_000_000_000_000)
      #expect(row.timestamp(9) == 1_700_000_060_000_000)
      #expect(row.uuid(10) == PostgresUUID(high: 0xfeed, low: 1))
    }
  }

  @Test("readers may read the view and nothing else")
  func reader() async throws {
    try await Laboratory.with { laboratory in
      let reader = try laboratory.database.pool(.reader)
      _ = try await reader.query("SELECT * FROM classifier.usage_anomalies")
      let statements: [PostgresStatement] = [
        "SELECT * FROM classifier.anomaly", "SELECT * FROM classifier.series",
        "SELECT * FROM classifier.work_job", "DELETE FROM classifier.usage_anomalies",
        "CREATE TABLE classifier.more (id int)", "SELECT * FROM classifier.schema_migration",
      ]
      for statement in statements {
        let error = await #expect(throws: PostgresError.self) {
          _ = try await reader.query(statement)
        }
        #expect(error?.code == .permission, "\(statement.sql)")
      }
    }
  }

  @Test("a dismissal is told once, kept through the rest of the excursion, and undone by reopening")
  func dismissal() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([30])
      let anomaly = try #require(try await laboratory.all().first)
      let wish = TransitionWish(
        anomaly: anomaly.id, verb: .dismiss, actor: Self.person, actorName: "Ada",
        reason: "planned", comment: "they told us")
      let first = try await laboratory.store.transition(wish)
      #expect(first.changed)
      #expect(first.record.dismissal?.reason == "planned")
      let again = try await laboratory.store.transition(wish)
      #expect(!again.changed)
      #expect(again.record == first.record)
      try await laboratory.judge([30, 20, 25], from: World.day + 1)
      #expect(try await laboratory.all().map(\.state) == [.dismissed])
      #expect(try await laboratory.heard() == ["1 of revision 1", "4 of revision 2"])
      let undone = try await laboratory.store.transition(
        TransitionWish(anomaly: anomaly.id, verb: .reopen, actor: Self.person))
      #expect(undone.record.dismissal == nil)
      try await laboratory.judge([100, 100, 100], from: World.day + 4)
      #expect(try await laboratory.all().map(\.state) == [.resolved])
      let heard = try await laboratory.heard()
      #expect(heard.suffix(2) == ["6 of revision 3", "3 of revision 4"])
      let verbs = try await laboratory.pool.query(
        "SELECT verb || actor_name FROM transition ORDER BY number")
      #expect(verbs.map { $0.text(0) } == ["2Ada", "4"])
    }
  }

  @Test("a wish that the state forbids is refused by the name of the state")
  func conflicts() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([30])
      let anomaly = try #require(try await laboratory.all().first)
      func refusal(_ verb: Classification.TransitionVerb) async -> RPCError? {
        do {
          _ = try await laboratory.store.transition(
            TransitionWish(anomaly: anomaly.id, verb: verb, actor: nil))
          return nil
        } catch {
          return rpcError(error)
        }
      }
      #expect(await refusal(.dismiss)?.code == .invalidArgument)
      #expect(await refusal(.resolve) == nil)
      let conflict = await refusal(.acknowledge)
      #expect(conflict?.code == .failedPrecondition)
      #expect(conflict?.message.contains("resolved") == true)
    }
  }

  @Test("an anomaly that is not there is named in the refusal")
  func unknown() async throws {
    try await Laboratory.with { laboratory in
      let id = AnomalyID(high: 1, low: 2)
      for customer in [nil, CustomerID(high: 1, low: 1)] {
        let error = await #expect(throws: ClassifierError.self) {
          _ = try await laboratory.store.anomaly(id, customer: customer)
        }
        #expect(error?.rpcError.code == .notFound)
        #expect(error?.detail.contains("00000000-0000-0001-0000-000000000002") == true)
      }
    }
  }

  @Test("pages give every anomaly once, the worst and then the latest first")
  func paging() async throws {
    try await Laboratory.with { laboratory in
      for offset in 0..<6 {
        // Eight days apart, so that none joins another.
        let values = [30, offset % 2 == 0 ? 1.0 : 55, 250]
        // Two days each, since a single one like an earlier one is no news.
        for day in 0...1 {
          _ = try await laboratory.store.classify(
            try World().batch(day: World.day + Int32(offset * 9 + day), values))
        }
        for calm in 2...4 {
          _ = try await laboratory.store.classify(
            try World().batch(day: World.day + Int32(offset * 9 + calm), [100, 100, 100]))
        }
      }
      let all = try await laboratory.all()
      #expect(all.count == 18)
      let ranks = all.map { ($0.severity.rawValue, $0.startBucket) }
      #expect(zip(ranks, ranks.dropFirst()).allSatisfy { $0 >= $1 })
      var paged: [Anomaly] = []
      var token: AnomalyPageToken?
      repeat {
        let page = try await laboratory.store.list(AnomalyFilter(), pageSize: 4, after: token)
        paged += page.records.map(\.anomaly)
        token = try page.next.map {
          try AnomalyPageToken(text: $0.text, filter: AnomalyFilter())
        }
      } while token != nil
      #expect(paged == all)
    }
  }

  @Test("one day like an earlier one opens nothing, a worse one does")
  func oneOff() async throws {
    try await Laboratory.with { laboratory in
      var opened: [Int64] = []
      for (day, value) in [(0, 30.0), (1, 100), (2, 100), (3, 100), (12, 28), (24, 2)] {
        let batch = try World().batch(day: World.day + Int32(day), [value, 100, 100])
        opened.append(try await laboratory.store.classify(batch).opened)
      }
      #expect(opened == [1, 0, 0, 0, 0, 1])
    }
  }

  @Test("each filter shows what it names")
  func filters() async throws {
    try await Laboratory.with { laboratory in
      _ = try await laboratory.store.classify(try World().batch(day: World.day, [30, 1, 250]))
      laboratory.clock.advance(seconds: 10)
      _ = try await laboratory.store.classify(
        try World().batch(day: World.day + 1, [100, 100, 100]))
      let customers = World().customers
      func found(_ change: (inout AnomalyFilter) -> Void) async throws -> [String] {
        var filter = AnomalyFilter()
        change(&filter)
        return try await laboratory.all(filter).map(\.customer.externalID).sorted()
      }
      #expect(try await found { $0.customer = customers[1].id } == ["c-2"])
      #expect(try await found { $0.severities = [.critical] } == ["c-2"])
      #expect(try await found { $0.types = [.spike] } == ["c-3"])
      #expect(try await found { $0.states = [.open] } == [])
      #expect(try await found { $0.states = [.recovering] } == ["c-1", "c-2", "c-3"])
      #expect(try await found { $0.metric = "logins" } == [])
      let moment: Int64 = 1_700_000_000_000_000
      #expect(try await found { $0.detectedFromUnixMicroseconds = moment }.count == 3)
      #expect(try await found { $0.detectedToUnixMicroseconds = moment } == [])
    }
  }

  @Test("a page token of another list is refused")
  func foreignTokens() throws {
    let token = AnomalyPageToken(
      severity: 2, startedUnixMicroseconds: 5, id: AnomalyID(high: 1, low: 2),
      filterDigest: AnomalyFilter().digest)
    #expect(try AnomalyPageToken(text: token.text, filter: AnomalyFilter()) == token)
    for text in ["", "x", "AAAA", token.text + "AA"] {
      #expect(throws: ClassifierError.self) {
        _ = try AnomalyPageToken(text: text, filter: AnomalyFilter())
      }
    }
    #expect(throws: ClassifierError.self) {
      _ = try AnomalyPageToken(text: token.text, filter: AnomalyFilter(metric: "logins"))
    }
  }
}
