public import SeriesModel

/// When something beside an anomaly may be behind it.
public struct CauseRules: Sendable, Hashable {
  /// Counts that share a change, below which nothing is concentrated.
  public var partsMin: Int

  /// The share of the change that one count must carry for it to be concentrated there.
  public var concentrationMin: Double

  /// Buckets after a known event in which it may still be behind something.
  public var occasionBuckets: Int32

  /// The strength from which on a cause stands before what experience says.
  public var tellingStrength: Double

  /// Sets the rules.
  public init(
    partsMin: Int = 3, concentrationMin: Double = 0.5, occasionBuckets: Int32 = 3,
    tellingStrength: Double = 0.5
  ) {
    self.partsMin = partsMin
    self.concentrationMin = concentrationMin
    self.occasionBuckets = occasionBuckets
    self.tellingStrength = tellingStrength
  }

  /// By how many buckets another figure may have moved first: an hour of 5 minutes, a day of hours,
  /// two weeks of days, four weeks.
  public func leadBuckets(_ granularity: Granularity) -> Int32 {
    switch granularity {
    case .fiveMinutes: 12
    case .hour: 24
    case .day: 14
    case .week: 4
    }
  }
}
