public import SeriesModel

/// What the series of one customer have been through together, to one side.
///
/// As long as fewer than three base metrics take part, each of them speaks for itself and derived
/// metrics add nothing. From three on it is the customer as a whole, told as one anomaly: opened as
/// such when all fell at once, or made from the anomaly of the first metric, so that people who
/// know that one read on in the same thread.
public struct Incident: Sendable, Hashable {
  /// The side.
  public var direction: Direction
  /// The bucket of its first alarm.
  public var startBucket: Int32
  /// The bucket of its last alarm, also of one that people did not hear of.
  public var lastBucket: Int32
  /// The base metrics that take part, by rising number.
  public var baseMetrics: [MetricID]
  /// The derived metrics that take part, by rising number.
  public var derivedMetrics: [MetricID]
  /// The metric whose anomaly people heard of first.
  public var leader: MetricID
  /// Which way is good news for the metrics that take part; neutral where they disagree.
  public var polarity: Polarity
  /// The life of the anomaly of the customer as a whole; nil while each speaks for itself.
  public var wide: Episode?

  /// Gathers an incident, as a store gives it back.
  public init(
    direction: Direction, startBucket: Int32, lastBucket: Int32, baseMetrics: [MetricID],
    derivedMetrics: [MetricID] = [], leader: MetricID, polarity: Polarity, wide: Episode? = nil
  ) {
    self.direction = direction
    self.startBucket = startBucket
    self.lastBucket = lastBucket
    self.baseMetrics = baseMetrics
    self.derivedMetrics = derivedMetrics
    self.leader = leader
    self.polarity = polarity
    self.wide = wide
  }

  /// All metrics that take part, by rising number.
  public var metrics: [MetricID] { (baseMetrics + derivedMetrics).sorted() }

  /// Whether an alarm in that bucket is part of it.
  ///
  /// What the customer goes through as a whole takes all in for as long as it lasts.
  func takes(_ bucket: Int32, window: Int32) -> Bool {
    guard bucket >= startBucket else { return false }
    return wide?.state.isActive == true || Int64(bucket) - Int64(lastBucket) <= Int64(window)
  }

  /// Takes a metric in.
  mutating func insert(_ metric: Metric) {
    if IncidentRules.isDerived(metric) {
      Self.insert(metric.id, into: &derivedMetrics)
    } else {
      Self.insert(metric.id, into: &baseMetrics)
    }
    if polarity != metric.polarity { polarity = .neutral }
  }

  /// Leaves a metric out again, whose ground a correction has taken away.
  mutating func remove(_ metric: MetricID) {
    baseMetrics.removeAll { $0 == metric }
    derivedMetrics.removeAll { $0 == metric }
  }

  private static func insert(_ metric: MetricID, into metrics: inout [MetricID]) {
    guard let place = metrics.firstIndex(where: { $0 >= metric }) else {
      metrics.append(metric)
      return
    }
    if metrics[place] != metric { metrics.insert(metric, at: place) }
  }
}
