public import SeriesModel

/// What is normal for one series, and how well that is known.
///
/// The model is a fold over the buckets of the series, oldest first, present or missing: the same
/// values always give the same state, to the bit, whether it was kept in memory, written to bytes
/// between buckets, or rebuilt from history. It advances by one bucket at a time and allocates
/// nothing while it does.
///
/// Level: an exponentially weighted mean whose half-life is about 13 buckets. A value far outside
/// is not learned from, one somewhat outside is clipped. Profile: a factor a slot of the season,
/// shrunk to 1. Noise: a negative binomial's for counts, a robust variance for gauges. Windows:
/// sums over the last buckets against the level as it stood before them, with a scale learned
/// from the series' own quiet past.
public struct SeriesBaseline: Sendable {
  /// What the values are.
  public let kind: MetricKind

  /// The length of the buckets.
  public let granularity: Granularity

  /// The numbers that the model is run with.
  let parameters: ModelParameters

  /// The first bucket with a value; nil before one came.
  public internal(set) var firstBucket: Int32?

  /// The last bucket that the model was advanced to; nil before the first value.
  public internal(set) var lastBucket: Int32?

  /// How many values were seen.
  public internal(set) var age = 0

  // Level: weighted sums of values and of profile factors; their ratio is the level.
  var valueWeight = 0.0
  var factorWeight = 0.0

  // Profile: weighted sums a slot, and the factors as they were last settled.
  var slotValue: [Float]
  var slotLevel: [Float]
  var factors: [Float]

  // Noise: excess of the squared residuals over Poisson's, its weight; variance of gauges;
  // calibration of weekdays and of weekends.
  var excess = 0.0
  var excessWeight = 0.0
  var variance = Double.nan
  var calibration: [Double] = [1, 1]

  // Guards, at nominal sensitivity.
  var anchorBucket: Int32 = 0
  var guardBucket: Int32?
  var maskedRun = 0
  var sideRun = 0
  var reanchoredBucket: Int32?

  // Windows: mean square and largest of the series' own quiet past, learned late.
  var windowSquare: [Double]
  var windowRecord: [Double]
  var pastDeviates: [Ring<Int16>]

  // Zeros.
  var hurdle = false
  var zeroRun = 0
  var zeroShare = 0.0
  var expectedZeroShare = 0.0
  var zeroWeight = 0.0

  // Rings.
  var recent = RecentValues()
  var ringObserved: Ring<Double>
  var ringExpected: Ring<Double>
  var ringLevel: Ring<Double>
  var ringClipped: Ring<Double>

  // Fingerprint of everything the model was advanced over.
  var history: ContentHash

  // Written anew in each step, never encoded.
  var windowResults: [WindowResult]

  /// A model that has seen nothing.
  public init(kind: MetricKind, granularity: Granularity) {
    self.kind = kind
    self.granularity = granularity
    parameters = ModelParameters.parameters(for: granularity)
    let slots = Self.slotCount(granularity)
    slotValue = Array(repeating: 0, count: slots)
    slotLevel = Array(repeating: 0, count: slots)
    factors = Array(repeating: 1, count: slots)
    let windows = parameters.windows
    windowSquare = Array(repeating: 1.5, count: windows.count)
    windowRecord = Array(repeating: 0, count: windows.count)
    pastDeviates = Array(
      repeating: Ring(repeating: Int16.min, count: Self.delay), count: windows.count)
    ringObserved = Ring(repeating: .nan, count: EvidenceBatch.ringLength)
    ringExpected = Ring(repeating: .nan, count: EvidenceBatch.ringLength)
    ringLevel = Ring(repeating: .nan, count: Self.windowReach)
    ringClipped = Ring(repeating: .nan, count: Self.windowReach)
    history = ContentHash(seed: UInt64(granularity.rawValue) << 8 | UInt64(kind.rawValue))
    windowResults = windows.map { WindowResult(length: $0) }
  }

  /// Buckets after which a window's deviate teaches its scale: later than an event lasts, or a
  /// slow event would widen the scale that it is measured by.
  static let delay = 42

  /// The longest window that the rings allow.
  static let windowReach = 8

  /// Slots of the profile: the days of a week, or the hours of a working day and of a weekend day.
  static func slotCount(_ granularity: Granularity) -> Int {
    switch granularity {
    case .day: 7
    case .week: 1
    case .hour, .fiveMinutes: 48
    }
  }

  /// The slot of the profile that a bucket lies in.
  func slot(_ bucket: Int32) -> Int {
    let bucket = Bucket(granularity, bucket)
    switch granularity {
    case .day, .week: return bucket.seasonSlot
    case .hour, .fiveMinutes:
      let hour = bucket.seasonSlot * 24 / granularity.seasonLength
      return bucket.startDate.weekday >= 5 ? hour + 24 : hour
    }
  }

  /// Which calibration holds: weekends are noisier than the days between.
  func calibrationIndex(_ slot: Int) -> Int {
    switch granularity {
    case .day: slot >= 5 ? 1 : 0
    case .week: 0
    case .hour, .fiveMinutes: slot >= 24 ? 1 : 0
    }
  }

  /// The level, or NaN before the first value.
  public var level: Double { factorWeight > 0 ? valueWeight / factorWeight : .nan }

  /// Whether the series has been seen for too short a time to be judged fully.
  public var isLearning: Bool { age < parameters.warmUp }
}

/// What came of one window in one step.
struct WindowResult: Sendable {
  let length: Int
  var sum = 0.0
  var expected = 0.0
  var deviation = 0.0
  var valid = 0
  /// Before it was divided by the series' own scale.
  var rawDeviate = 0.0
  var deviate = 0.0
  var change = 0.0
  var isLargeEnough = false

  init(length: Int) { self.length = length }

  mutating func clear() { self = WindowResult(length: length) }
}

/// One bucket against the model as it stood before it.
struct BaselineStep: Sendable {
  let bucket: Int32
  let value: Double
  let slot: Int
  let factor: Double
  let level: Double
  let mean: Double
  let dispersion: Double
  /// One standard deviation of a single bucket.
  let spread: Double
  /// Whether the bucket has a value that the level can learn from.
  let isUsed: Bool
  let isZero: Bool
  /// Before and after the division by the calibration.
  let rawDeviate: Double
  let deviate: Double
  let clipped: Double
  let hash: ContentHash
}
