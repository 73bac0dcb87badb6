internal import Postgres

extension SeriesSchema {
  /// Chunks of one metric become chunks of a family of metrics; what is stored is taken along.
  ///
  /// The shift by two is the size of a family of days or weeks, as in ``MetricFamily``.
  static let families: PostgresStatement = """
    ALTER TABLE series_chunk RENAME TO single_chunk;
    ALTER INDEX series_chunk_pkey RENAME TO single_chunk_pkey;
    CREATE TABLE series_chunk (
      customer_id uuid NOT NULL,
      granularity smallint NOT NULL,
      -- Four metrics of days or weeks whose numbers follow each other, else one metric.
      family int NOT NULL,
      -- The index of the first bucket; slot i holds bucket chunk_start + i.
      chunk_start int NOT NULL,
      -- Which metrics of the family are here; the first is the lowest bit.
      lanes smallint NOT NULL,
      -- Little-endian doubles of 8 bytes, slot after slot, within it one for each lane; one NaN
      -- pattern means missing.
      slots bytea NOT NULL,
      PRIMARY KEY (customer_id, granularity, family, chunk_start)
    ) WITH (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05);
    -- Never compressed nor moved out of line, so that overlay works in place.
    ALTER TABLE series_chunk ALTER COLUMN slots SET STORAGE PLAIN;
    INSERT INTO series_chunk (customer_id, granularity, family, chunk_start, lanes, slots)
      SELECT customer_id, granularity, family, chunk_start, lanes, (
          SELECT string_agg(substring(part FROM slot * 8 + 1 FOR 8), ''::bytea ORDER BY slot, place)
          FROM unnest(parts) WITH ORDINALITY AS lane(part, place)
          CROSS JOIN generate_series(0, length(part) / 8 - 1) AS slot
        )
      FROM (
        SELECT customer_id, granularity, (metric_id - 1) >> bits AS family, chunk_start,
          bit_or(1 << ((metric_id - 1) & ((1 << bits) - 1)))::smallint AS lanes,
          array_agg(slots ORDER BY metric_id) AS parts
        FROM single_chunk
        JOIN metric USING (metric_id)
        CROSS JOIN LATERAL (SELECT CASE WHEN granularity >= 3 THEN 2 ELSE 0 END AS bits) AS size
        GROUP BY customer_id, granularity, (metric_id - 1) >> bits, chunk_start
      ) AS gathered
      ORDER BY customer_id, granularity, family, chunk_start;
    -- Where the bytes of some lanes of a slot begin, from 1, in a chunk that holds these and maybe
    -- more; without STRICT, so that it becomes a part of the statement.
    CREATE FUNCTION slot_place(held smallint, wanted smallint, slot int, bytes int) RETURNS int
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
      SELECT 1 + CASE WHEN held = wanted THEN slot * bytes
        ELSE 8 * (slot * bit_count(held::int::bit(4))::int
          + bit_count((held & ((wanted & -wanted) - 1))::int::bit(4))::int) END
    $$;
    -- Each metric of each chunk: the one at a place among so many that stand side by side.
    CREATE VIEW series_lane AS
      SELECT customer_id, granularity, chunk_start, slots,
        (family << CASE WHEN granularity >= 3 THEN 2 ELSE 0 END) + lane + 1 AS metric_id,
        bit_count((lanes & ((1 << lane) - 1))::bit(4))::int AS place,
        bit_count(lanes::int::bit(4))::int AS width
      FROM series_chunk
      CROSS JOIN generate_series(0, 3) AS lane
      WHERE (lanes >> lane) & 1 = 1;
    CREATE OR REPLACE VIEW series_v1 AS
      SELECT customer.customer_id, customer.shard, customer.external_id, customer.name,
        customer.segment, customer.region, customer.owner, customer.zone, customer.annual_value,
        customer.version, series.metric_id, metric.granularity
      FROM customer
      CROSS JOIN LATERAL (
        SELECT DISTINCT metric_id FROM series_lane
        WHERE series_lane.customer_id = customer.customer_id
      ) AS series
      JOIN metric USING (metric_id);
    CREATE OR REPLACE VIEW series_chunk_v1 AS
      SELECT customer_id, metric_id, chunk_start, (
          SELECT string_agg(
            substring(slots FROM (slot * width + place) * 8 + 1 FOR 8), ''::bytea ORDER BY slot)
          FROM generate_series(0, length(slots) / 8 / width - 1) AS slot
        ) AS slots
      FROM series_lane;
    CREATE VIEW series_chunk_v2 AS
      SELECT customer_id, granularity, family, chunk_start, lanes, slots FROM series_chunk;
    CREATE OR REPLACE VIEW point_v1 AS
      SELECT customer.external_id AS customer, metric.key AS metric, chunk_start + slot AS bucket,
        to_timestamp((chunk_start + slot)::bigint * CASE metric.granularity
          WHEN 1 THEN 300 WHEN 2 THEN 3600 WHEN 3 THEN 86400 ELSE 604800 END
          - CASE metric.granularity WHEN 4 THEN 259200 ELSE 0 END) AT TIME ZONE 'UTC' AS starts_at,
        slot_value(slots, slot * width + place) AS value
      FROM series_lane
      JOIN customer USING (customer_id)
      JOIN metric USING (metric_id)
      CROSS JOIN LATERAL generate_series(0, length(slots) / 8 / width - 1) AS slot
      WHERE slot_value(slots, slot * width + place) IS NOT NULL;
    GRANT SELECT ON series_chunk_v2 TO tidemark_baseline;
    DROP TABLE single_chunk;
    """
}
