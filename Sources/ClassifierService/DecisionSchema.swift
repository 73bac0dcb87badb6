internal import Postgres

extension ClassifierSchema {
  /// What each anomaly's decisions were made from.
  static let decisions: PostgresStatement = """
    CREATE TABLE decision (
      customer_id uuid NOT NULL,
      anomaly_id uuid NOT NULL,
      bucket int NOT NULL,
      -- Of the bucket.
      revision bigint NOT NULL,
      -- Of the series that was judged.
      metric_id int NOT NULL,
      model_version text NOT NULL,
      evidence_hash bigint NOT NULL,
      -- The rows that were judged, as the contract writes them.
      inputs bytea NOT NULL,
      -- Every test and every condition as JSON; empty where a detector of another release decided.
      record text NOT NULL,
      PRIMARY KEY (customer_id, anomaly_id, bucket)
    );
    """
}
