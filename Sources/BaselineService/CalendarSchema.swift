import Postgres

extension BaselineSchema {
  /// The calendar with its past, and what each run took of it.
  static let calendar: PostgresStatement = """
    -- A row for each thing that was ever said of an entry; it held from the change `sequence` on
    -- and until the change `until_sequence`. Removal ends a row and begins none.
    CREATE TABLE calendar_entry (
      entry_id text NOT NULL,
      sequence bigint NOT NULL,
      until_sequence bigint,
      kind smallint NOT NULL,
      name text NOT NULL,
      scope smallint NOT NULL,
      scope_value text NOT NULL,
      metric text NOT NULL,
      -- Days since 1970; those that instants touch by UTC's calendar.
      first_day int NOT NULL,
      last_day int NOT NULL,
      -- Both 0 where the entry is of whole civil days.
      start_second bigint NOT NULL,
      end_second bigint NOT NULL,
      -- 0 is unknown.
      expected_ratio float8 NOT NULL,
      tolerance float8 NOT NULL,
      PRIMARY KEY (entry_id, sequence)
    );
    CREATE UNIQUE INDEX calendar_entry_now ON calendar_entry (entry_id)
      WHERE until_sequence IS NULL;
    CREATE INDEX calendar_entry_days ON calendar_entry (first_day, entry_id)
      WHERE until_sequence IS NULL;
    -- One row: the number of the last change.
    CREATE TABLE calendar_sequence (
      only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
      value bigint NOT NULL
    );
    INSERT INTO calendar_sequence (value) VALUES (0);
    -- Null until the run begins.
    ALTER TABLE scan_run ADD COLUMN calendar_sequence bigint;
    """
}
