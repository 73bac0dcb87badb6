import Postgres
import SeriesModel
import WorkQueue

/// Lets go of runs that ended long ago, and of what people set or said of the calendar that no run
/// and no model knows any more.
///
/// Of runs that judged by the same settings the last one stays: whoever walks over history again, for
/// an explanation or a review, finds each bucket's settings.
struct RunExpiry: Sendable {
  /// Runs, each with its ranges, that are removed at once.
  static let runsLimit = 64

  /// Settings and entries of the calendar that are removed at once.
  private static let rowsLimit = 1_000

  let runs: ScanRunTable
  /// How long after its end a run is kept at least.
  let days: Int

  /// Does a job of the kind ``ScanRunTable/expiryKind``.
  func expire(_ job: ClaimedJob) async throws -> WorkOutcome {
    guard let granularity = Granularity(name: job.key) else {
      return .poison(reason: "no granularity \(job.key)")
    }
    while try await removeRuns(granularity) == Self.runsLimit {}
    while try await removeSettings() == Self.rowsLimit {}
    while try await removeEntries() == Self.rowsLimit {}
    return .finished
  }

  private func removeRuns(_ granularity: Granularity) async throws -> Int {
    try await runs.pool.transaction { connection in
      try ScanRunTable.lock(granularity, on: connection)
      return try connection.execute(
        """
        WITH gone AS (
          DELETE FROM scan_run WHERE run_id IN (
            SELECT run_id FROM (
              SELECT run_id, state, ended_at, setting_sequence,
                lead(setting_sequence) OVER (ORDER BY through_bucket) AS next_sequence
              FROM scan_run WHERE granularity = $1) AS run
            WHERE state >= 2 AND ended_at < now() - make_interval(days => $2)
              AND next_sequence = setting_sequence
            LIMIT $3)
          RETURNING run_id),
        ranges AS (DELETE FROM scan_range USING gone WHERE scan_range.run_id = gone.run_id),
        skips AS (DELETE FROM scan_skip USING gone WHERE scan_skip.run_id = gone.run_id),
        operations AS (
          DELETE FROM scan_operation USING gone WHERE scan_operation.run_id = gone.run_id)
        SELECT count(*) FROM gone
        """,
        [
          .int16(Int16(granularity.rawValue)), .int32(Int32(days)), .int64(Int64(Self.runsLimit)),
        ]
      ).single.int(0)
    }
  }

  private func removeSettings() async throws -> Int {
    try await withoutBeginnings { connection in
      try connection.execute(
        """
        DELETE FROM setting WHERE (kind, name, scope, sequence) IN (
          SELECT kind, name, scope, sequence FROM setting
          WHERE until_sequence IS NOT NULL AND NOT EXISTS (
            SELECT FROM scan_run
            WHERE setting_sequence >= setting.sequence
              AND setting_sequence < setting.until_sequence)
          LIMIT $1)
        """, [.int64(Int64(Self.rowsLimit))]
      ).affected
    }
  }

  private func removeEntries() async throws -> Int {
    try await withoutBeginnings { connection in
      let isAny = try connection.execute(
        "SELECT EXISTS (SELECT FROM calendar_entry WHERE until_sequence IS NOT NULL)"
      ).single.bool(0)
      // The models are read through for what they know.
      guard isAny else { return 0 }
      return try connection.execute(
        """
        WITH known AS MATERIALIZED (
          SELECT calendar_sequence FROM series_state
          UNION SELECT calendar_sequence FROM cohort_calendar
          UNION SELECT calendar_sequence FROM scan_run WHERE calendar_sequence IS NOT NULL)
        DELETE FROM calendar_entry WHERE (entry_id, sequence) IN (
          SELECT entry_id, sequence FROM calendar_entry
          WHERE until_sequence IS NOT NULL AND NOT EXISTS (
            SELECT FROM known
            WHERE known.calendar_sequence >= calendar_entry.sequence
              AND known.calendar_sequence < calendar_entry.until_sequence)
          LIMIT $1)
        """, [.int64(Int64(Self.rowsLimit))]
      ).affected
    }
  }

  /// Lets no run begin meanwhile: it would take what is being removed.
  private func withoutBeginnings(
    _ body: @Sendable (isolated PostgresConnection) throws -> Int
  ) async throws -> Int {
    try await runs.pool.transaction { connection in
      for granularity in Granularity.allCases {
        try ScanRunTable.lock(granularity, on: connection)
      }
      return try body(connection)
    }
  }
}
