internal import AnomalyContract
internal import Classification
internal import Postgres
internal import SeriesModel

/// The table `risk_signals`: one row for each significant anomaly that is a risk, kept in step with
/// its life.
///
/// Significant is what weighs at least a warning and speaks for itself: what another anomaly speaks
/// for has no row of its own, and a platform event is no customer's. A row stays when its anomaly
/// ends; the column `status` tells how.
enum RiskSignalTable {
  /// Brings the rows of anomalies into step, in the transaction that has written these.
  static func keep(
    _ records: [AnomalyRecord], on connection: isolated PostgresConnection
  ) throws {
    let signals = records.filter(\.mayBeSignal)
    if signals.isEmpty { return }
    try connection.execute(keepStatement, parameters(signals))
  }

  /// Makes rows of what is significant and changes those that are there, significant or not any
  /// more.
  private static let keepStatement: PostgresStatement = """
    INSERT INTO risk_signals (customer_id, id, signal_type, metric_type, anomaly_type, severity,
      status, title, possible_cause, baseline_value, actual_value, deviation_percent, score,
      detected_at, resolved_at, dismissed_at)
    SELECT customer_id, id, 'usage_anomaly', metric_type, anomaly_type, severity, status, title,
      possible_cause, baseline_value::numeric, actual_value::numeric,
      nullif(deviation_percent, 'NaN')::numeric, score,
      timestamptz 'epoch' + detected_us * interval '1 microsecond',
      timestamptz 'epoch' + nullif(resolved_us, 0) * interval '1 microsecond',
      timestamptz 'epoch' + nullif(dismissed_us, 0) * interval '1 microsecond'
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::float8[], $10::float8[], $11::float8[], $12::float8[],
        $13::int8[], $14::int8[], $15::int8[], $16::bool[])
      AS kept(customer_id, id, metric_type, anomaly_type, severity, status, title, possible_cause,
        baseline_value, actual_value, deviation_percent, score, detected_us, resolved_us,
        dismissed_us, is_significant)
    WHERE is_significant OR EXISTS (
      SELECT FROM risk_signals AS known
      WHERE known.customer_id = kept.customer_id AND known.id = kept.id)
    ON CONFLICT (customer_id, id) DO UPDATE SET
      metric_type = EXCLUDED.metric_type, anomaly_type = EXCLUDED.anomaly_type,
      severity = EXCLUDED.severity, status = EXCLUDED.status, title = EXCLUDED.title,
      possible_cause = EXCLUDED.possible_cause, baseline_value = EXCLUDED.baseline_value,
      actual_value = EXCLUDED.actual_value, deviation_percent = EXCLUDED.deviation_percent,
      score = EXCLUDED.score, resolved_at = EXCLUDED.resolved_at,
      dismissed_at = EXCLUDED.dismissed_at
    """

  private static func parameters(_ records: [AnomalyRecord]) -> [PostgresValue] {
    let anomalies = records.map(\.anomaly)
    return [
      .uuidArray(records.map(\.customer.id.postgres)), .uuidArray(records.map(\.id.postgres)),
      .textArray(records.map(\.metric.name)), .textArray(anomalies.map(\.type.name)),
      .textArray(anomalies.map(\.severity.name)), .textArray(records.map(\.signalStatus)),
      .textArray(anomalies.map(\.summary)), .textArray(records.map(\.possibleCause)),
      .doubleArray(anomalies.map(\.baselineValue)), .doubleArray(anomalies.map(\.actualValue)),
      .doubleArray(anomalies.map { $0.deviationPercent ?? .nan }),
      .doubleArray(anomalies.map(\.score)),
      .int64Array(records.map(\.detectedUnixMicroseconds)),
      .int64Array(records.map { $0.resolvedUnixMicroseconds ?? 0 }),
      .int64Array(records.map { $0.dismissal?.atUnixMicroseconds ?? 0 }),
      .boolArray(records.map(\.isSignificantRisk)),
    ]
  }
}

extension AnomalyRecord {
  /// Whether it is a customer's.
  fileprivate var mayBeSignal: Bool {
    if case .cohort = reach.scope { return false }
    return true
  }

  /// Whether it has a row from now on.
  fileprivate var isSignificantRisk: Bool {
    intent == .risk && episode.severity >= .warning && episode.standing == .own
      && episode.state != .withdrawn
  }

  /// The anomaly's state, or that another one speaks for it.
  fileprivate var signalStatus: String {
    switch episode.standing {
    case .own: episode.state.name
    case .joined, .held: episode.state == .withdrawn ? episode.state.name : "superseded"
    }
  }
}
