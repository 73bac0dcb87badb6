public import SeriesModel

/// An anomaly of a series that a person has said is no problem, as far as later ones are measured
/// by it.
public struct DismissedAnomaly: Sendable, Hashable {
  /// What kind it was.
  public var type: AnomalyType
  /// Its last bucket.
  public var endBucket: Int32
  /// How many buckets it lasted.
  public var durationBuckets: Int64
  /// How far the values went (``Episode/magnitude(_:)``).
  public var magnitude: Double
  /// The highest that statistic over threshold was.
  public var score: Double

  /// Gathers what is remembered.
  public init(
    type: AnomalyType, endBucket: Int32, durationBuckets: Int64 = 1, magnitude: Double,
    score: Double = 1
  ) {
    self.type = type
    self.endBucket = endBucket
    self.durationBuckets = durationBuckets
    self.magnitude = magnitude
    self.score = score
  }

  /// Remembers an anomaly as it is known now.
  public init(_ episode: Episode, kind: MetricKind) {
    self.init(
      type: episode.type, endBucket: episode.endBucket, durationBuckets: episode.durationBuckets,
      magnitude: episode.magnitude(kind), score: episode.score)
  }
}

/// How dismissals raise the bar for what is like them.
///
/// Only for the same series and side, and for what goes hardly further and lasts hardly longer: a
/// verdict on one thing is none on another, and what is worse than anything dismissed is news. They
/// count for two years, since what is harmless may come back but once a year.
public struct DismissalRule: Sendable, Hashable {
  /// How many times as clear as the clearest dismissed one another must be after one dismissal; each
  /// further one adds half of what is above 1.
  public var scoreFactor: Double

  /// The highest factor, after however many.
  public var scoreFactorMax: Double

  /// Up to how many times the magnitude of a dismissed one another is like it.
  public var similarMagnitude: Double

  /// Up to how many times the length of a dismissed one another is like it.
  public var similarDuration: Int64

  /// How many days longer than a dismissed one another that is like it is at most.
  public var longerDaysMax: Int64

  /// For how many days a dismissal counts.
  public var days: Int64

  /// Sets the rule.
  public init(
    scoreFactor: Double = 2, scoreFactorMax: Double = 4, similarMagnitude: Double = 2,
    similarDuration: Int64 = 3, longerDaysMax: Int64 = 7, days: Int64 = 730
  ) {
    self.scoreFactor = scoreFactor
    self.scoreFactorMax = scoreFactorMax
    self.similarMagnitude = similarMagnitude
    self.similarDuration = similarDuration
    self.longerDaysMax = longerDaysMax
    self.days = days
  }

  /// How many buckets a dismissal counts for.
  public func buckets(_ granularity: Granularity) -> Int32 { Self.buckets(days, granularity) }

  private static func buckets(_ days: Int64, _ granularity: Granularity) -> Int32 {
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
  ///   - found: What was found, as it would be remembered.
  ///   - bucket: When.
  ///   - granularity: The length of the buckets.
  ///   - dismissed: What was dismissed of the same series.
  /// - Returns: A factor of the threshold, 1 or more.
  public func requiredScore(
    for found: DismissedAnomaly, in bucket: Int32, _ granularity: Granularity,
    dismissed: [DismissedAnomaly]
  ) -> Double {
    let alike = dismissed.filter { isLike($0, found, in: bucket, granularity) }
    guard let clearest = alike.map(\.score).max() else { return 1 }
    let further = Double(alike.count - 1) * (scoreFactor - 1) / 2
    return max(1, clearest) * min(scoreFactorMax, scoreFactor + further)
  }

  /// Whether what was found is like something that was dismissed.
  private func isLike(
    _ past: DismissedAnomaly, _ found: DismissedAnomaly, in bucket: Int32,
    _ granularity: Granularity
  ) -> Bool {
    let longer = min(
      past.durationBuckets * (similarDuration - 1),
      Int64(Self.buckets(longerDaysMax, granularity)))
    return past.type.direction == found.type.direction
      && (found.type.direction != .neither || past.type == found.type)
      && Int64(bucket) - Int64(past.endBucket) <= Int64(buckets(granularity))
      && found.magnitude <= past.magnitude * similarMagnitude
      && found.durationBuckets <= past.durationBuckets + longer
  }
}
