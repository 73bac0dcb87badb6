public import SeriesModel

/// An anomaly of a series that a person has said is no problem, as far as later ones are measured
/// by it.
public struct DismissedAnomaly: Sendable, Hashable {
  /// What kind it was.
  public var type: AnomalyType
  /// Its last bucket.
  public var endBucket: Int32
  /// How far the values went (``Episode/magnitude(_:)``).
  public var magnitude: Double

  /// Gathers what is remembered.
  public init(type: AnomalyType, endBucket: Int32, magnitude: Double) {
    self.type = type
    self.endBucket = endBucket
    self.magnitude = magnitude
  }
}

/// How dismissals raise the bar for what is like them.
///
/// Only for the same series, the same side and no larger a magnitude, and only for half a year: a
/// verdict on one thing is none on another, and what is worse than anything dismissed is news.
public struct DismissalRule: Sendable, Hashable {
  /// What the score must reach after one dismissal; each further one adds half of what is above 1.
  public var scoreFactor: Double

  /// The highest that the score must reach, after however many.
  public var scoreFactorMax: Double

  /// Up to how many times the magnitude of a dismissed one another is like it.
  public var similarMagnitude: Double

  /// For how many days a dismissal counts.
  public var days: Int64

  /// Sets the rule.
  public init(
    scoreFactor: Double = 1.5, scoreFactorMax: Double = 3, similarMagnitude: Double = 1.5,
    days: Int64 = 180
  ) {
    self.scoreFactor = scoreFactor
    self.scoreFactorMax = scoreFactorMax
    self.similarMagnitude = similarMagnitude
    self.days = days
  }

  /// How many buckets a dismissal counts for.
  public func buckets(_ granularity: Granularity) -> Int32 {
    switch granularity {
    case .fiveMinutes: Int32(clamping: days * 288)
    case .hour: Int32(clamping: days * 24)
    case .day: Int32(clamping: days)
    case .week: Int32(clamping: days / 7)
    }
  }

  /// What the score of a new anomaly must reach to be raised; 1 where nothing like it was dismissed.
  ///
  /// - Parameters:
  ///   - type: What was found.
  ///   - magnitude: How far the values went.
  ///   - bucket: When.
  ///   - granularity: The length of the buckets.
  ///   - dismissed: What was dismissed of the same series.
  /// - Returns: A factor of the threshold, 1 or more.
  public func requiredScore(
    for type: AnomalyType, magnitude: Double, in bucket: Int32, _ granularity: Granularity,
    dismissed: [DismissedAnomaly]
  ) -> Double {
    let alike = dismissed.filter { past in
      past.type.direction == type.direction
        && (type.direction != .neither || past.type == type)
        && Int64(bucket) - Int64(past.endBucket) <= Int64(buckets(granularity))
        && magnitude <= past.magnitude * similarMagnitude
    }
    guard !alike.isEmpty else { return 1 }
    let further = Double(alike.count - 1) * (scoreFactor - 1) / 2
    return min(scoreFactorMax, scoreFactor + further)
  }
}
