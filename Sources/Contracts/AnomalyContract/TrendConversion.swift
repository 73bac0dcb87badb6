extension AnomalyContract.Anomaly {
  /// Most buckets of a trend.
  public static let trendLimit = 60

  /// Writes the last buckets, oldest first; what is not finite is missing.
  ///
  /// - Precondition: The lists are equally long.
  public mutating func setTrend(observed: [Double], expected: [Double]) {
    precondition(observed.count == expected.count, "a trend is made of pairs")
    (trendObserved, trendObservedMask) = Self.masked(observed)
    (trendExpected, trendExpectedMask) = Self.masked(expected)
  }

  private static func masked(_ values: [Double]) -> (values: [Double], mask: UInt64) {
    let kept = values.suffix(trendLimit)
    var mask: UInt64 = 0
    for (place, value) in kept.enumerated() where value.isFinite {
      mask |= 1 << UInt64(place)
    }
    return (kept.map { $0.isFinite ? $0 : 0 }, mask)
  }
}
