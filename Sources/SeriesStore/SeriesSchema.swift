public import Postgres

/// The tables of points, customers and metrics in ingest's schema, and the views that others read.
///
/// Ready for Citus: the customer is in every key of the tables that grow with customers, small
/// catalogues can be reference tables, nothing depends on triggers, and `DO UPDATE` calls no
/// clock. Views with a version in their name are the contract with baseline: a new version is
/// added beside the old one.
public enum SeriesSchema {
  /// The steps, numbered from 1; ``queueVersion`` is left to ingest.
  public static let migrations: [Migration] = [
    Migration(version: 1, name: "catalogues", sql: catalogues),
    Migration(version: 2, name: "points", sql: points),
    Migration(version: 3, name: "views", sql: views),
    Migration(version: 5, name: "families of metrics", sql: families),
  ]

  /// The version of the queue's tables, which ingest adds to ``migrations``.
  public static let queueVersion = 4

  private static let catalogues: PostgresStatement = """
    CREATE TABLE customer (
      customer_id uuid PRIMARY KEY,
      external_id text NOT NULL,
      name text NOT NULL,
      segment text NOT NULL,
      region text NOT NULL,
      owner text NOT NULL,
      zone text NOT NULL,
      annual_value float8 NOT NULL,
      version bigint NOT NULL,
      shard int NOT NULL
    );
    CREATE INDEX customer_shard ON customer (shard, customer_id);
    CREATE INDEX customer_external ON customer (external_id);
    CREATE TABLE metric (
      metric_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key text NOT NULL CONSTRAINT metric_key UNIQUE,
      name text NOT NULL,
      dimension_names text[] NOT NULL,
      dimension_values text[] NOT NULL,
      granularity smallint NOT NULL,
      kind smallint NOT NULL,
      polarity smallint NOT NULL,
      decimal_places smallint NOT NULL,
      on_arrival bool NOT NULL,
      unit text NOT NULL,
      display_name text NOT NULL
    );
    """

  private static let points: PostgresStatement = """
    CREATE TABLE series_chunk (
      customer_id uuid NOT NULL,
      metric_id int NOT NULL,
      -- The index of the first bucket; slot i holds bucket chunk_start + i.
      chunk_start int NOT NULL,
      -- Little-endian doubles of 8 bytes; one NaN pattern means missing.
      slots bytea NOT NULL,
      PRIMARY KEY (customer_id, metric_id, chunk_start)
    ) WITH (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05);
    -- Never compressed nor moved out of line, so that overlay works in place.
    ALTER TABLE series_chunk ALTER COLUMN slots SET STORAGE PLAIN;
    -- Points that came after their bucket was closed.
    CREATE TABLE correction (
      customer_id uuid NOT NULL,
      metric_id int NOT NULL,
      bucket int NOT NULL,
      sequence bigint NOT NULL,
      old_value float8,
      new_value float8,
      PRIMARY KEY (customer_id, metric_id, bucket, sequence)
    );
    CREATE INDEX correction_sequence ON correction (sequence);
    -- Batches of increments that were counted.
    CREATE TABLE ledger (
      source text NOT NULL,
      sequence numeric(20) NOT NULL,
      accepted bigint NOT NULL,
      counted_at timestamptz NOT NULL,
      PRIMARY KEY (source, sequence)
    );
    CREATE TABLE watermark (
      source text NOT NULL,
      granularity smallint NOT NULL,
      through_bucket int NOT NULL,
      advanced_at timestamptz NOT NULL,
      PRIMARY KEY (source, granularity)
    );
    CREATE TABLE closed_bucket (
      granularity smallint PRIMARY KEY,
      through_bucket int NOT NULL,
      sequence bigint NOT NULL
    );
    -- One row: the number of the last correction or closing.
    CREATE TABLE ingest_sequence (
      only_row bool PRIMARY KEY DEFAULT true CHECK (only_row),
      value bigint NOT NULL
    );
    INSERT INTO ingest_sequence (value) VALUES (0);
    """

