import Baselines
import Postgres
import SeriesModel
import WorkQueue

/// The scan runs at rest.
///
/// All changes of a granularity's runs are made under one lock.
struct ScanRunTable: Sendable {
  /// The kinds of jobs.
  static let planKind = "scan_plan"
  static let cohortKind = "scan_cohorts"
  static let rangeKind = "scan_range"
  static let recheckKind = "scan_recheck"
  static let expiryKind = "scan_expiry"

  /// A job that looks whether what was judged has to be judged again.
  static func recheck(_ granularity: Granularity) -> NewJob {
    NewJob(kind: recheckKind, key: granularity.name)
  }

  let pool: PostgresPool
  let queue: WorkQueue

  /// What was asked for.
  struct Request: Sendable {
    var granularity: Granularity
    var through: Int32
    var ingestSequence: Int64
    var notifiesHistory = false
    var operation: PostgresUUID?
    /// Series in the store now, or nil.
    ///
    /// A completed run that knew of fewer, or that had failures, is run again.
    var seriesInStore: Int64?
  }

  /// Finds the run that covers the bucket, or makes it.
  ///
  /// - Returns: The run, and whether it was there before.
  func ensure(_ request: Request) async throws -> (id: ScanRunID, isKnown: Bool) {
    try await pool.transaction { connection in
      try Self.lock(request.granularity, on: connection)
      if let operation = request.operation,
        let known = try connection.execute(
          "SELECT run_id FROM scan_operation WHERE operation_id = $1", [.uuid(operation)]
        ).first
      {
        return (ScanRunID(known.uuid(0)), true)
      }
      let covering = try connection.execute(
        """
        SELECT run_id, granularity, through_bucket, from_bucket, ingest_sequence,
          notify_history, state, series_due, calendar_sequence, setting_sequence
        FROM scan_run WHERE granularity = $1 AND through_bucket >= $2
        ORDER BY through_bucket LIMIT 1
        """, [.int16(Int16(request.granularity.rawValue)), .int32(request.through)]
      ).first.flatMap { ScanRun(row: $0) }
      let id: ScanRunID
      var isKnown = true
      if let covering {
        id = covering.id
        let mustRunAgain = Self.mustRunAgain(covering, request)
        let knowsMore = try Self.knowsMore(
          than: covering, sequence: request.ingestSequence, on: connection)
        if mustRunAgain || knowsMore {
          try Self.reopen(covering, request, keepsSettings: !mustRunAgain, on: connection)
          isKnown = false
        }
      } else {
        id = ScanRun.id(request.granularity, through: request.through)
        try Self.insert(id, request, on: connection)
        isKnown = false
      }
      if let operation = request.operation {
        try connection.execute(
          "INSERT INTO scan_operation (operation_id, run_id) VALUES ($1, $2)",
          [.uuid(operation), id.stored])
      }
      try activateNext(request.granularity, on: connection)
      return (id, isKnown)
    }
  }

  private static func mustRunAgain(_ run: ScanRun, _ request: Request) -> Bool {
    guard let now = request.seriesInStore else { return false }
    switch run.state {
    case .waiting, .running: return false
    case .completed: return now > run.seriesDue
    case .completedWithFailures: return true
    }
  }

