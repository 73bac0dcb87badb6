internal import Postgres

extension ClassifierSchema {
  /// What is judged again waits here until its review is closed.
  static let reviews: PostgresStatement = """
    CREATE TABLE review (
      review_id uuid PRIMARY KEY,
      opened_unix_us bigint NOT NULL,
      is_closed boolean NOT NULL DEFAULT false
    );
    CREATE TABLE review_batch (
      review_id uuid NOT NULL,
      bucket int NOT NULL,
      -- Parts of a bucket that is too large for one batch are told by their first metric.
      part int NOT NULL,
      -- As the contract writes them.
      findings bytea NOT NULL,
      PRIMARY KEY (review_id, bucket, part)
    );
    """

  /// A review is taken over in parts, and whoever goes on with it knows which of them are done.
  static let reviewParts: PostgresStatement = """
    -- How often it was begun: whoever closes an earlier one closes nothing more.
    ALTER TABLE review ADD COLUMN attempt int NOT NULL DEFAULT 1;
    -- Nothing is added any more.
    ALTER TABLE review ADD COLUMN is_closing boolean NOT NULL DEFAULT false;
    -- Customers up to this one were taken over, by rising identity; null where none was.
    ALTER TABLE review ADD COLUMN taken_through uuid;
    """

  /// A review reaches back over what lasts, but not without an end.
  static let reviewReach: PostgresStatement = """
    -- The first bucket that may be judged again.
    ALTER TABLE review ADD COLUMN earliest int NOT NULL DEFAULT -2147483648;
    """
}
