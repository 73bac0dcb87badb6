public import Baselines
public import SeriesModel

/// One bucket of a series beside the band in which it was to be expected.
public struct BandPoint: Sendable, Hashable {
  /// The bucket.
  public var bucket: Int32
  /// The value; NaN where missing.
  public var value: Double
  /// Lower end of the band that holds 95 of 100 normal values.
  public var lower: Double
  /// What was expected.
  public var expected: Double
  /// Upper end of the band.
  public var upper: Double
  /// Whether it is a holiday or part of a known event.
  public var isSpecial: Bool
  /// Whether the cohort as a whole was down.
  public var isOutage: Bool
}

/// One series walked from its first value on, to show what was normal in each of its buckets.
///
/// The model is the one that judges; what it knew before a bucket makes the bucket's band.
public struct SeriesWalk: Sendable {
  private let customer: Customer
  private let metric: Metric
  private let calendar: BusinessCalendar
  private let zone: Zone
  private var model: SeriesBaseline

  /// Begins with a model that has seen nothing.
  public init(
    customer: Customer, metric: Metric, calendar: BusinessCalendar, zone: Zone = .utc
  ) {
    self.zone = zone
    self.customer = customer
    self.metric = metric
    self.calendar = calendar
    model = SeriesBaseline(kind: metric.kind, granularity: metric.granularity)
  }

  /// Takes the next bucket.
  ///
  /// - Parameters:
  ///   - index: The bucket after the last one.
  ///   - value: The value, or NaN where it is missing.
  ///   - cohorts: What the bucket did to each cohort.
  /// - Returns: The band with the value in it; nil before the second value.
  public mutating func advance(
    to index: Int32, value: Double, cohorts: [CohortRow]
  ) -> BandPoint? {
    let bucket = Bucket(metric.granularity, index)
    let entry = calendar.day(of: bucket, customer: customer, metric: metric, zone: zone)
    let all = cohorts.first { $0.cohort.isEmpty } ?? CohortRow(cohort: "")
    let row = cohorts.first { $0.cohort == customer.cohort } ?? all
    var flags = EvidenceFlags(entry)
    if row.outageSince != nil || all.outageSince != nil { flags.insert(.outage) }
    let summary = model.summary
    model.advance(to: index, value: value, flags: flags, cohort: row)
    guard let summary else { return nil }
    let isAmount = metric.kind == .count || metric.kind == .money
    let factor = isAmount && metric.granularity != .fiveMinutes ? exponential(row.shift) : 1
    return BandPoint(
      bucket: index, value: value, lower: summary.lower * factor,
      expected: summary.expected * factor, upper: summary.upper * factor,
      isSpecial: flags.contains(.holiday), isOutage: flags.contains(.outage))
  }
}
