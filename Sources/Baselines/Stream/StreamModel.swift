/// What is usual in a stream of 5-minute values, and how far out of it the newest value is.
///
/// Usage by the day has a level, a profile and a noise; a temperature, a load or a rate by the
/// minute need have none of them. So nothing is assumed of the values: 11 plain measurements of the
/// newest ones are taken at each value, and each is held against its own record. What goes further
/// than it ever did is news, the more so the more measurements agree.
///
/// Measurements: the mean of the last 1, 3, 9 and 27 values less the median of those before them,
/// as it is and in standard deviations of those before; the logarithm of the spread of the last 48;
/// the mean step of the last 24; the mean of the last 36. With m its mean, d its distance from it
/// and R the furthest that it has been to that side, fading, a measurement adds log(d / R) where
/// that is above 0. The sum is the score, over 1 + h / 2, where h counts the latest excursions,
/// fading: a series that is wild every day must be wilder to be news.
///
/// The model counts values, not buckets: it skips what is missing. It is a fold over the values,
/// oldest first, and gives the same state, to the bit, whether it was kept, written to bytes and
/// read, or rebuilt. It is bounded: a few hundred numbers, however long the stream.
public struct StreamModel: Sendable {
  let parameters = StreamParameters.standard

  /// The last bucket that the model was advanced to; nil before the first value.
  public internal(set) var lastBucket: Int32?

  /// How many values were seen.
  public internal(set) var age = 0

  /// The newest values, oldest first: as many as ``StreamParameters/capacity``, at most as many
  /// more until they are cut away together.
  var values: [Double] = []

  // The values before each window in order of size; follows from `values`.
  var windows: [StreamWindow]

  // Of the values themselves, then of the measurements.
  var longRun = StreamRecord()
  var records: [StreamRecord]

  // The latest excursion: values for which it is still the same, its score; how many are
  // remembered.
  var quiet = 0
  var openingScore = 0.0
  var habit = 0.0

  // The last buckets, missing ones among them, for people to look at.
  var ringObserved = Ring(repeating: Double.nan, count: EvidenceBatch.ringLength)
  var ringExpected = Ring(repeating: Double.nan, count: EvidenceBatch.ringLength)

  // Written anew with each value, never encoded.
  var evidence: StreamEvidence?

  /// Twice for each window, and of spread, step and level.
  static let measurements = StreamParameters.standard.windows.count * 2 + 3

  /// A model that has seen nothing.
  public init() {
    windows = parameters.windows.map { StreamWindow($0) }
    records = Array(repeating: StreamRecord(), count: Self.measurements)
    values.reserveCapacity(2 * parameters.capacity)
  }

  /// What is usual now, or NaN before the first value.
  var level: Double {
    guard age > 0 else { return .nan }
    return windows.last(where: \.isFull)?.median ?? longRun.mean
  }

  /// Whether too few values were seen to judge any.
  public var isLearning: Bool { age < parameters.warmUp }

  /// Advances the model by one bucket.
  ///
  /// - Parameters:
  ///   - bucket: A later bucket than the last one; those between have no value.
  ///   - value: The value, or NaN where it is missing.
  /// - Returns: The value beside what was usual; nil where it is missing or the first one.
  public mutating func advance(to bucket: Int32, value: Double) -> StreamEvidence? {
    precondition(!value.isInfinite, "ingest lets only finite values through")
    if let lastBucket { precondition(bucket > lastBucket, "a bucket came twice") }
    if lastBucket == nil, value.isNaN { return nil }
    let left = lastBucket.map { Int64(bucket) - Int64($0) - 1 } ?? 0
    for _ in 0..<min(left, Int64(ringObserved.count)) { show(.nan, .nan) }
    lastBucket = bucket
    evidence = nil
    guard !value.isNaN else {
      show(.nan, .nan)
      return nil
    }
    let before = longRun
    append(value)
    let tally = measure()
    let wasAge = age
    age += 1
    let score = settle(tally.sum, isJudged: wasAge >= parameters.warmUp)
    guard wasAge > 0 else {
      show(value, .nan)
      return nil
    }
    let usual = tally.usual ?? Usual(before, or: longRun)
    show(value, usual.median)
    let found = score > 0 ? tally : StreamTally()
    evidence = StreamEvidence(
      age: wasAge, observed: value, expected: usual.median, deviation: usual.deviation,
      score: score, change: found.change, length: found.length)
    return evidence
  }

  private mutating func show(_ value: Double, _ expected: Double) {
    ringObserved.push(value)
    ringExpected.push(expected)
  }

  /// Keeps a value; what is too large to be told apart is cut, and zero has no sign.
  mutating func append(_ value: Double) {
    let limit = parameters.magnitudeMax
    if values.count == 2 * parameters.capacity { values.removeFirst(parameters.capacity) }
    values.append(value == 0 ? 0 : min(max(value, -limit), limit))
    for place in windows.indices { windows[place].follow(values) }
  }

  /// The score of a sum of excesses, by which the memory of excursions moves.
  ///
  /// The memory follows the threshold at nominal sensitivity, so that a change of sensitivity never
  /// changes what was learned.
  private mutating func settle(_ sum: Double, isJudged: Bool) -> Double {
    habit *= parameters.habitDecay
    if quiet > 0 { quiet -= 1 }
    guard isJudged else { return 0 }
    let score = sum / (1 + parameters.habit * habit)
    if quiet > 0, score <= parameters.louder * openingScore { return 0 }
    if score > parameters.threshold {
      quiet = parameters.quietValues
      openingScore = score
      habit += 1
    }
    return score
  }

  /// Median and standard deviation of values.
  struct Usual: Sendable {
    let median: Double
    let deviation: Double

    init(median: Double, deviation: Double) {
      self.median = median
      self.deviation = deviation
    }

    /// What stands for both before any window has been filled.
    init(_ before: StreamRecord, or now: StreamRecord) {
      self.init(median: before.mean, deviation: now.variance.squareRoot())
    }
  }

  /// What came before the longest window that has been filled.
  var usual: Usual {
    guard let window = windows.last(where: \.isFull) else { return Usual(longRun, or: longRun) }
    return Usual(median: window.median, deviation: scale(of: window))
  }
}
