import Postgres

extension BaselineSchema {
  /// What each bucket did to the cohorts, written once.
  static let cohorts: PostgresStatement = """
    CREATE TABLE cohort_row (
      granularity smallint NOT NULL,
      bucket int NOT NULL,
      -- Empty for the whole organisation; every bucket that has rows has this one.
      cohort text NOT NULL,
      shift float8 NOT NULL,
      effect float8 NOT NULL,
      outage_since int,
      score float8 NOT NULL,
      members int NOT NULL,
      -- Numbers of 8 and of 4 bytes, little-endian.
      drifts bytea NOT NULL,
      profile bytea NOT NULL,
      model_version text NOT NULL,
      PRIMARY KEY (granularity, bucket, cohort)
    );
    -- What is left to be known of the usual is looked for among the rows of all.
    CREATE INDEX cohort_row_usual ON cohort_row (granularity, bucket)
      WHERE cohort = '' AND outage_since IS NULL AND members > 0;
    CREATE INDEX cohort_row_outage ON cohort_row (granularity, bucket)
      WHERE outage_since IS NOT NULL;
    -- How often the rows of the run could not be made.
    ALTER TABLE scan_run ADD COLUMN cohort_failures int NOT NULL DEFAULT 0;
    """
}
