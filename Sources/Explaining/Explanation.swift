public import Baselines
public import Replay
public import SeriesModel

/// What a history says of one series in one bucket.
public struct Explanation: Sendable {
  /// Whose series it is.
  public let customer: Customer
  /// What it measures.
  public let metric: Metric
  /// The bucket in question.
  public let bucket: Bucket
  /// The value; NaN where missing.
  public let value: Double
  /// The band in which it was expected; nil before the second value.
  public let band: BandPoint?
  /// What was decided; nil where there was nothing to judge.
  public let decision: ReplayedDecision?
  /// Whether the series had a value before.
  public let hasBegun: Bool
  /// What was common to the customer's cohort; nil where nobody is compared.
  public let cohort: CohortRow?
}

/// The beginning of a bucket: a date, or a date and a time where buckets are shorter than a day.
public func momentText(_ bucket: Bucket) -> String {
  func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let date = bucket.startDate.description
  switch bucket.granularity {
  case .day, .week: return date
  case .hour, .fiveMinutes:
    let minute = Int((bucket.startUnixSecond % 86_400 + 86_400) % 86_400 / 60)
    return "\(date)T\(twoDigits(minute / 60)):\(twoDigits(minute % 60)):00"
  }
}
