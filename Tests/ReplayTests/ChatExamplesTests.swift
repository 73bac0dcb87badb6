import Baselines
import Classification
import Detection
import SeriesModel
import Testing

/// The three accounts of the product's chat, from their values to the words: models, tests, merging
/// and wording, as the services put them together.
///
/// A duration counts from the first day that was out of the ordinary, as a person counts, also when
/// the level has followed meanwhile. Levels are chosen so that with their noise the values come to
/// the chat's round numbers.
///
/// One thing differs from the chat: its second account is a warning, here it is critical. The first
/// account's fall by two thirds over five days is critical, so one by four fifths over two weeks must
/// be: severity never falls with size or duration.
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
    ) { $0 < 120 ? usual($0, level: 44_947) : usual($0, level: 15_090) }
    #expect(
      renderChat(anomalies: [found]) == """
        Anomalies Detected: 1 account

        1. DataFlow Systems - Critical
           - Anomaly: 67% drop in API calls
           - Duration: 5 days
           - Baseline: 45,000/day -> Actual: 15,000/day
           - Possible Cause: Integration issue or migration
           [Investigate] [Contact Customer]

        [View All Anomalies] [Adjust Sensitivity] [Export Report]
        """)
  }

  @Test func `a module that is used to a fifth for two weeks is abandoned`() throws {
    let found = try anomaly(
      metric("feature_reports", "Reports module", unit: "views"), customer: "CloudFirst Inc",
      days: 134,
      .down
    ) { $0 < 120 ? usual($0, level: 500) : usual($0, level: 100) }
    #expect(
      renderChat(anomalies: [found]) == """
        Anomalies Detected: 1 account

        1. CloudFirst Inc - Critical
           - Anomaly: Feature abandonment detected
           - Reports module: -80% usage
           - Started: 2 weeks ago
           - Possible Cause: Training gap or competing tool
           [Schedule Training] [Investigate]

        [View All Anomalies] [Adjust Sensitivity] [Export Report]
        """)
  }

  @Test func `100 logins a day that become 250 are good news`() throws {
    let found = try anomaly(
      metric("user_logins", "User logins", unit: "logins"), customer: "Nexus Corp", days: 130, .up
    ) { $0 < 120 ? usual($0, level: 100) : usual($0, level: 251) }
    #expect(
      renderChat(anomalies: [found]) == """
        Anomalies Detected: 1 account

        1. Nexus Corp - Positive
           - Anomaly: 150% increase in user logins
           - Duration: 10 days
           - Possible Cause: Team expansion or new use case
           [Explore Expansion] [Send Congratulations]

        [View All Anomalies] [Adjust Sensitivity] [Export Report]
        """)
  }
}
