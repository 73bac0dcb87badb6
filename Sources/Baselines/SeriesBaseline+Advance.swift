import SeriesModel

extension SeriesBaseline {
  /// What became of one bucket.
  public enum Outcome: Sendable, Hashable {
    /// A row of evidence was added.
    case judged
    /// The bucket has no value; nothing to judge.
    case missing
    /// The series has had no value so far.
    case notStarted
    /// It is the first value, so there is nothing to compare it with.
    case firstValue
  }

  /// Advances the model by one bucket without making evidence.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one; any bucket before the first value.
  ///   - value: The value, or NaN where it is missing.
  public mutating func advance(to bucket: Int32, value: Double) {
    guard let step = enter(bucket, value) else { return }
    learn(step)
  }

  /// Advances the model by one bucket and adds its row of evidence, if there is one.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one; any bucket before the first value.
  ///   - value: The value, or NaN where it is missing.
  ///   - customerIndex: Place of the customer in the batch.
  ///   - metricIndex: Place of the metric in the batch.
  ///   - flags: What the caller knows of the bucket beyond the model.
  ///   - batch: Of the same bucket and with the windows of the model.
  /// - Returns: What became of it.
  public mutating func advance(
    to bucket: Int32, value: Double, customerIndex: UInt32, metricIndex: UInt32,
    flags: EvidenceFlags = [], into batch: inout EvidenceBatch
  ) -> Outcome {
    guard let step = enter(bucket, value) else { return .notStarted }
    guard !value.isNaN else {
      learn(step)
      return .missing
    }
    guard step.level.isFinite else {
      learn(step)
      return .firstValue
    }
    let before = age
    let deviation = step.spread * max(calibration[calibrationIndex(step.slot)], 0.9)
    let statistics = recent.statistics
    let wasHurdle = hurdle && step.isZero && !step.isUsed
    let previousSeason = previousSeasonValue
    var flags = flags
    if isLearning { flags.insert(.learning) }
    if wasHurdle { flags.insert(.hurdle) }
    if isContaminated(step) { flags.insert(.contaminated) }
    learn(step)
    if reanchoredBucket == bucket { flags.insert(.reanchored) }
    batch.customerIndex.append(customerIndex)
    batch.metricIndex.append(metricIndex)
    batch.flags.append(flags)
    batch.age.append(UInt32(before))
    append(step, deviation, statistics, previousSeason, to: &batch)
    return .judged
  }

  /// Measures the bucket and its windows, and moves the rings.
  private mutating func enter(_ bucket: Int32, _ value: Double) -> BaselineStep? {
    precondition(!value.isInfinite, "ingest lets only finite values through")
    if let lastBucket {
      precondition(bucket == lastBucket + 1, "a bucket was left out")
    } else {
      guard !value.isNaN else { return nil }
      firstBucket = bucket
      anchorBucket = bucket
    }
    let step = measure(bucket, value)
    ringObserved.push(value)
    ringExpected.push(step.mean)
    ringLevel.push(step.level)
    ringClipped.push(step.isUsed ? step.clipped : .nan)
    measureWindows(step)
    return step
  }

  /// The value one season before the bucket that the rings have just taken in.
  private var previousSeasonValue: Double {
    let back = granularity == .day ? 7 : granularity == .week ? 1 : ringObserved.count
    return back < ringObserved.count ? ringObserved[back: back] : .nan
  }

  private func append(
    _ step: BaselineStep, _ deviation: Double, _ statistics: RecentStatistics,
    _ previousSeason: Double, to batch: inout EvidenceBatch
  ) {
    batch.observed.append(step.value)
    batch.expected.append(step.mean)
    batch.deviation.append(deviation)
    batch.z.append(step.deviate)
    for result in windowResults {
      batch.windowSum.append(result.sum)
      batch.windowExpected.append(result.expected)
      batch.windowDeviation.append(result.deviation)
      batch.windowValid.append(UInt32(result.valid))
    }
    batch.mean.append(statistics.mean)
    batch.standardDeviation.append(statistics.standardDeviation)
    batch.median.append(statistics.median)
    batch.medianAbsoluteDeviation.append(statistics.medianAbsoluteDeviation)
    batch.lowerQuartile.append(statistics.lowerQuartile)
    batch.upperQuartile.append(statistics.upperQuartile)
    batch.previousSeason.append(previousSeason)
    batch.zeroRun.append(UInt32(zeroRun))
    batch.inputHash.append(step.hash.value)
    ringObserved.forEachOldestFirst { batch.ringObserved.append($0) }
    ringExpected.forEachOldestFirst { batch.ringExpected.append($0) }
  }
}
