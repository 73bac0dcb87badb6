internal import Postgres

extension ClassifierSchema {
  /// One row for each significant anomaly that is a risk, for the product's other parts.
  static let riskSignals: PostgresStatement = """
    CREATE TABLE risk_signals (
      customer_id uuid NOT NULL,
      -- The anomaly's.
      id uuid NOT NULL,
      signal_type varchar(50) NOT NULL,
      metric_type varchar(50) NOT NULL,
      anomaly_type varchar(50) NOT NULL,
      severity varchar(20) NOT NULL,
      -- open, acknowledged, recovering, resolved, dismissed, withdrawn; superseded where another
      -- anomaly speaks for it.
      status varchar(20) NOT NULL,
      title text NOT NULL,
      possible_cause text NOT NULL,
      baseline_value numeric NOT NULL,
      actual_value numeric NOT NULL,
      deviation_percent numeric,
      score double precision NOT NULL,
      detected_at timestamptz NOT NULL,
      resolved_at timestamptz,
      dismissed_at timestamptz,
      PRIMARY KEY (customer_id, id)
    ) WITH (fillfactor = 70);
    CREATE INDEX risk_signals_status ON risk_signals (status);
    GRANT SELECT ON risk_signals TO tidemark_reader;

    -- What lasts from before gets its figures and its title with its next bucket.
    INSERT INTO risk_signals (customer_id, id, signal_type, metric_type, anomaly_type, severity,
      status, title, possible_cause, baseline_value, actual_value, deviation_percent, score,
      detected_at, resolved_at, dismissed_at)
    SELECT shown.customer_id, shown.id, 'usage_anomaly', shown.metric_type, shown.anomaly_type,
      shown.severity,
      CASE anomaly.state WHEN 1 THEN 'open' WHEN 2 THEN 'acknowledged' WHEN 3 THEN 'recovering'
        WHEN 4 THEN 'resolved' ELSE 'dismissed' END,
      replace(shown.anomaly_type, '_', ' ') || ' in ' || shown.metric_type,
      anomaly.possible_cause, shown.baseline_value, shown.actual_value, shown.deviation_percent,
      anomaly.score, shown.detected_at,
      timestamptz 'epoch' + anomaly.resolved_unix_us * interval '1 microsecond',
      shown.dismissed_at
    FROM usage_anomalies AS shown JOIN anomaly USING (customer_id, id)
    WHERE anomaly.intent = 1 AND anomaly.severity >= 2;
    """
}
