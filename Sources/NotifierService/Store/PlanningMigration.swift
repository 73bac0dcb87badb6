internal import Postgres

// The tables of groups, silences, escalations and digests, and what they add to the log.
extension DeliveryMigrations {
  static let planning: PostgresStatement = """
    -- The newest change of each anomaly.
    CREATE TABLE anomaly (
      anomaly_id uuid PRIMARY KEY,
      revision bigint NOT NULL,
      kind smallint NOT NULL,
      -- The contract's AnomalyChange, as it came.
      change bytea NOT NULL,
      is_over boolean NOT NULL,
      snoozed_until timestamptz,
      received_at timestamptz NOT NULL
    );
    INSERT INTO anomaly (anomaly_id, revision, kind, change, is_over, received_at)
    SELECT DISTINCT ON (anomaly_id) anomaly_id, revision, kind, change, kind IN (3, 4, 5),
      received_at
    FROM submission ORDER BY anomaly_id, revision DESC, received_at DESC;

    -- Raised, and no route leads anywhere.
    CREATE TABLE unrouted (
      anomaly_id uuid PRIMARY KEY,
      cause text NOT NULL,
      at timestamptz NOT NULL
    );

    -- What one receiver is told of together: a route and the values of its group_by.
    CREATE TABLE alarm_group (
      -- SHA-256 of receiver, person and group key.
      identity bytea PRIMARY KEY,
      receiver text NOT NULL,
      person text NOT NULL,
      -- The route as it was when an anomaly last joined, as JSON.
      match text NOT NULL,
      labels text NOT NULL,
      last_flush_at timestamptz,
      -- When to look at it; NULL is when something changes.
      flush_at timestamptz
    );
    CREATE INDEX alarm_group_due ON alarm_group (receiver, flush_at) WHERE flush_at IS NOT NULL;

    CREATE TABLE group_member (
      identity bytea NOT NULL,
      anomaly_id uuid NOT NULL,
      joined_at timestamptz NOT NULL,
      left_at timestamptz,
      told_state smallint,
      told_type text,
      told_severity smallint,
      told_revision bigint,
      is_moved_away boolean NOT NULL DEFAULT false,
      prompt text,
      -- The step of an escalation whose clock its delivery starts.
      escalation text,
      disposition smallint NOT NULL DEFAULT 0,
      cause text NOT NULL DEFAULT '',
      disposed_at timestamptz NOT NULL,
      PRIMARY KEY (identity, anomaly_id)
    );
    CREATE INDEX group_member_anomaly ON group_member (anomaly_id);

    -- What one receiver knows as one thing: an incident, a ticket, a thread of mail.
    CREATE TABLE notification_thread (
      thread_key text PRIMARY KEY,
      receiver text NOT NULL,
      -- 0 nothing told, 1 open, 2 closed.
      status smallint NOT NULL DEFAULT 0,
      -- What the other side calls it.
      reference text,
      -- When a trigger was last decided upon.
      last_sent_at timestamptz,
      ordinal bigint NOT NULL DEFAULT 0
    );
    INSERT INTO notification_thread (thread_key, receiver, status, reference, ordinal)
    SELECT DISTINCT ON (d.deduplication_key) d.deduplication_key, d.receiver, t.told_status,
      t.key_id, 1
    FROM thread AS t JOIN delivery AS d USING (anomaly_id, receiver)
    WHERE d.deduplication_key <> '' ORDER BY d.deduplication_key;
    DROP TABLE thread;

    ALTER TABLE delivery DROP CONSTRAINT delivery_anomaly_id_revision_kind_receiver_key;
    ALTER TABLE delivery
      ADD COLUMN action text NOT NULL DEFAULT '',
      ADD COLUMN notification_reason text NOT NULL DEFAULT '',
      ADD COLUMN person text NOT NULL DEFAULT '',
      ADD COLUMN disposition smallint NOT NULL DEFAULT 0,
      ADD COLUMN identity bytea,
      ADD COLUMN group_key text NOT NULL DEFAULT '{}',
      ADD COLUMN group_labels text NOT NULL DEFAULT '{}',
      -- The receiver that its routes named; another than `receiver` where that stands for people.
      ADD COLUMN told_receiver text NOT NULL DEFAULT '',
      -- Whether it takes a place in the receiver's budget.
      ADD COLUMN interrupts boolean NOT NULL DEFAULT false,
      -- Further receivers to try when this one never takes it.
      ADD COLUMN fallbacks text[] NOT NULL DEFAULT '{}',
      ADD COLUMN omitted int NOT NULL DEFAULT 0,
      ADD COLUMN mark text NOT NULL DEFAULT '',
      ADD COLUMN subject text;
    UPDATE delivery SET action = CASE WHEN is_trigger THEN 'trigger' ELSE 'resolve' END,
      told_receiver = receiver;
    ALTER TABLE delivery DROP COLUMN is_trigger;
    DROP INDEX delivery_thread;
    CREATE INDEX delivery_thread ON delivery (deduplication_key, sequence);
    CREATE INDEX delivery_budget ON delivery (told_receiver, queued_at) WHERE interrupts;
    CREATE INDEX delivery_waiting ON delivery (receiver) WHERE status = 1;

    CREATE TABLE delivery_item (
      delivery_id uuid NOT NULL,
      place int NOT NULL,
      anomaly_id uuid NOT NULL,
      revision bigint NOT NULL,
      kind smallint NOT NULL,
      PRIMARY KEY (delivery_id, place)
    );
    CREATE INDEX delivery_item_anomaly ON delivery_item (anomaly_id);
    INSERT INTO delivery_item SELECT id, 0, anomaly_id, revision, kind FROM delivery;

    ALTER TABLE delivery_attempt ADD COLUMN failure text, ADD COLUMN payload text;

    CREATE TABLE silence (
      id uuid PRIMARY KEY,
      -- Sets of matchers, joined by OR, as JSON.
      matchers text NOT NULL,
      created_by text NOT NULL,
      comment text NOT NULL,
      starts_at timestamptz NOT NULL,
      ends_at timestamptz NOT NULL,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      last_matched_at timestamptz,
      reminder_sent boolean NOT NULL DEFAULT false
    );
    CREATE INDEX silence_end ON silence (ends_at);

    CREATE TABLE escalation (
      anomaly_id uuid NOT NULL,
      route_key text NOT NULL,
      policy text NOT NULL,
      match text NOT NULL,
      phase smallint NOT NULL,
      step int NOT NULL,
      round int NOT NULL,
      last_round int NOT NULL,
      started_at timestamptz,
      step_started_at timestamptz,
      delivered_at timestamptz,
      acknowledged_at timestamptz,
      ended_at timestamptz,
      ended smallint,
      delivery_was_late boolean NOT NULL,
      acknowledgement_was_late boolean NOT NULL,
      PRIMARY KEY (anomaly_id, route_key)
    );

    CREATE TABLE digest_item (
      sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      digest text NOT NULL,
      anomaly_id uuid NOT NULL,
      revision bigint NOT NULL,
      kind smallint NOT NULL,
      cause text NOT NULL,
      added_at timestamptz NOT NULL,
      delivery_id uuid
    );
    CREATE INDEX digest_item_waiting ON digest_item (digest, sequence) WHERE delivery_id IS NULL;

    CREATE TABLE receiver_health (
      receiver text PRIMARY KEY,
      last_success_at timestamptz,
      last_failure_at timestamptz,
      last_failure text NOT NULL DEFAULT '',
      failures_in_a_row int NOT NULL DEFAULT 0,
      disabled_at timestamptz
    );
    """
}
