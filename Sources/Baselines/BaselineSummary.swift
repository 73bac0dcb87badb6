public import SeriesModel

/// What is normal for a series, for people.
public struct BaselineSummary: Sendable, Hashable {
  /// The length of the buckets.
  public var granularity: Granularity
  /// The last bucket learned from.
  public var lastBucket: Int32
  /// The level, a bucket.
  public var level: Double
  /// One factor a slot of the season, with a mean of 1.
  public var profile: [Double]
  /// Lower end of the band of the next bucket.
  public var lower: Double
  /// What is expected of the next bucket.
  public var expected: Double
  /// Upper end of the band of the next bucket.
  public var upper: Double
  /// The share of buckets that the band is to hold.
  public var coverage: Double
  /// Values learned from.
  public var sampleSize: Int
  /// Values before full judgement begins.
  public var needed: Int
  /// Statistics of the last values.
  public var recent: RecentStatistics
  /// How many values these are taken over.
  public var window: Int
  /// How the band was made, in words.
  public var method: String
}

extension SeriesBaseline {
  /// What is normal at present, or nil before the first value.
  public var summary: BaselineSummary? {
    guard let lastBucket, level.isFinite else { return nil }
    return seasonal?.summary(after: lastBucket, slot: slot(lastBucket + 1))
      ?? stream?.model.summary(after: lastBucket)
  }
}

extension SeasonalModel {
  /// The half-width in deviations that holds 95 of 100 values of a normal distribution.
  private static let bandDeviates = 1.959_963_984_540_054

  /// What is normal for the bucket after the last one.
  func summary(after lastBucket: Int32, slot: Int) -> BaselineSummary {
    let mean = level * Double(profile.factors[slot])
    let dispersion = noise.dispersion(parameters.learning)
    let reach = Self.bandDeviates * noise.scale(calibration(slot))
    let spread = noise.spread(mean: mean, dispersion: dispersion)
    let bounds: (Double, Double)
    let method: String
    switch kind {
    case .count:
      bounds = (
        count(atDeviate: -reach, mean: mean, dispersion: dispersion),
        count(atDeviate: reach, mean: mean, dispersion: dispersion)
      )
      method = "exponential level and season, negative binomial band"
    case .money:
      let unit = max(mean.magnitude, 1e-9) / 1e4
      bounds = (
        unit * count(atDeviate: -reach, mean: mean / unit, dispersion: dispersion),
        unit * count(atDeviate: reach, mean: mean / unit, dispersion: dispersion)
      )
      method = "exponential level and season, proportional band"
    case .gauge, .ratio:
      bounds = (mean - reach * spread, mean + reach * spread)
      method = "exponential level, robust normal band"
    }
    return BaselineSummary(
      granularity: granularity, lastBucket: lastBucket, level: level,
      profile: profile.factors.map(Double.init), lower: bounds.0, expected: mean,
      upper: bounds.1, coverage: 0.95, sampleSize: age, needed: parameters.warmUp,
      recent: recent.statistics, window: recent.count, method: method)
  }
}
