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
}
