public import Baselines

/// Textbook tests that are reported beside the one that decides, for people who know them.
public enum PlainTests {
  /// Standard deviations.
  public static let zScoreThreshold = 3.0

  /// Interquartile ranges beyond the nearer quartile, as Tukey's outer whisker has it.
  public static let interquartileThreshold = 1.5

  /// Share of the value one season before.
  public static let ratioThreshold = 0.5

  /// The change against the value one season before as a share of it; nil where there is none.
  public static func ratio(_ observed: Double, against previous: Double) -> Double? {
    guard previous.isFinite, previous != 0 else { return nil }
    return (observed - previous) / previous.magnitude
  }
}

extension RecentStatistics {
  /// Distance from the mean in standard deviations; nil where the values do not spread.
  public func zScore(of value: Double) -> Double? {
    guard standardDeviation.isFinite, standardDeviation > 0 else { return nil }
    return (value - mean) / standardDeviation
  }

  /// Distance beyond the nearer quartile in interquartile ranges, 0 between the quartiles; nil
  /// where the quartiles fall together.
  public func interquartileDistance(of value: Double) -> Double? {
    let range = upperQuartile - lowerQuartile
    guard range.isFinite, range > 0 else { return nil }
    if value > upperQuartile { return (value - upperQuartile) / range }
    if value < lowerQuartile { return (value - lowerQuartile) / range }
    return 0
  }
}
