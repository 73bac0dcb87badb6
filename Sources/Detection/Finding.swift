/// What kind of departure from normal was found.
public enum FindingKind: UInt8, Sendable, Hashable, CaseIterable {
  /// Less than normal, seen in a short window.
  case drop = 1
  /// More than normal, seen in a short window.
  case spike = 2
  /// Less than normal for as long as the long window.
  case levelDown = 3
  /// More than normal for as long as the long window.
  case levelUp = 4
  /// Less and less over weeks, too slowly for any window.
  case gradualDecline = 5
  /// The usual total, spread over the season in another way.
  case seasonalChange = 6
  /// Nothing at all for longer than chance explains.
  case abandonment = 7
  /// The same value again and again, or a ceiling that is reached again and again.
  case plateau = 8
  /// Used for the first time, or again after long disuse.
  case adoption = 9
  /// A growth of long standing that has come to an end.
  case growthStall = 10
  /// The usual total of a customer, spread over its metrics in another way.
  case mixShift = 11

  /// The word used in settings, files and answers.
  public var name: String {
    switch self {
    case .drop: "drop"
    case .spike: "spike"
    case .levelDown: "level_down"
    case .levelUp: "level_up"
    case .gradualDecline: "gradual_decline"
    case .seasonalChange: "seasonal_change"
    case .abandonment: "abandonment"
    case .plateau: "plateau"
    case .adoption: "adoption"
    case .growthStall: "growth_stall"
    case .mixShift: "mix_shift"
    }
  }

  /// Whether it speaks of the sum of a window beside what was expected of it.
  public var isOfWindow: Bool {
    switch self {
    case .drop, .spike, .levelDown, .levelUp: true
    case .gradualDecline, .seasonalChange, .abandonment, .plateau, .adoption, .growthStall,
      .mixShift:
      false
    }
  }

  /// Whether it points up.
  public var isUp: Bool {
    switch self {
    case .spike, .levelUp, .adoption: true
    case .drop, .levelDown, .gradualDecline, .seasonalChange, .abandonment, .plateau,
      .growthStall, .mixShift:
      false
    }
  }
}

/// One test with its numbers, fired or not.
public struct TestResult: Sendable, Hashable {
  /// Which test it was.
  public enum Test: String, Sendable, Hashable, CaseIterable {
    /// Distance of a window's sum from what the level before it leads one to expect; it decides.
    case score
    /// Distance from the mean of the last values in their standard deviations.
    case zScore = "z_score"
    /// Distance beyond the nearer quartile in interquartile ranges.
    case interquartile = "iqr"
    /// Change against the value one season before, as a share of it.
    case ratio
    /// Distance of the level now from that of weeks ago, in the spread that such distances have;
    /// the window is the lag.
    case decline
    /// Distance of the season's shape from its former one, in the spread that it has.
    case seasonal
    /// How unlikely the run of zeros is, as the negative logarithm of its chance.
    case silence
    /// What was seen after long disuse.
    case adoption
    /// How unlikely the run of equal values is, as the negative logarithm of its chance.
    case plateau
    /// A threshold that people set.
    case rule
  }

  /// Which test it was.
  public var test: Test
  /// In buckets.
  public var window: Int
  /// What was measured; the sign is the direction.
  public var statistic: Double
  /// What its magnitude had to pass.
  public var threshold: Double
  /// Whether it did.
  public var fired: Bool

  /// Gathers a result.
  public init(test: Test, window: Int, statistic: Double, threshold: Double, fired: Bool) {
    self.test = test
    self.window = window
    self.statistic = statistic
    self.threshold = threshold
    self.fired = fired
  }
}

/// One series in which a test fired.
public struct Finding: Sendable, Hashable {
  /// The row of the batch that it speaks of.
  public var row: Int
  /// What was found.
  public var kind: FindingKind
  /// First bucket of the interval that is out of the ordinary.
  public var startBucket: Int32
  /// Last bucket of it: the one that was judged.
  public var endBucket: Int32
  /// Mean a bucket over the interval.
  public var observed: Double
  /// What was normal, a bucket.
  public var expected: Double
  /// Statistic over threshold, 1 or more.
  public var score: Double
  /// Log of observed over expected; the sign is the direction.
  public var logRatio: Double
  /// Every test with its numbers, fired or not.
  public var tests: [TestResult]
  /// 21 buckets up to the end, oldest first; NaN where missing.
  public var ringObserved: [Double]
  /// What was normal for them; NaN before anything was learned.
  public var ringExpected: [Double]
  /// The static rule that fired, or empty where only models speak.
  public var rule = ""
  /// What it weighs at least by that rule: 1 info, 2 warning, 3 critical; 0 leaves it to its size.
  public var severityFloor: UInt8 = 0

  /// Tests that one finding may hold.
  public static let testsMax = 64

  /// Gathers a finding.
  public init(
    row: Int, kind: FindingKind, startBucket: Int32, endBucket: Int32, observed: Double,
    expected: Double, score: Double, logRatio: Double, tests: [TestResult] = [],
    ringObserved: [Double] = [], ringExpected: [Double] = []
  ) {
    self.row = row
    self.kind = kind
    self.startBucket = startBucket
    self.endBucket = endBucket
    self.observed = observed
    self.expected = expected
    self.score = score
    self.logRatio = logRatio
    self.tests = tests
    self.ringObserved = ringObserved
    self.ringExpected = ringExpected
  }
}
