public import SeriesModel

/// When several series of one customer have been through one thing together.
public struct IncidentRules: Sendable, Hashable {
  /// Base metrics from which on an incident is the customer's as a whole.
  public var wideMetricsMin: Int

  /// Buckets after a platform event in which what is found of its members still counts as its.
  public var holdBuckets: Int32

  /// Sets the rules.
  public init(wideMetricsMin: Int = 3, holdBuckets: Int32 = 3) {
    self.wideMetricsMin = wideMetricsMin
    self.holdBuckets = holdBuckets
  }

  /// Within how many buckets of an incident's last alarm another one to the same side is part of
  /// it: an hour of 5 minutes, six hours, six days, two weeks.
  public func windowBuckets(_ granularity: Granularity) -> Int32 {
    switch granularity {
    case .fiveMinutes: 12
    case .hour: 6
    case .day: 6
    case .week: 2
    }
  }

  /// Words in the name of a count that is made of others.
  private static let sumWords: Set<String> = ["all", "overall", "sum", "total", "totals"]

  /// Whether a metric follows from others: a level, money, a share, or a count of everything.
  ///
  /// Such a metric moves because something else did, and says nothing of its own beside it.
  public static func isDerived(_ metric: Metric) -> Bool {
    guard metric.kind == .count else { return true }
    return metric.name.lowercased().split { !$0.isLetter }.contains {
      sumWords.contains(String($0))
    }
  }
}
