internal import Postgres
internal import WorkQueue

/// The tables of the schema `notifier`.
///
/// All are local to the service and small beside the points: a log, threads and the queue.
enum DeliveryMigrations {
  static var all: [Migration] {
    [
      WorkQueue.migration(version: 1),
      Migration(version: 2, name: "deliveries", sql: deliveries),
      Migration(version: 3, name: "groups, silences, escalations, digests", sql: planning),
      Migration(version: 4, name: "configurations, inbound messages", sql: configurations),
    ]
  }

  private static let deliveries: PostgresStatement = """
    -- Each change of an anomaly that was handed over, once.
    CREATE TABLE submission (
      anomaly_id uuid NOT NULL,
      revision bigint NOT NULL,
      kind smallint NOT NULL,
      -- The contract's AnomalyChange, as it came.
      change bytea NOT NULL,
      customer text NOT NULL,
      summary text NOT NULL,
      received_at timestamptz NOT NULL,
      PRIMARY KEY (anomaly_id, revision, kind)
    );
    -- What a receiver was to be told of an anomaly, and what it is known to have been told.
    CREATE TABLE thread (
      anomaly_id uuid NOT NULL,
      receiver text NOT NULL,
      planned_status smallint NOT NULL,
      planned_revision bigint NOT NULL,
      told_status smallint NOT NULL DEFAULT 0,
      -- Under which key the receiver's side knows it.
      key_id text,
      PRIMARY KEY (anomaly_id, receiver)
    );
    CREATE TABLE delivery (
      sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id uuid NOT NULL UNIQUE,
      anomaly_id uuid NOT NULL,
      revision bigint NOT NULL,
      kind smallint NOT NULL,
      -- Whether it says that the anomaly is there, or that it is over.
      is_trigger boolean NOT NULL,
      receiver text NOT NULL,
      receiver_kind text NOT NULL,
      deduplication_key text NOT NULL,
      status smallint NOT NULL,
      -- Has a job in the queue; one a thread, so that its messages keep their order.
      is_active boolean NOT NULL DEFAULT false,
      reason text NOT NULL,
      route text NOT NULL,
      queued_at timestamptz NOT NULL,
      give_up_at timestamptz NOT NULL,
      sent_at timestamptz,
      UNIQUE (anomaly_id, revision, kind, receiver)
    );
    CREATE INDEX delivery_thread ON delivery (anomaly_id, receiver, sequence);
    CREATE INDEX delivery_receiver ON delivery (receiver, sequence);
    CREATE TABLE delivery_attempt (
      delivery_id uuid NOT NULL,
      number int NOT NULL,
      started_at timestamptz NOT NULL,
      -- NULL until the answer is known; for ever where the process ended between.
      answer text,
      latency_us bigint,
      is_final boolean NOT NULL DEFAULT false,
      PRIMARY KEY (delivery_id, number)
    );
    """
}
