public import Alerting
public import AnomalyContract
public import RPC
internal import SeriesContract
internal import SeriesModel

extension AnomalyReference {
  /// Reads a field that must hold the identity of an anomaly.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(bytes: [UInt8], field: String) throws(RPCError) {
    let id = try WireUUID(bytes: bytes, field: field)
    self.init(high: id.high, low: id.low)
  }

  /// The sixteen bytes of the wire.
  public var wireBytes: [UInt8] { WireUUID(high: high, low: low).bytes }
}

extension Notice {
  /// Reads a change of an anomaly.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: AnomalyChange, field: String = "change") throws(RPCError) {
    guard let anomaly = wire.anomaly else { throw missing("\(field).anomaly") }
    let place = "\(field).anomaly"
    guard let wireCustomer = anomaly.customer else { throw missing("\(place).customer") }
    guard let wireMetric = anomaly.metric else { throw missing("\(place).metric") }
    let metric = try SeriesModel.Metric(wireMetric, field: "\(place).metric")
    try WireLimits.finite(anomaly.baselineValue, "\(place).baseline_value")
    try WireLimits.finite(anomaly.actualValue, "\(place).actual_value")
    try WireLimits.text(anomaly.summary, bytes: 8_192, "\(place).summary")
    try WireLimits.text(anomaly.possibleCause, bytes: 8_192, "\(place).possible_cause")
    guard anomaly.durationBuckets >= 0, anomaly.actions.count <= 20 else {
      throw RPCError(
        .invalidArgument, field: place, reason: "out_of_range",
        "\(place) has a negative duration or more than 20 actions")
    }
    for action in anomaly.actions { try WireLimits.text(action, bytes: 100, "\(place).actions") }
    self.init(
      anomaly: try AnomalyReference(bytes: anomaly.id, field: "\(place).id"),
      revision: anomaly.revision, kind: try readKind(wire.kind, "\(field).kind"),
      customer: try SeriesModel.Customer(wireCustomer, field: "\(place).customer"),
      metric: metric.key, metricName: displayName(metric), metricKind: metric.kind,
      unit: metric.unit,
      type: try word(typeWords, anomaly.type.rawValue, "\(place).type"),
      scope: try readScope(anomaly.scope, "\(place).scope"),
      severity: try readSeverity(anomaly.severity, "\(place).severity"),
      intent: try readIntent(anomaly.intent, "\(place).intent"),
      state: try word(stateWords, anomaly.state.rawValue, "\(place).state"),
      start: SeriesModel.Bucket(metric.granularity, anomaly.startBucket),
      durationBuckets: anomaly.durationBuckets, baseline: anomaly.baselineValue,
      actual: anomaly.actualValue, summary: anomaly.summary,
      possibleCause: anomaly.possibleCause, actions: anomaly.actions,
      detectedUnixMicroseconds: anomaly.detectedUnixUs,
      changedUnixMicroseconds: wire.changedUnixUs,
      trend: try readTrend(anomaly, place))
  }
}

/// The recent values, where an anomaly has some.
private func readTrend(
  _ wire: AnomalyContract.Anomaly, _ field: String
) throws(RPCError) -> [TrendPoint] {
  let count = wire.trendObserved.count
  guard count <= Notice.trendLimit, wire.trendExpected.count == count else {
    throw RPCError(
      .invalidArgument, field: "\(field).trend_observed", reason: "out_of_range",
      "\(field).trend_observed and trend_expected are equally long, \(Notice.trendLimit) at most")
  }
  for value in wire.trendObserved { try WireLimits.finite(value, "\(field).trend_observed") }
  for value in wire.trendExpected { try WireLimits.finite(value, "\(field).trend_expected") }
  return (0..<count).map { index in
    let bit = UInt64(1) << UInt64(index)
    return TrendPoint(
      observed: wire.trendObservedMask & bit != 0 ? wire.trendObserved[index] : nil,
      expected: wire.trendExpectedMask & bit != 0 ? wire.trendExpected[index] : nil)
  }
}

private let typeWords = [
  "drop", "spike", "level_down", "level_up", "gradual_decline", "seasonal_change", "abandonment",
  "plateau", "adoption", "growth_stall", "mix_shift", "platform_outage",
]
private let stateWords = [
  "open", "acknowledged", "recovering", "resolved", "dismissed", "withdrawn",
]

/// The name of a metric for people, with its dimensions: "Departures (JFK)".
private func displayName(_ metric: SeriesModel.Metric) -> String {
  let base = metric.displayName.isEmpty ? metric.name : metric.displayName
  if metric.dimensions.isEmpty { return base }
  return "\(base) (\(metric.dimensions.map(\.value).joined(separator: ", ")))"
}

private func missing(_ field: String) -> RPCError {
  RPCError(.invalidArgument, field: field, reason: "missing", "\(field) is missing")
}

/// The word of an enum whose numbers begin at 1.
private func word(_ words: [String], _ raw: Int32, _ field: String) throws(RPCError) -> String {
  guard words.indices.contains(Int(raw) - 1) else { throw WireLimits.unknownEnum(raw, field) }
  return words[Int(raw) - 1]
}

private func readKind(_ wire: AnomalyChangeKind, _ field: String) throws(RPCError) -> NoticeKind {
  guard let kind = NoticeKind(rawValue: Int(wire.rawValue)) else {
    throw WireLimits.unknownEnum(wire.rawValue, field)
  }
  return kind
}

private func readSeverity(_ wire: Severity, _ field: String) throws(RPCError) -> NoticeSeverity {
  guard let severity = NoticeSeverity(rawValue: Int(wire.rawValue)) else {
    throw WireLimits.unknownEnum(wire.rawValue, field)
  }
  return severity
}

private func readScope(_ wire: AnomalyScope, _ field: String) throws(RPCError) -> NoticeScope {
  switch wire {
  // Releases before the field spoke of series only.
  case .unspecified, .series: .series
  case .customer: .customer
  case .cohort: .cohort
  default: throw WireLimits.unknownEnum(wire.rawValue, field)
  }
}

private func readIntent(_ wire: Intent, _ field: String) throws(RPCError) -> NoticeIntent {
  switch wire {
  case .risk: .risk
  case .opportunity: .opportunity
  case .dataQuality: .dataQuality
  case .neutral: .neutral
  default: throw WireLimits.unknownEnum(wire.rawValue, field)
  }
}
