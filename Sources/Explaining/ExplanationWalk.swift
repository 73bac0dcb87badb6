public import Baselines
import Detection
import Replay
public import SeriesModel

/// All series of one customer walked bucket by bucket to the one that is to be explained.
public struct ExplanationWalk: Sendable {
  private let customer: Customer
  private let metrics: [Metric]
  private let watched: Int
  private let metric: Metric
  private var replay: HistoryReplay
  private var walk: SeriesWalk
  private var last: (bucket: Int32, value: Double, band: BandPoint?, cohorts: [CohortRow])?
  private var hasBegun = false
  private var hasValue = false

  /// Begins before the first bucket.
  ///
  /// - Parameters:
  ///   - customer: Whose series they are.
  ///   - metrics: What they may speak of, all of one granularity.
  ///   - series: For each series the place of its metric.
  ///   - watched: The place of the series in question among them.
  ///   - calendar: Holidays and known events.
  ///   - zone: The customer's clock.
  ///   - sensitivity: How cautious judgement is.
  ///   - staticRules: The thresholds that people have set, the shipped ones among them.
  public init(
    customer: Customer, metrics: [Metric], series: [Int], watched: Int,
    calendar: BusinessCalendar, zone: Zone = .utc, sensitivity: [SensitivityRule] = [],
    staticRules: [StaticRule] = StaticRule.shipped
  ) {
    self.customer = customer
    self.metrics = metrics
    self.watched = watched
    metric = metrics[series[watched]]
    replay = HistoryReplay(
      granularity: metric.granularity, customers: [customer], metrics: metrics,
      members: series.map { HistoryReplay.Member(customer: 0, metric: $0) }, calendar: calendar,
      zone: zone, sensitivity: sensitivity, staticRules: staticRules)
    walk = SeriesWalk(customer: customer, metric: metric, calendar: calendar, zone: zone)
  }

  /// Judges the buckets that follow by other settings, as after a change of them.
  public mutating func use(_ settings: JudgementSettings) {
    let present = settings.present(in: [customer], metrics)
    replay.use(present.sensitivity, present.staticRules)
  }

  /// Takes the next bucket.
  ///
  /// - Parameters:
  ///   - index: The bucket after the last one.
  ///   - isLast: Whether it is the one to be explained.
  ///   - values: The value of the series at a place; NaN where it is missing.
  ///   - cohorts: What the bucket did to each cohort.
  public mutating func advance(
    to index: Int32, isLast: Bool, values: (Int) -> Double, cohorts: [CohortRow]
  ) {
    hasBegun = hasBegun || hasValue
    // Only the last decision is asked for with all that it rests on.
    replay.watched = isLast ? watched : nil
    _ = replay.advance(to: index, values: values, cohorts: cohorts)
    let value = values(watched)
    let band = walk.advance(to: index, value: value, cohorts: cohorts)
    last = (index, value, band, cohorts)
    hasValue = !value.isNaN
  }

  /// What there is to say of the last bucket; nil where none was walked over.
  public var explanation: Explanation? {
    last.map { last in
      Explanation(
        customer: customer, metric: metric, bucket: Bucket(metric.granularity, last.bucket),
        value: last.value, band: last.band, decision: replay.decision, hasBegun: hasBegun,
        cohort: CohortRow.deciding(last.cohorts, for: customer))
    }
  }
}
