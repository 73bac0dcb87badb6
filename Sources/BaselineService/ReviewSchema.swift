import Postgres

extension BaselineSchema {
  /// What is needed to judge again what was judged without knowing.
  static let reviews: PostgresStatement = """
    -- The calendar that the model was advanced with.
    ALTER TABLE series_state ADD COLUMN calendar_sequence bigint NOT NULL DEFAULT 0;
    -- How often its past was judged.
    ALTER TABLE series_state ADD COLUMN revision int NOT NULL DEFAULT 1;
    UPDATE series_state SET calendar_sequence = (SELECT value FROM calendar_sequence);
    ALTER TABLE cohort_row ADD COLUMN revision int NOT NULL DEFAULT 1;
    -- The change of the calendar that made the row anew; 0 is as it was first made.
    ALTER TABLE cohort_row ADD COLUMN calendar_sequence bigint NOT NULL DEFAULT 0;
    CREATE INDEX cohort_row_anew ON cohort_row (granularity, calendar_sequence, bucket)
      WHERE calendar_sequence > 0;
    -- The calendar that the rows of a granularity were made with.
    CREATE TABLE cohort_calendar (
      granularity smallint PRIMARY KEY,
      calendar_sequence bigint NOT NULL
    );
    INSERT INTO cohort_calendar
      SELECT granularity, value FROM calendar_sequence, generate_series(1, 4) AS granularity;
    -- Series of the range that were judged again.
    ALTER TABLE scan_range ADD COLUMN series_reviewed bigint NOT NULL DEFAULT 0;
    """

  /// What a pass over cohorts has begun to make anew, so that a repeat makes the same of it.
  static let cohortsAnew: PostgresStatement = """
    -- All null, or for which change of the calendar, which buckets, and how often they are made then.
    ALTER TABLE cohort_calendar ADD COLUMN anew_sequence bigint;
    ALTER TABLE cohort_calendar ADD COLUMN anew_first int;
    ALTER TABLE cohort_calendar ADD COLUMN anew_last int;
    ALTER TABLE cohort_calendar ADD COLUMN anew_revision int;
    """
}
