import Baselines
import Detection
import Replay
import SeriesModel

/// What a history says of one series in one bucket.
struct Explanation: Sendable {
  let customer: Customer
  let metric: Metric
  let bucket: Bucket
  /// The value; NaN where missing.
  let value: Double
  /// The band in which it was expected; nil before the second value.
  let band: BandPoint?
  /// What was decided; nil where there was nothing to judge.
  let decision: ReplayedDecision?
  /// Whether the series had a value before.
  let hasBegun: Bool
  /// What was common to the customer's cohort; nil where nobody is compared.
  let cohort: CohortRow?
}

/// Walks a history to one bucket of one series.
struct ExplainRun: Sendable {
  private let history: History
  private let calendar: BusinessCalendar
  private let hasCohorts: Bool
  private let staticRules: [StaticRule]
  private let sensitivity: [SensitivityRule]

  init(
    _ history: History, calendar: BusinessCalendar, hasCohorts: Bool, scale: Double,
    staticRules: [StaticRule]
  ) {
    self.history = history
    self.hasCohorts = hasCohorts
    self.staticRules = staticRules
    self.calendar = calendar
    sensitivity =
      scale == 1 ? [] : [SensitivityRule(scope: .organisation, scale: scale)]
  }

  /// The place of a series, or a fault that says what there is instead.
  func place(customer: String, metric: String) throws(CommandError) -> Int {
    let own = history.series.indices.filter {
      history.customers[history.series[$0].customer].externalID == customer
    }
    guard !own.isEmpty else {
      throw CommandError("the file holds no customer \"\(customer)\"")
    }
    guard let place = own.first(where: { history.metrics[history.series[$0].metric].key == metric })
    else {
      let names = own.prefix(20).map { history.metrics[history.series[$0].metric].key }
      throw CommandError(
        "\(customer) has no metric \"\(metric)\"; it has \(names.joined(separator: ", "))")
    }
    return place
  }

  /// Explains one bucket.
  ///
  /// All customers are walked for what they have in common, then the one in question again for its
  /// own decisions: they depend on nothing else.
  func explanation(of place: Int, in bucket: Int32, threads: Int) async -> Explanation {
    let run = BacktestRun(
      history, calendar: calendar, hasCohorts: hasCohorts, sensitivity: sensitivity,
      staticRules: staticRules)
    var cohorts = BacktestRun.Cohorts(from: history.buckets.lowerBound)
    if hasCohorts {
      cohorts = await run.walk(through: bucket, threads: threads) { _ in }.cohorts
    }
    let series = history.series[place]
    let own = history.series.indices.filter { history.series[$0].customer == series.customer }
    let customer = history.customers[series.customer]
    let metric = history.metrics[series.metric]
    var replay = HistoryReplay(
      granularity: history.granularity, customers: [customer], metrics: history.metrics,
      members: own.map { HistoryReplay.Member(customer: 0, metric: history.series[$0].metric) },
      calendar: calendar, sensitivity: sensitivity, staticRules: staticRules)
    replay.watched = own.firstIndex(of: place)
    var walk = SeriesWalk(customer: customer, metric: metric, calendar: calendar)
    var band: BandPoint?
    for index in history.buckets where index <= bucket {
      let rows = cohorts[index]
      _ = replay.advance(
        to: index, values: { history.value(own[$0], index) }, cohorts: rows)
      band = walk.advance(to: index, value: history.value(place, index), cohorts: rows)
    }
    let rows = cohorts[bucket]
    return Explanation(
      customer: customer, metric: metric, bucket: Bucket(history.granularity, bucket),
      value: history.value(place, bucket), band: band, decision: replay.decision,
      hasBegun: bucket > series.first,
      cohort: CohortRow.deciding(rows, for: customer))
  }
}