  private static func insert(
    _ id: ScanRunID, _ request: Request, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO scan_run
        (run_id, granularity, through_bucket, ingest_sequence, notify_history, state)
      VALUES ($1, $2, $3, $4, $5, 0)
      """,
      [
        id.stored, .int16(Int16(request.granularity.rawValue)), .int32(request.through),
        .int64(request.ingestSequence), .bool(request.notifiesHistory),
      ])
  }

  /// Whether points or the calendar have changed in what a completed run, the newest one of its
  /// granularity, has judged.
  private static func knowsMore(
    than run: ScanRun, sequence: Int64, on connection: isolated PostgresConnection
  ) throws -> Bool {
    switch run.state {
    case .waiting, .running: return false
    case .completed, .completedWithFailures: break
    }
    // Days more, because a week has seven and zones may reach over midnight.
    let lastDay = Bucket(run.granularity, run.through).startDate.dayIndex + 8
    return try connection.execute(
      """
      SELECT NOT EXISTS (
          SELECT FROM scan_run WHERE granularity = $1 AND (state < 2 OR through_bucket > $2))
        AND (
          EXISTS (
            SELECT FROM calendar_entry
            WHERE first_day <= $3 AND (sequence > $4 OR until_sequence > $4))
          OR EXISTS (
            SELECT FROM ingest.correction_v1 AS correction
              JOIN series_state USING (customer_id, metric_id)
            WHERE granularity = $1 AND correction.sequence > $5 AND correction.sequence <= $6
              AND correction.sequence > series_state.ingest_sequence
              AND correction.bucket <= series_state.through_bucket))
      """,
      [
        .int16(Int16(run.granularity.rawValue)), .int32(run.through),
        .int32(Int32(clamping: lastDay)), .int64(run.calendarSequence),
        .int64(run.ingestSequence), .int64(sequence),
      ]
    ).single.bool(0)
  }

  /// Does a job of the kind ``recheckKind``: lets the newest run begin again when more is known
  /// than it knew.
  ///
  /// A run that waits takes what is known when it begins, and one that is at work is followed by
  /// another look.
  func recheck(_ job: ClaimedJob) async throws -> WorkOutcome {
    guard let granularity = Granularity(name: job.key) else {
      return .poison(reason: "no granularity \(job.key)")
    }
    try await pool.transaction { connection in
      try Self.lock(granularity, on: connection)
      let newest = try connection.execute(
        """
        SELECT run_id, granularity, through_bucket, from_bucket, ingest_sequence,
          notify_history, state, series_due, calendar_sequence, setting_sequence
        FROM scan_run WHERE granularity = $1 ORDER BY through_bucket DESC LIMIT 1
        """, [.int16(Int16(granularity.rawValue))]
      ).first.flatMap { ScanRun(row: $0) }
      if let newest {
        let sequence = try connection.execute(
          "SELECT GREATEST($1, max(sequence)) FROM ingest.correction_v1",
          [.int64(newest.ingestSequence)]
        ).single.int64(0)
        if try Self.knowsMore(than: newest, sequence: sequence, on: connection) {
          let request = Request(
            granularity: granularity, through: newest.through, ingestSequence: sequence,
            notifiesHistory: newest.notifiesHistory)
          try Self.reopen(newest, request, keepsSettings: true, on: connection)
          try activateNext(granularity, on: connection)
        }
      }
      try queue.complete(job, on: connection)
    }
    return .completed
  }

  private static func reopen(
    _ run: ScanRun, _ request: Request, keepsSettings: Bool,
    on connection: isolated PostgresConnection
  ) throws {
    try connection.execute("DELETE FROM scan_range WHERE run_id = $1", [run.id.stored])
    try connection.execute("DELETE FROM scan_skip WHERE run_id = $1", [run.id.stored])
    try connection.execute(
      """
      UPDATE scan_run SET state = 0, ingest_sequence = $2, notify_history = $3,
        from_bucket = NULL, ended_at = NULL, cohort_failures = 0,
        -- What failed may have been judged in part, and a repeat has to say the same of it; what is
        -- judged again for what is known now, as well.
        setting_sequence = CASE WHEN state = 3 OR $4 THEN setting_sequence END
      WHERE run_id = $1
      """,
      [
        run.id.stored, .int64(request.ingestSequence), .bool(request.notifiesHistory),
        .bool(keepsSettings),
      ])
  }

  /// Makes all others who change this granularity's runs wait until the transaction ends.
  static func lock(
    _ granularity: Granularity, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      "SELECT pg_advisory_xact_lock(hashtextextended('scan ' || current_schema(), $1))",
      [.int64(Int64(granularity.rawValue))])
  }

  /// Starts the oldest waiting run when none runs: one after the other, so that each bucket is
  /// judged as the newest of its run and told to people if it has to be.
  ///
  /// The run takes the calendar and the settings as they are now, to its end and over crashes.
  func activateNext(
    _ granularity: Granularity, on connection: isolated PostgresConnection
  ) throws {
    let started = try connection.execute(
      """
      UPDATE scan_run SET state = 1, started_at = now(),
        calendar_sequence = (SELECT value FROM calendar_sequence),
        setting_sequence = COALESCE(setting_sequence, (SELECT value FROM setting_sequence))
      WHERE run_id = (
        SELECT run_id FROM scan_run WHERE granularity = $1 AND state = 0
          AND NOT EXISTS (SELECT FROM scan_run WHERE granularity = $1 AND state = 1)
        ORDER BY through_bucket LIMIT 1
      )
      RETURNING run_id
      """, [.int16(Int16(granularity.rawValue))])
    let jobs = started.map { row in
      NewJob(kind: Self.planKind, key: ScanRunID(row.uuid(0)).key, priority: .high)
    }
    try queue.enqueue(jobs, on: connection)
  }

  /// The run of that identity, or nil.
  func find(_ id: ScanRunID) async throws -> ScanRun? {
    try await pool.query(
      """
      SELECT run_id, granularity, through_bucket, from_bucket, ingest_sequence, notify_history,
        state, series_due, calendar_sequence, setting_sequence
      FROM scan_run WHERE run_id = $1
      """, [id.stored]
    ).first.flatMap { ScanRun(row: $0) }
  }

  /// Lets the walks over the run's ranges begin.
  func enqueueRanges(of run: ScanRun, on connection: isolated PostgresConnection) throws {
    let waiting = try connection.execute(
      "SELECT shard_from FROM scan_range WHERE run_id = $1 AND state = 0", [run.id.stored])
    try queue.enqueue(
      waiting.map { NewJob(kind: Self.rangeKind, key: "\(run.id.key)/\($0.int32(0))") },
      on: connection)
  }

  /// Ends the run when all its ranges have, and starts the next one.
  func finishIfDone(_ run: ScanRun, on connection: isolated PostgresConnection) throws {
    try Self.lock(run.granularity, on: connection)
    let ended = try connection.execute(
      """
      UPDATE scan_run SET
        state = CASE WHEN EXISTS (SELECT FROM scan_range WHERE run_id = $1 AND state = 2)
          THEN 3 ELSE 2 END,
        ended_at = now()
      WHERE run_id = $1 AND state IN (1, 3)
        AND NOT EXISTS (SELECT FROM scan_range WHERE run_id = $1 AND state = 0)
      """, [run.id.stored])
    if ended.affected > 0 {
      try activateNext(run.granularity, on: connection)
      // The calendar or points may have changed while it ran.
      try queue.enqueue(
        [
          Self.recheck(run.granularity),
          NewJob(kind: Self.expiryKind, key: run.granularity.name),
        ], on: connection)
    }
  }
}
