import Classification
import Detection
import SeriesModel

extension Metric {
  static func fixture(
    number: Int32 = 1, name: String = "api_calls", dimensions: [Dimension] = [],
    granularity: Granularity = .day,
    kind: MetricKind = .count, polarity: Polarity = .upIsGood, unit: String = "calls",
    displayName: String = "API calls"
  ) -> Metric {
    Metric(
      id: MetricID(number), name: name, dimensions: dimensions, granularity: granularity,
      kind: kind,
      polarity: polarity, unit: unit, displayName: displayName)
  }
}

extension Anomaly {
  static func fixture(
    customer: String = "DataFlow Systems", number: UInt64 = 1, metric: Metric = .fixture(),
    type: AnomalyType = .drop, severity: Severity = .critical, state: AnomalyState = .open,
    baseline: Double = 45_000, actual: Double = 15_000, days: Int32 = 5, cause: String? = nil
  ) -> Anomaly {
    let intent = Intent(type, metric.polarity)
    return Anomaly(
      id: AnomalyID(high: 7, low: number),
      customer: Customer(
        id: CustomerID(high: 1, low: number), externalID: "c\(number)", name: customer),
      metric: metric, type: type, severity: severity, intent: intent, state: state,
      startBucket: 15_744, endBucket: 15_744 + days - 1, baselineValue: baseline,
      actualValue: actual, detectedUnixMicroseconds: 1,
      summary: Wording.summary(
        type: type, metric: metric, actual: actual, baseline: baseline,
        durationBuckets: Int64(days)),
      possibleCause: cause ?? Wording.possibleCause(type: type, metric: metric),
      actions: SuggestedAction.suggested(for: type, intent))
  }
}

extension MergeRules {
  /// Three days inside the band end an anomaly, so that a life fits on a page.
  static let quick = MergeRules(calmDays: 3)
}

extension JudgedRow {
  /// A quiet day of a series that expects 100.
  static func quiet(_ bucket: Int32) -> JudgedRow {
    JudgedRow(bucket: bucket, observed: 98, expected: 100, z: -0.2)
  }

  /// A day that is out of the ordinary, with a finding.
  static func out(
    _ bucket: Int32, observed: Double = 30, kind: FindingKind? = nil, from start: Int32? = nil,
    revision: UInt32 = 1
  ) -> JudgedRow {
    let isUp = observed > 100
    let z = (observed - 100) / 10
    return JudgedRow(
      bucket: bucket, revision: revision, observed: observed, expected: 100, z: z,
      finding: Finding(
        row: 0, kind: kind ?? (isUp ? .spike : .drop), startBucket: start ?? bucket,
        endBucket: bucket, observed: observed, expected: 100, score: 1.6, logRatio: 0))
  }
}

/// Follows one side of a series through rows, as the service does.
struct Follower {
  var direction: Direction = .down
  var traits = SeriesTraits(.fixture())
  var episode: Episode?
  var decisions: [MergeDecision] = []

  var actions: [MergeAction] { decisions.map(\.action) }

  mutating func follow(_ rows: [JudgedRow]) {
    for row in rows {
      let decision = mergeDecision(
        row: row, direction: direction, episode: episode, traits: traits, rules: .quick)
      episode = decision.episode
      decisions.append(decision)
    }
  }
}
