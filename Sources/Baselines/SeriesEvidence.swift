public import SeriesModel

/// The sum over one window, beside what was to be expected of it.
public struct WindowEvidence: Sendable, Hashable {
  /// In buckets, this one among them.
  public var length: Int
  /// The sum of the values.
  public var sum: Double
  /// What the level before the window leads one to expect.
  public var expected: Double
  /// One standard deviation of the sum.
  public var deviation: Double
  /// Buckets with a value; 0 where the window may not be judged.
  public var valid: Int

  /// Gathers the numbers of a window.
  public init(length: Int, sum: Double, expected: Double, deviation: Double, valid: Int) {
    self.length = length
    self.sum = sum
    self.expected = expected
    self.deviation = deviation
    self.valid = valid
  }
}

/// Plain statistics of the last values before a bucket.
public struct RecentStatistics: Sendable, Hashable {
  /// Arithmetic mean; NaN without values.
  public var mean: Double
  /// Standard deviation with n − 1; NaN below two values.
  public var standardDeviation: Double
  /// The middle value.
  public var median: Double
  /// Median of the distances from the median.
  public var medianAbsoluteDeviation: Double
  /// First quartile, linearly interpolated between ranks.
  public var lowerQuartile: Double
  /// Third quartile, linearly interpolated between ranks.
  public var upperQuartile: Double

  /// Gathers the statistics.
  public init(
    mean: Double = .nan, standardDeviation: Double = .nan, median: Double = .nan,
    medianAbsoluteDeviation: Double = .nan, lowerQuartile: Double = .nan,
    upperQuartile: Double = .nan
  ) {
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.median = median
    self.medianAbsoluteDeviation = medianAbsoluteDeviation
    self.lowerQuartile = lowerQuartile
    self.upperQuartile = upperQuartile
  }
}

/// One row of an ``EvidenceBatch`` with its dictionaries resolved.
public struct SeriesEvidence: Sendable, Hashable {
  /// Whose series it is.
  public var customer: Customer
  /// What it measures.
  public var metric: Metric
  /// The bucket that was judged.
  public var bucket: Bucket
  /// What is special about it.
  public var flags: EvidenceFlags
  /// Buckets learned from.
  public var age: Int
  /// The value; NaN where missing.
  public var observed: Double
  /// What was normal; NaN before anything was learned.
  public var expected: Double
  /// One standard deviation of the observation around what is normal.
  public var deviation: Double
  /// Distance of the bucket alone, in deviations; 0 where there is none.
  public var z: Double
  /// The windows, shortest first.
  public var windows: [WindowEvidence]
  /// Of the last 56 values before this one.
  public var recent: RecentStatistics
  /// The value one season before; NaN where missing.
  public var previousSeason: Double
  /// Buckets in a row at zero, this one among them.
  public var zeroRun: Int
  /// Of the points and the state that the row was made from.
  public var inputHash: UInt64
  /// The last 21 values, oldest first; NaN where missing.
  public var ringObserved: [Double]
  /// What was normal for them.
  public var ringExpected: [Double]
}

extension EvidenceBatch {
  /// One detailed row with its names, for people and tests; a scan reads the columns.
  public subscript(row: Int) -> SeriesEvidence {
    guard let place = detail(of: row) else { preconditionFailure("row \(row) shows no more") }
    let windowRange = place * windows.count..<(place + 1) * windows.count
    let ringRange = place * Self.ringLength..<(place + 1) * Self.ringLength
    return SeriesEvidence(
      customer: customers[Int(customerIndex[row])], metric: metrics[Int(metricIndex[row])],
      bucket: bucket, flags: flags[row], age: Int(age[row]), observed: observed[row],
      expected: expected[row], deviation: deviation[row], z: z[row],
      windows: zip(windows, windowRange).map { length, place in
        WindowEvidence(
          length: length, sum: windowSum[place], expected: windowExpected[place],
          deviation: windowDeviation[place], valid: Int(windowValid[place]))
      }, recent: statistics(at: place), previousSeason: previousSeason[place],
      zeroRun: Int(zeroRun[place]), inputHash: inputHash[row],
      ringObserved: Array(ringObserved[ringRange]), ringExpected: Array(ringExpected[ringRange]))
  }

  /// The plain statistics of a detailed row, by its place among these.
  public func statistics(at place: Int) -> RecentStatistics {
    RecentStatistics(
      mean: mean[place], standardDeviation: standardDeviation[place], median: median[place],
      medianAbsoluteDeviation: medianAbsoluteDeviation[place],
      lowerQuartile: lowerQuartile[place], upperQuartile: upperQuartile[place])
  }
}
