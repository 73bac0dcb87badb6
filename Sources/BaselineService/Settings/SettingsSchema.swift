import Postgres

extension BaselineSchema {
  /// What people set about judgement, as the classifier hands it over, with its past; and what each
  /// run took of it.
  static let settings: PostgresStatement = """
    -- It held from the change `sequence` on and until the change `until_sequence`.
    CREATE TABLE setting (
      -- 1 is a sensitivity, 2 a static rule.
      kind smallint NOT NULL,
      name text NOT NULL,
      scope text NOT NULL,
      sequence bigint NOT NULL,
      until_sequence bigint,
      -- As the contract writes it.
      content bytea NOT NULL,
      PRIMARY KEY (kind, name, scope, sequence)
    );
    CREATE UNIQUE INDEX setting_now ON setting (kind, name, scope) WHERE until_sequence IS NULL;
    -- One row: the number of the last change that was taken.
    CREATE TABLE setting_sequence (
      only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
      value bigint NOT NULL
    );
    INSERT INTO setting_sequence (value) VALUES (0);
    -- Null until the run begins.
    ALTER TABLE scan_run ADD COLUMN setting_sequence bigint;
    """
}
