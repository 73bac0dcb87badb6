public import Postgres
import WorkQueue

/// The tables of the models, the scan runs, the calendar and the cohorts, in baseline's own schema.
public enum BaselineSchema {
  /// The steps, numbered from 1.
  public static let migrations: [Migration] = [
    WorkQueue.migration(version: 1),
    Migration(version: 2, name: "models", sql: models),
    Migration(version: 3, name: "scan runs", sql: runs),
    Migration(version: 4, name: "calendar", sql: calendar),
    Migration(version: 5, name: "cohort rows", sql: cohorts),
    Migration(version: 6, name: "settings", sql: settings),
    Migration(version: 7, name: "reviews", sql: reviews),
    Migration(version: 8, name: "cohorts anew", sql: cohortsAnew),
  ]

  private static let models: PostgresStatement = """
    CREATE TABLE series_state (
      customer_id uuid NOT NULL,
      metric_id int NOT NULL,
      shard int NOT NULL,
      granularity smallint NOT NULL,
      -- The model has been advanced through this bucket.
      through_bucket int NOT NULL,
      -- The last bucket that had a value to judge.
      judged_bucket int,
      -- The points were those of this sequence of ingest.
      ingest_sequence bigint NOT NULL,
      state bytea NOT NULL,
      PRIMARY KEY (customer_id, metric_id)
    ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
    CREATE INDEX series_state_shard ON series_state (granularity, shard);
    """

  private static let runs: PostgresStatement = """
    CREATE TABLE scan_run (
      run_id uuid PRIMARY KEY,
      granularity smallint NOT NULL,
      through_bucket int NOT NULL,
      from_bucket int,
      ingest_sequence bigint NOT NULL,
      notify_history bool NOT NULL,
      -- 0 waits for the run before it, 1 runs, 2 is completed, 3 is completed with failures.
      state smallint NOT NULL,
      series_due bigint NOT NULL DEFAULT 0,
      started_at timestamptz,
      ended_at timestamptz,
      UNIQUE (granularity, through_bucket)
    );
    CREATE UNIQUE INDEX scan_run_one_at_a_time ON scan_run (granularity) WHERE state = 1;
    CREATE TABLE scan_operation (
      operation_id uuid PRIMARY KEY,
      run_id uuid NOT NULL
    );
    CREATE TABLE scan_range (
      run_id uuid NOT NULL,
      shard_from int NOT NULL,
      -- Not within the range any more.
      shard_to int NOT NULL,
      -- 0 is to be done, 1 is done, 2 failed too often.
      state smallint NOT NULL DEFAULT 0,
      failures int NOT NULL DEFAULT 0,
      last_reason text,
      series_due bigint NOT NULL,
      series_scanned bigint NOT NULL DEFAULT 0,
      series_skipped bigint NOT NULL DEFAULT 0,
      buckets_due bigint NOT NULL,
      buckets_scanned bigint NOT NULL DEFAULT 0,
      findings bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (run_id, shard_from)
    );
    CREATE TABLE scan_skip (
      run_id uuid NOT NULL,
      shard_from int NOT NULL,
      reason text NOT NULL,
      count bigint NOT NULL,
      PRIMARY KEY (run_id, shard_from, reason)
    );
    """
}
