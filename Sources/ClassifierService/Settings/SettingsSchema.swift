internal import Postgres

extension ClassifierSchema {
  /// What people set about judgement, with its past.
  static let settings: PostgresStatement = """
    -- A row for each thing that was ever set; it held from the change `sequence` on and until the
    -- change `until_sequence`. Removal ends a row and begins none.
    CREATE TABLE setting (
      -- 1 is a sensitivity, 2 a static rule.
      kind smallint NOT NULL,
      -- Empty for a sensitivity.
      name text NOT NULL,
      scope text NOT NULL,
      sequence bigint NOT NULL,
      until_sequence bigint,
      -- As the contract writes it.
      content bytea NOT NULL,
      set_by text NOT NULL,
      set_unix_us bigint NOT NULL,
      ended_by text NOT NULL DEFAULT '',
      ended_unix_us bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (kind, name, scope, sequence)
    );
    CREATE UNIQUE INDEX setting_now ON setting (kind, name, scope) WHERE until_sequence IS NULL;
    -- One row: the number of the last change, and of the last one that baseline has taken.
    CREATE TABLE setting_sequence (
      only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
      value bigint NOT NULL,
      taken bigint NOT NULL
    );
    INSERT INTO setting_sequence (value, taken) VALUES (0, 0);
    """
}
