/// What one series says of its cohort in a bucket, from what was known before the bucket.
public struct CohortView: Sendable, Hashable {
  /// Log of what was seen over what was expected; NaN where the series says nothing.
  public var logRatio: Double

  /// Log drift of the level over each lag; NaN where the series says nothing.
  ///
  /// Empty in buckets in which drifts are not taken.
  public var drifts: [Double]

  /// What was seen over the level, a slot of the season; empty where the series says nothing.
  public var profile: [Float]

  /// What a series with few events says, whose log ratios say nothing.
  public struct Share: Sendable, Hashable {
    /// How many events came.
    public var seen: Double
    /// How many were to be expected.
    public var expected: Double
  }

  /// What came beside what was expected; nil where the series does not say it.
  public var share: Share?

  /// Gathers a view.
  public init(
    logRatio: Double = .nan, drifts: [Double] = [], profile: [Float] = [], share: Share? = nil
  ) {
    self.share = share
    self.logRatio = logRatio
    self.drifts = drifts
    self.profile = profile
  }
}
