internal import Postgres

/// The gateway's own tables.
enum GatewaySchema {
  static let migrations = [
    Migration(version: 1, name: "tokens, operations, audit", sql: first)
  ]

  /// Tables of one deployment: none grows with the number of customers, so none is distributed.
  private static let first: PostgresStatement = """
    CREATE TABLE service_token (
      id uuid PRIMARY KEY,
      -- SHA-256 of the token: 256 random bits need no slow hash.
      token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
      name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 200),
      scopes text[] NOT NULL,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      revoked_at timestamptz
    );

    -- One row signs the page tokens of all replicas.
    CREATE TABLE signing_key (
      singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
      secret bytea NOT NULL CHECK (octet_length(secret) = 32)
    );

    CREATE TABLE operation (
      id uuid PRIMARY KEY,
      token_id uuid NOT NULL,
      request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
      created_at timestamptz NOT NULL
    );

    CREATE TABLE operation_run (
      operation_id uuid NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
      granularity smallint NOT NULL,
      run_id bytea NOT NULL,
      PRIMARY KEY (operation_id, granularity)
    );

    CREATE TABLE audit_event (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      -- What makes a repeat the same event.
      key text NOT NULL UNIQUE,
      occurred_at timestamptz NOT NULL,
      token_id uuid NOT NULL,
      token_name text NOT NULL,
      action text NOT NULL,
      subject text NOT NULL,
      detail text NOT NULL,
      trace_id text NOT NULL,
      channel text NOT NULL CHECK (channel IN ('http', 'rpc', 'command line'))
    );

    CREATE INDEX audit_event_subject ON audit_event (subject, id);
    """
}