  private static let views: PostgresStatement = """
    CREATE FUNCTION slot_value(slots bytea, slot int) RETURNS float8
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
      -- The number that the eight bytes write, by the rules of IEEE 754.
      SELECT CASE WHEN substring(slots FROM slot * 8 + 1 FOR 8) = '\\x4b4d45444954f87f' THEN NULL
        -- In two steps, because a power beyond the normal range counts as an error.
        WHEN exponent = 0 THEN sign * fraction * 2 ^ (-537::float8) * 2 ^ (-537::float8)
        ELSE sign * (fraction + 4503599627370496) * 2 ^ ((exponent - 1075) / 2)::float8
          * 2 ^ (exponent - 1075 - (exponent - 1075) / 2)::float8 END
      FROM (
        SELECT CASE WHEN get_byte(slots, slot * 8 + 7) >= 128 THEN -1 ELSE 1 END::float8 AS sign,
          (get_byte(slots, slot * 8 + 7) & 127) * 16 + get_byte(slots, slot * 8 + 6) / 16
            AS exponent,
          (((get_byte(slots, slot * 8 + 6) & 15)::bigint << 48)
            | (get_byte(slots, slot * 8 + 5)::bigint << 40)
            | (get_byte(slots, slot * 8 + 4)::bigint << 32)
            | (get_byte(slots, slot * 8 + 3)::bigint << 24)
            | (get_byte(slots, slot * 8 + 2)::bigint << 16)
            | (get_byte(slots, slot * 8 + 1)::bigint << 8)
            | get_byte(slots, slot * 8)::bigint)::float8 AS fraction
      ) AS parts
    $$;
    CREATE VIEW metric_v1 AS
      SELECT metric_id, key, name, dimension_names, dimension_values, granularity, kind, polarity,
        decimal_places, on_arrival, unit, display_name
      FROM metric;
    CREATE VIEW series_v1 AS
      SELECT customer.customer_id, customer.shard, customer.external_id, customer.name,
        customer.segment, customer.region, customer.owner, customer.zone, customer.annual_value,
        customer.version, series.metric_id, metric.granularity
      FROM customer
      CROSS JOIN LATERAL (
        SELECT DISTINCT metric_id FROM series_chunk
        WHERE series_chunk.customer_id = customer.customer_id
      ) AS series
      JOIN metric USING (metric_id);
    CREATE VIEW customer_v1 AS
      SELECT customer_id, shard, external_id, name, segment, region, owner, zone, annual_value,
        version
      FROM customer;
    CREATE VIEW series_chunk_v1 AS
      SELECT customer_id, metric_id, chunk_start, slots FROM series_chunk;
    CREATE VIEW closed_bucket_v1 AS
      SELECT granularity, through_bucket, sequence FROM closed_bucket;
    CREATE VIEW correction_v1 AS
      SELECT customer_id, metric_id, bucket, sequence, old_value, new_value FROM correction;
    -- Points as rows, for people and for other software.
    CREATE VIEW point_v1 AS
      SELECT customer.external_id AS customer, metric.key AS metric,
        series_chunk.chunk_start + slot AS bucket,
        to_timestamp((series_chunk.chunk_start + slot)::bigint * CASE metric.granularity
          WHEN 1 THEN 300 WHEN 2 THEN 3600 WHEN 3 THEN 86400 ELSE 604800 END
          - CASE metric.granularity WHEN 4 THEN 259200 ELSE 0 END) AT TIME ZONE 'UTC' AS starts_at,
        slot_value(series_chunk.slots, slot) AS value
      FROM series_chunk
      JOIN customer USING (customer_id)
      JOIN metric USING (metric_id)
      CROSS JOIN LATERAL generate_series(0, length(series_chunk.slots) / 8 - 1) AS slot
      WHERE slot_value(series_chunk.slots, slot) IS NOT NULL;
    GRANT SELECT ON metric_v1, series_v1, customer_v1, series_chunk_v1, closed_bucket_v1,
      correction_v1 TO tidemark_baseline;
    """
}
