import BaselineService
import ClassifierService
import DetectorService
import EvidenceContract
import Postgres
import RPC
import SeriesModel
import ServiceRuntime
import TestSupport

/// A house whose evidence is judged by a detector and a classifier, each a service of its own.
struct JudgingHouse {
  let house: BaselineHouse
  let client: BaselineClient
  let classifier: PostgresPool
  let baseline: PostgresPool

  /// Runs all three for as long as the body takes.
  static func with(
    customers: Int, rangeSeries: Int = 1_000, reviewDays: Int = 400,
    _ body: (JudgingHouse) async throws -> Void
  ) async throws {
    try await BaselineHouse.with(customers: customers) { house in
      let (judge, merge) = (
        "inproc://judge-\(house.number)", "inproc://merge-\(house.number)"
      )
      let logger = Logger(service: "test", level: .critical)
      let classifier = try ClassifierService(
        ClassifierConfiguration(
          rpc: RPCSettings(
            serviceName: "classifier", listenURLs: [merge],
            // Nobody has to hear of anything here; what people would be told is written down.
            backendURLs: ["notifier": ["inproc://nobody-\(house.number)"]]),
          database: PostgresConfiguration(url: try house.database.url(.classifier)),
          databaseConnections: 4), logger: logger)
      let detector = try DetectorService(
        settings: DetectorConfiguration(
          runtime: RuntimeSettings(),
          rpc: RPCSettings(
            serviceName: "detector", listenURLs: [judge], backendURLs: ["classifier": [merge]])),
        logger: logger)
      let group = ServiceGroup([classifier, detector], logger: logger, handlesSignals: false)
      async let running: Void = group.run()
      do {
        try await house.serving(
          rangeSeries: rangeSeries, reviewDays: reviewDays, detectorURL: judge
        ) { client in
          try await body(
            JudgingHouse(
              house: house, client: client,
              classifier: try house.database.pool(.classifier, size: 1),
              baseline: try house.database.pool(.baseline, size: 1)))
        }
      } catch {
        group.triggerShutdown()
        try await running
        throw error
      }
      group.triggerShutdown()
      try await running
    }
  }

  /// Writes the usual values of days, changed by a rule, and judges them.
  func judge(
    _ days: ClosedRange<Int32>, _ change: (Int, Int, Int32) -> Double = { _, _, _ in 1 }
  ) async throws {
    try await set(days, change)
    try await house.close(through: days.upperBound)
    try await house.scan(client)
  }

  /// Writes the usual values of days, changed by a rule: customer, metric and day to a factor.
  func set(
    _ days: ClosedRange<Int32>, _ change: (Int, Int, Int32) -> Double = { _, _, _ in 1 }
  ) async throws {
    var points: [(customer: Int, metric: Int, bucket: Int32, value: Double)] = []
    for customer in house.customers.indices {
      for metric in house.metrics.indices {
        for day in days {
          let usual = BaselineHouse.value(customer: customer, metric: metric, bucket: day)
          points.append(
            (customer, metric, day, (usual * change(customer, metric, day)).rounded()))
        }
      }
    }
    try await house.set(points)
  }

  func place(_ customers: Range<Int>, region: String) async throws {
    for customer in customers {
      let id = house.customers[customer]
      _ = try await house.ingest.query(
        "UPDATE customer SET region = $2, segment = '' WHERE customer_id = $1",
        [.uuid(high: id.high, low: id.low), .text(region)])
    }
  }

  /// Puts an entry into the calendar.
  func put(_ entry: SeriesModel.CalendarEntry) async throws {
    var request = PutCalendarRequest()
    request.entries = [EvidenceContract.CalendarEntry(entry)]
    _ = try await client.putCalendar(request, options: BaselineHouse.patient)
  }

  func remove(_ entry: SeriesModel.CalendarEntry) async throws {
    var request = RemoveCalendarEntriesRequest()
    request.ids = [entry.id]
    _ = try await client.removeCalendarEntries(request, options: BaselineHouse.patient)
  }

  /// Waits until runs know the calendar as it is and none is under way, with nobody asking for one.
  func settled() async throws {
    let deadline = Deadline.after(milliseconds: 60_000)
    while !deadline.hasPassed {
      let isSettled = try await baseline.query(
        """
        SELECT NOT EXISTS (SELECT FROM scan_run WHERE state < 2)
          AND NOT EXISTS (SELECT FROM work_job WHERE kind LIKE 'scan_%')
          AND (SELECT max(calendar_sequence) FROM scan_run) = (SELECT value FROM calendar_sequence)
        """
      ).single.bool(0)
      if isSettled { return }
      await Task.yield()
    }
    throw RPCError(.deadlineExceeded, "the calendar was not heeded in a minute")
  }

  /// All that is known of anomalies that were not withdrawn, but for when and how often it was found.
  func anomalies() async throws -> [String] {
    try await classifier.query(
      """
      SELECT concat_ws(' ', anomaly.id, customer_id, metric_name, type, severity, intent, state,
        acknowledged, start_bucket, end_bucket, last_bucket, calm_buckets, observed_sum,
        expected_sum, counted_buckets, score, scope, standing, leader_id, members, member_count)
      FROM anomaly WHERE state <> 6 ORDER BY 1
      """
    ).map { $0.text(0) }
  }

  /// Where the series, the incidents and the platform events stand.
  func places() async throws -> [String] {
    try await classifier.query(
      """
      SELECT concat_ws(' ', customer_id, metric_id, last_bucket, down_id, up_id, neither_id,
        followed) FROM series
      UNION ALL SELECT incident::text FROM incident
      UNION ALL SELECT platform_event::text FROM platform_event
      ORDER BY 1
      """
    ).map { $0.text(0) }
  }

  /// The models to the byte, and the rows of cohorts.
  func models() async throws -> [String] {
    try await baseline.query(
      """
      SELECT concat_ws(' ', customer_id, metric_id, through_bucket, judged_bucket,
        encode(state, 'hex')) FROM series_state
      UNION ALL SELECT concat_ws(' ', bucket, cohort, shift, effect, outage_since, score, members,
        encode(drifts, 'hex'), encode(profile, 'hex')) FROM cohort_row
      ORDER BY 1
      """
    ).map { $0.text(0) }
  }

  /// What people were told, each as kind, type and first bucket; and how much of it so far.
  func told(after known: Int = 0) async throws -> [String] {
    try await classifier.query(
      """
      SELECT concat_ws(' ', kind, anomaly.type, start_bucket, anomaly.scope)
      FROM anomaly_revision AS change
        JOIN anomaly ON anomaly.customer_id = change.customer_id AND anomaly.id = anomaly_id
      WHERE change.heard ORDER BY changed_unix_us, 1
      """
    ).map { $0.text(0) }.dropFirst(known).sorted()
  }

  func count(_ statement: PostgresStatement) async throws -> Int {
    try await classifier.query(statement).single.int(0)
  }
}
