import Baselines
import Explaining
import SeriesModel

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

  /// Explains one bucket; nil where the history has not got it.
  ///
  /// All customers are walked for what they have in common, then the one in question again for its
  /// own decisions: they depend on nothing else.
  func explanation(of place: Int, in bucket: Int32, threads: Int) async -> Explanation? {
    let run = BacktestRun(
      history, calendar: calendar, hasCohorts: hasCohorts, sensitivity: sensitivity,
      staticRules: staticRules)
    var cohorts = BacktestRun.Cohorts(from: history.buckets.lowerBound)
    if hasCohorts {
      cohorts = await run.walk(through: bucket, threads: threads) { _ in }.cohorts
    }
    let series = history.series[place]
    let own = history.series.indices.filter { history.series[$0].customer == series.customer }
    guard let watched = own.firstIndex(of: place) else { return nil }
    var walk = ExplanationWalk(
      customer: history.customers[series.customer], metrics: history.metrics,
      series: own.map { history.series[$0].metric }, watched: watched, calendar: calendar,
      sensitivity: sensitivity, staticRules: staticRules)
    for index in history.buckets where index <= bucket {
      walk.advance(
        to: index, isLast: index == bucket, values: { history.value(own[$0], index) },
        cohorts: cohorts[index])
    }
    return walk.explanation
  }
}
