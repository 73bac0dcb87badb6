import Baselines
import Classification
import Detection
import SeriesModel
import Testing

/// The three accounts of the product's chat, from their values to the words: models, tests, merging
/// and wording, as the services put them together.
///
/// What lasts is told as lasting, by the days that were out of the ordinary when they came: the level
/// follows, so two weeks at a fifth are eight days until a fifth is normal.
@Suite("The chat's examples from values to words")
struct ChatExamplesTests {
  /// 2023-01-02, a Monday.
  private static let start: Int32 = 19_359

  /// So many a day, give or take three per cent.
  private func usual(_ day: Int, level: Double) -> Double {
    let noise = Double((day * 37 + 11) % 17 - 8) / 8 * 0.03
    return (level * (1 + noise)).rounded()
  }

  /// The anomaly of that side as it stands on the last day.
  private func anomaly(
    _ metric: Metric, customer: String, days: Int, _ direction: Direction, values: (Int) -> Double
  ) throws -> Anomaly {
    let customer = Customer(
      id: CustomerID(high: 0, low: 1), externalID: customer, name: customer)
    var model = SeriesBaseline(kind: metric.kind, granularity: .day)
    var known: Episode?
    for day in 0..<days {
      var batch = EvidenceBatch(
        runID: ScanRunID(high: 0, low: 1), bucket: Bucket(.day, Self.start + Int32(day)),
        revision: 1, ingestSequence: 1, modelVersion: ModelParameters.version,
        customers: [customer], metrics: [metric],
        windows: ModelParameters.parameters(for: .day).windows)
      batch.rules = StaticRule.shipped
      let outcome = model.advance(
        to: batch.bucket.index, value: values(day), customerIndex: 0, metricIndex: 0, into: &batch)
      guard outcome == .judged else { continue }
      let found = judge(batch, notify: true)
      known =
        mergeDecision(
          row: JudgedRow(found, row: 0, finding: found.findings.first), direction: direction,
          episode: known, traits: SeriesTraits(metric)
        ).episode
    }
    let episode = try #require(known)
    let intent = Intent(episode.type, metric.polarity)
    return Anomaly(
      id: AnomalyID(high: 0, low: 1), customer: customer, metric: metric, type: episode.type,
      severity: episode.severity, intent: intent, state: episode.state,
      startBucket: episode.startBucket, endBucket: episode.endBucket,
      baselineValue: episode.baselineValue, actualValue: episode.actualValue,
      score: episode.score, detectedUnixMicroseconds: 0,
      summary: Wording.summary(
        type: episode.type, metric: metric, actual: episode.actualValue,
        baseline: episode.baselineValue, durationBuckets: episode.durationBuckets),
      possibleCause: Wording.possibleCause(type: episode.type, metric: metric),
      actions: SuggestedAction.suggested(for: episode.type, intent))
  }

  private func metric(_ name: String, _ display: String, unit: String) -> Metric {
    Metric(
      id: MetricID(1), name: name, granularity: .day, kind: .count, unit: unit,
      displayName: display)
  }

  @Test func `45,000 calls a day that become 15,000 are a critical drop of 67 %`() throws {
    let found = try anomaly(
      metric("api_calls", "API calls", unit: "calls"), customer: "DataFlow Systems", days: 125,
      .down
    ) { $0 < 120 ? usual($0, level: 45_000) : usual($0, level: 15_000) }
    #expect(
      renderChat(anomalies: [found]) == """
        Anomalies Detected: 1 account

        1. DataFlow Systems - Critical
           - Anomaly: lasting 67% drop in API calls
           - Duration: 5 days
           - Baseline: 45,053/day -> Actual: 14,910/day
           - Possible Cause: Migration or competing tool
           [Investigate] [Contact Customer] [Schedule Training]

        [View All Anomalies] [Adjust Sensitivity] [Export Report]
        """)
  }

  @Test func `a module that is used to a fifth is told until that is its level`() throws {
    let found = try anomaly(
      metric("report_views", "Report views", unit: "views"), customer: "CloudFirst Inc", days: 134,
      .down
    ) { $0 < 120 ? usual($0, level: 500) : usual($0, level: 100) }
    #expect(
      renderChat(anomalies: [found]) == """
        Anomalies Detected: 1 account

        1. CloudFirst Inc - Critical
           - Anomaly: lasting 76% drop in report views
           - Duration: 8 days
           - Baseline: 412/day -> Actual: 99.6/day
           - Possible Cause: Migration or competing tool
           [Investigate] [Contact Customer] [Schedule Training]

        [View All Anomalies] [Adjust Sensitivity] [Export Report]
        """)
  }

  @Test func `100 logins a day that become 250 are good news`() throws {
    let found = try anomaly(
      metric("user_logins", "User logins", unit: "logins"), customer: "Nexus Corp", days: 130, .up
    ) { $0 < 120 ? usual($0, level: 100) : usual($0, level: 250) }
    #expect(
      renderChat(anomalies: [found]) == """
        Anomalies Detected: 1 account

        1. Nexus Corp - Positive
           - Anomaly: lasting 149% increase in user logins
           - Duration: 6 days
           - Possible Cause: Team expansion or new use case
           [Explore Expansion] [Send Congratulations]

        [View All Anomalies] [Adjust Sensitivity] [Export Report]
        """)
  }
}
