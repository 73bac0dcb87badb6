import Baselines
import Detection
import Locking
import Postgres
import SeriesModel
import TestSupport

@testable import Classification
@testable import ClassifierService

/// A clock that stands still until it is told to move.
final class ManualClock: Sendable {
  private let moment = Locked<Int64>(1_700_000_000_000_000)

  var now: Int64 { moment.withLock { $0 } }

  func advance(seconds: Int64) { moment.withLock { $0 += seconds * 1_000_000 } }
}

/// Customers with one metric each, judged bucket by bucket.
struct World {
  /// 2013-02-08.
  static let day: Int32 = 15_744

  var customers: [Customer] = (1...3).map { number in
    Customer(
      id: CustomerID(high: 0xabc0, low: UInt64(number)), externalID: "c-\(number)",
      name: "Customer \(number)", segment: "large", version: 1)
  }
  var metric = Metric(
    id: MetricID(7), name: "api_calls", dimensions: [Dimension(name: "origin", value: "JFK")],
    granularity: .day, kind: .count, unit: "calls", displayName: "API calls")

  /// A batch in which each customer has the value of its place; far below 100 fires a test.
  func batch(
    day: Int32, _ values: [Double], revision: UInt32 = 1, notify: Bool = true, salt: UInt64 = 0,
    ring: [Double] = []
  ) throws -> JudgedBatch {
    var batch = FindingsBatch(
      runID: ScanRunID(high: 1, low: UInt64(UInt32(bitPattern: day))), bucket: Bucket(.day, day),
      revision: revision, modelVersion: "test-1", notify: notify, customers: customers,
      metrics: [metric])
    for (row, value) in values.enumerated() {
      batch.customerIndex.append(UInt32(row))
      batch.metricIndex.append(0)
      batch.flags.append(value.isNaN ? .missing : [])
      batch.observed.append(value)
      batch.expected.append(100)
      batch.z.append(value.isNaN ? 0 : (value - 100) / 10)
      batch.evidenceHash.append(UInt64(day) << 20 ^ value.bitPattern ^ salt)
      if value < 60 || value > 160 {
        batch.findings.append(
          Finding(
            row: row, kind: value < 60 ? .drop : .spike, startBucket: day, endBucket: day,
            observed: value, expected: 100, score: 1.6, logRatio: value < 60 ? -1 : 1,
            tests: [
              TestResult(test: .score, window: 1, statistic: -8, threshold: 4, fired: true)
            ], ringObserved: ring, ringExpected: ring.map { $0 + 1 }))
      }
    }
    return try JudgedBatch(batch)
  }
}

/// A store over a database of its own.
struct Laboratory {
  let database: TestDatabase
  let pool: PostgresPool
  let clock: ManualClock
  let store: ClassifierStore

  static func with<Result>(
    _ body: (Laboratory) async throws -> Result
  ) async throws -> Result {
    try await TestDatabase.with { database in
      let pool = try database.pool(.classifier)
      let clock = ManualClock()
      let store = ClassifierStore(pool: pool, rules: MergeRules(calmDays: 3)) { clock.now }
      try await store.migrate()
      return try await body(
        Laboratory(database: database, pool: pool, clock: clock, store: store))
    }
  }

  /// Judges one customer's days in order.
  func judge(
    _ values: [Double], from day: Int32 = World.day, notify: Bool = true
  ) async throws {
    for (offset, value) in values.enumerated() {
      let batch = try World().batch(day: day + Int32(offset), [value], notify: notify)
      _ = try await store.classify(batch)
    }
  }

  func all(_ filter: AnomalyFilter = AnomalyFilter()) async throws -> [Anomaly] {
    try await store.list(filter, pageSize: 1_000, after: nil).records.map(\.anomaly)
  }

  /// Everything that the classifier holds, as text, to compare before and after.
  func contents() async throws -> [String] {
    try await pool.query(
      """
      SELECT 'series ' || series::text FROM series
      UNION ALL SELECT 'anomaly ' || anomaly::text FROM anomaly
      UNION ALL SELECT 'revision ' || anomaly_revision::text FROM anomaly_revision
      UNION ALL SELECT 'transition ' || transition::text FROM transition
      UNION ALL SELECT 'incident ' || incident::text FROM incident
      UNION ALL SELECT 'platform ' || platform_event::text FROM platform_event
      UNION ALL SELECT 'job ' || kind || key FROM work_job
      ORDER BY 1
      """
    ).map { $0.text(0) }
  }

  /// Revisions and kinds of the changes that people are told of.
  func heard() async throws -> [String] {
    try await pool.query(
      """
      SELECT kind || ' of revision ' || revision FROM anomaly_revision WHERE heard
      ORDER BY changed_unix_us, revision
      """
    ).map { $0.text(0) }
  }

  func jobCount() async throws -> Int {
    try await pool.query("SELECT count(*) FROM work_job").single.int(0)
  }
}
