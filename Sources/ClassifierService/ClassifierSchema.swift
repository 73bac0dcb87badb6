internal import Postgres
internal import WorkQueue

/// The schema `classifier`.
///
/// The customer is part of every key, so that the tables can be spread by it; the work queue and
/// the conflicts stay in one place and refer to nothing.
enum ClassifierSchema {
  /// All steps, oldest first.
  static let migrations: [Migration] = [
    Migration(version: 1, name: "anomalies", sql: tables),
    WorkQueue.migration(version: 2),
    Migration(version: 3, name: "usage_anomalies for readers", sql: view),
    Migration(version: 4, name: "types of the third side", sql: thirdSide),
    Migration(version: 5, name: "incidents and platform events", sql: incidents),
    Migration(version: 6, name: "verdicts by series", sql: verdicts),
    Migration(version: 7, name: "risk signals", sql: riskSignals),
    Migration(version: 8, name: "settings", sql: settings),
    Migration(version: 9, name: "decisions", sql: decisions),
    Migration(version: 10, name: "reviews", sql: reviews),
    Migration(version: 11, name: "reviews in parts", sql: reviewParts),
    Migration(version: 12, name: "how far reviews reach", sql: reviewReach),
  ]

  private static let tables: PostgresStatement = """
    CREATE TABLE series (
      customer_id uuid NOT NULL,
      metric_id int NOT NULL,
      -- The newest bucket judged, and the last judgements back from it.
      last_bucket int NOT NULL,
      seen bytea NOT NULL,
      -- The latest anomaly to either side.
      down_id uuid,
      up_id uuid,
      -- Which of them the next row must look at even without a finding: 1 down, 2 up.
      followed smallint NOT NULL,
      PRIMARY KEY (customer_id, metric_id)
    ) WITH (fillfactor = 50);
    ALTER TABLE series ALTER COLUMN seen SET STORAGE PLAIN;

    CREATE TABLE anomaly (
      customer_id uuid NOT NULL,
      id uuid NOT NULL,
      metric_id int NOT NULL,
      metric_name text NOT NULL,
      type smallint NOT NULL,
      severity smallint NOT NULL,
      intent smallint NOT NULL,
      state smallint NOT NULL,
      acknowledged boolean NOT NULL,
      start_bucket int NOT NULL,
      end_bucket int NOT NULL,
      last_bucket int NOT NULL,
      last_revision bigint NOT NULL,
      calm_buckets int NOT NULL,
      observed_sum double precision NOT NULL,
      expected_sum double precision NOT NULL,
      counted_buckets int NOT NULL,
      score double precision NOT NULL,
      baseline_value double precision NOT NULL,
      actual_value double precision NOT NULL,
      deviation_percent double precision,
      -- Of the first bucket; the order of lists.
      started_unix_us bigint NOT NULL,
      detected_unix_us bigint NOT NULL,
      resolved_unix_us bigint,
      dismissed_unix_us bigint,
      dismissed_by uuid,
      dismiss_reason text NOT NULL,
      possible_cause text NOT NULL,
      -- As the contract writes them.
      customer bytea NOT NULL,
      metric bytea NOT NULL,
      -- Whether people are told of its changes.
      heard boolean NOT NULL,
      revision int NOT NULL,
      -- The finding that set the present severity.
      finding bytea NOT NULL,
      model_version text NOT NULL,
      evidence_hash bigint NOT NULL,
      PRIMARY KEY (customer_id, id)
    ) WITH (fillfactor = 70);
    CREATE INDEX anomaly_worst ON anomaly (severity DESC, started_unix_us DESC, id DESC);
    CREATE INDEX anomaly_of_customer
      ON anomaly (customer_id, severity DESC, started_unix_us DESC, id DESC);
    CREATE INDEX anomaly_id ON anomaly (id);

    CREATE TABLE anomaly_revision (
      customer_id uuid NOT NULL,
      anomaly_id uuid NOT NULL,
      revision int NOT NULL,
      kind smallint NOT NULL,
      change bytea NOT NULL,
      changed_unix_us bigint NOT NULL,
      heard boolean NOT NULL,
      -- When the notifier took it over.
      told_unix_us bigint,
      PRIMARY KEY (customer_id, anomaly_id, revision)
    );

    CREATE TABLE transition (
      customer_id uuid NOT NULL,
      anomaly_id uuid NOT NULL,
      number int NOT NULL,
      verb smallint NOT NULL,
      actor_id uuid,
      actor_name text NOT NULL,
      reason text NOT NULL,
      comment text NOT NULL,
      at_unix_us bigint NOT NULL,
      PRIMARY KEY (customer_id, anomaly_id, number)
    );

    -- Judgements that came twice with different evidence, set aside for people.
    CREATE TABLE evidence_conflict (
      customer_id uuid NOT NULL,
      metric_id int NOT NULL,
      bucket int NOT NULL,
      revision bigint NOT NULL,
      known_fingerprint bigint NOT NULL,
      received_hash bigint NOT NULL,
      seen_unix_us bigint NOT NULL,
      PRIMARY KEY (customer_id, metric_id, bucket, revision, received_hash)
    );
    """

  /// Microseconds times an interval stay whole, where seconds as a floating-point number would
  /// not.
  private static let view: PostgresStatement = """
    CREATE VIEW usage_anomalies AS SELECT
      id,
      customer_id,
      metric_name::varchar(50) AS metric_type,
      (CASE type WHEN 1 THEN 'drop' WHEN 2 THEN 'spike' WHEN 3 THEN 'level_down'
        WHEN 4 THEN 'level_up' END)::varchar(50) AS anomaly_type,
      (CASE severity WHEN 1 THEN 'info' WHEN 2 THEN 'warning'
        WHEN 3 THEN 'critical' END)::varchar(20) AS severity,
      baseline_value::numeric AS baseline_value,
      actual_value::numeric AS actual_value,
      deviation_percent::numeric AS deviation_percent,
      timestamptz 'epoch' + detected_unix_us * interval '1 microsecond' AS detected_at,
      timestamptz 'epoch' + dismissed_unix_us * interval '1 microsecond' AS dismissed_at,
      dismissed_by
    FROM anomaly WHERE state <> 6;
    GRANT SELECT ON usage_anomalies TO tidemark_reader;
    """

