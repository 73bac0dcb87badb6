internal import SeriesModel

extension Wording {
  /// The distance in points: "22 point"; nil for a metric that has no points.
  ///
  /// A score counts in points of its scale: from 82 to 60 is a drop of 22 points, whatever share of
  /// 82 that is.
  static func pointWords(_ metric: Metric, actual: Double, baseline: Double) -> String? {
    let isScore =
      metric.unit.isEmpty ? metric.name.hasSuffix("_score") : pointUnits.contains(metric.unit)
    guard metric.kind == .gauge, isScore else { return nil }
    let distance = ((actual - baseline).magnitude * 100).rounded() / 100
    guard distance > 0, distance.isFinite else { return nil }
    return "\(numberWords(distance)) point"
  }

  /// Units that count on a scale without a natural zero.
  private static let pointUnits: Set<String> = ["point", "points", "pts"]
}