  /// A third side of a series, and the names of the new types.
  private static let thirdSide: PostgresStatement = """
    -- The latest anomaly that is neither more nor less.
    ALTER TABLE series ADD COLUMN neither_id uuid;

    CREATE OR REPLACE VIEW usage_anomalies AS SELECT
      id,
      customer_id,
      metric_name::varchar(50) AS metric_type,
      (CASE type WHEN 1 THEN 'drop' WHEN 2 THEN 'spike' WHEN 3 THEN 'level_down'
        WHEN 4 THEN 'level_up' WHEN 5 THEN 'gradual_decline' WHEN 6 THEN 'seasonal_change'
        WHEN 7 THEN 'abandonment' WHEN 8 THEN 'plateau' WHEN 9 THEN 'adoption'
        WHEN 10 THEN 'growth_stall' WHEN 11 THEN 'mix_shift'
        WHEN 12 THEN 'platform_outage' END)::varchar(50) AS anomaly_type,
      (CASE severity WHEN 1 THEN 'info' WHEN 2 THEN 'warning'
        WHEN 3 THEN 'critical' END)::varchar(20) AS severity,
      baseline_value::numeric AS baseline_value,
      actual_value::numeric AS actual_value,
      deviation_percent::numeric AS deviation_percent,
      timestamptz 'epoch' + detected_unix_us * interval '1 microsecond' AS detected_at,
      timestamptz 'epoch' + dismissed_unix_us * interval '1 microsecond' AS dismissed_at,
      dismissed_by
    FROM anomaly WHERE state <> 6;
    """

  /// What joins anomalies; the view shows those that speak for themselves and have a customer.
  private static let incidents: PostgresStatement = """
    -- 1 a series, 2 a customer as a whole, 3 a cohort.
    ALTER TABLE anomaly ADD COLUMN scope smallint NOT NULL DEFAULT 1;
    -- 1 it speaks for itself, 2 it is part of another, 3 a platform event explains it.
    ALTER TABLE anomaly ADD COLUMN standing smallint NOT NULL DEFAULT 1;
    ALTER TABLE anomaly ADD COLUMN leader_id uuid;
    ALTER TABLE anomaly ADD COLUMN members text[] NOT NULL DEFAULT '{}';
    ALTER TABLE anomaly ADD COLUMN member_count int NOT NULL DEFAULT 0;
    ALTER TABLE anomaly ADD COLUMN series_count int NOT NULL DEFAULT 0;
    CREATE INDEX anomaly_members ON anomaly (leader_id) WHERE leader_id IS NOT NULL;

    CREATE TABLE incident (
      customer_id uuid NOT NULL,
      granularity smallint NOT NULL,
      direction smallint NOT NULL,
      start_bucket int NOT NULL,
      last_bucket int NOT NULL,
      base_metrics bigint[] NOT NULL,
      derived_metrics bigint[] NOT NULL,
      leader_metric int NOT NULL,
      leader_id uuid NOT NULL,
      polarity smallint NOT NULL,
      wide_id uuid,
      PRIMARY KEY (customer_id, granularity, direction)
    ) WITH (fillfactor = 70);

    CREATE TABLE platform_event (
      granularity smallint NOT NULL,
      cohort text NOT NULL,
      since int NOT NULL,
      anomaly_id uuid NOT NULL,
      -- The newest bucket that a row called part of it.
      last_bucket int NOT NULL,
      is_active boolean NOT NULL,
      PRIMARY KEY (granularity, cohort, since)
    );
    CREATE INDEX platform_event_anomaly ON platform_event (anomaly_id);

    CREATE OR REPLACE VIEW usage_anomalies AS SELECT
      id,
      customer_id,
      metric_name::varchar(50) AS metric_type,
      (CASE type WHEN 1 THEN 'drop' WHEN 2 THEN 'spike' WHEN 3 THEN 'level_down'
        WHEN 4 THEN 'level_up' WHEN 5 THEN 'gradual_decline' WHEN 6 THEN 'seasonal_change'
        WHEN 7 THEN 'abandonment' WHEN 8 THEN 'plateau' WHEN 9 THEN 'adoption'
        WHEN 10 THEN 'growth_stall' WHEN 11 THEN 'mix_shift'
        WHEN 12 THEN 'platform_outage' END)::varchar(50) AS anomaly_type,
      (CASE severity WHEN 1 THEN 'info' WHEN 2 THEN 'warning'
        WHEN 3 THEN 'critical' END)::varchar(20) AS severity,
      baseline_value::numeric AS baseline_value,
      actual_value::numeric AS actual_value,
      deviation_percent::numeric AS deviation_percent,
      timestamptz 'epoch' + detected_unix_us * interval '1 microsecond' AS detected_at,
      timestamptz 'epoch' + dismissed_unix_us * interval '1 microsecond' AS dismissed_at,
      dismissed_by
    FROM anomaly WHERE state <> 6 AND standing = 1 AND scope <> 3;
    """

  /// What people dismissed of a series is looked up whenever a test fires on it.
  private static let verdicts: PostgresStatement = """
    CREATE INDEX anomaly_of_series ON anomaly (customer_id, metric_id, end_bucket DESC);
    """
}
