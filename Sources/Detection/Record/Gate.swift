/// One condition of a decision, with the numbers that it was decided by.
public struct Gate: Sendable, Hashable {
  /// Which condition it is.
  public enum Name: String, Sendable, Hashable, CaseIterable {
    /// The bucket has a value.
    case present
    /// It is neither a holiday nor part of a known event.
    case ordinaryDay = "ordinary_day"
    /// The cohort as a whole is not down.
    case noPlatformEvent = "no_platform_event"
    /// Fewer than two zeros in a row: longer runs are judged as silence.
    case noZeroRun = "no_zero_run"
    /// The test can be made of the row at all.
    case judged
    /// The statistic is beyond its threshold.
    case beyondThreshold = "beyond_threshold"
    /// The change is large enough to matter, as the magnitude of a log ratio.
    case largeEffect = "large_effect"
    /// The change is large enough in units.
    case largeChange = "large_change"
    /// The newest bucket is out on the same side, in deviations.
    case newestOut = "newest_out"
    /// Too few zeros came before it for a habit that is not learned yet, in buckets.
    case steadyUse = "steady_use"
    /// It has lasted for long enough, in buckets.
    case longEnough = "long_enough"
    /// A window is out of the ordinary as well.
    case departed
  }

  /// Why a test could not be made.
  public enum Reason: String, Sendable, Hashable, CaseIterable {
    /// The bucket itself is not judged.
    case rowNotJudged = "row_not_judged"
    /// The series is too young.
    case tooYoung = "too_young"
    /// Zeros are common in the series.
    case zeroHabit = "zero_habit"
    /// Too few buckets have a value.
    case tooFewValues = "too_few_values"
    /// The level was set anew, or something was told, too short a time ago.
    case tooSoon = "too_soon"
    /// It is judged once a season only, or nothing speaks for it.
    case notNow = "not_now"
    /// The metric counts trouble, which is not taken up and not given up.
    case countsTrouble = "counts_trouble"
    /// The granularity has no such test.
    case noSuchTest = "no_such_test"
  }

  /// Which condition it is.
  public var name: Name
  /// Whether it holds.
  public var isPassed: Bool
  /// What was measured; NaN where it is no matter of numbers.
  public var value: Double
  /// What was needed; NaN where it is no matter of numbers.
  public var needed: Double
  /// Why a test could not be made; nil where it could.
  public var reason: Reason?

  /// Gathers a condition.
  public init(
    _ name: Name, isPassed: Bool, value: Double = .nan, needed: Double = .nan,
    reason: Reason? = nil
  ) {
    self.name = name
    self.isPassed = isPassed
    self.value = value
    self.needed = needed
    self.reason = reason
  }
}

/// One way in which a row might be out of the ordinary, with every condition of it.
public struct Trial: Sendable, Hashable {
  /// Which way.
  public enum Name: String, Sendable, Hashable, CaseIterable {
    /// Something is used that nobody used.
    case adoption
    /// Nothing comes where something always came.
    case silence
    /// A customer that acts now and then is likely to have left.
    case leaving
    /// The sum of a window.
    case window
    /// A departure whose values are all the same.
    case standstill
    /// Less and less over weeks.
    case decline
    /// Another shape of the season.
    case season
    /// The same value again and again.
    case plateau
    /// A stream goes beyond its own records.
    case stream
    /// A threshold that people set.
    case rule
  }

  /// Which way.
  public var name: Name
  /// In buckets.
  public var window: Int
  /// What was measured; the sign is the direction.
  public var statistic: Double
  /// What its magnitude had to pass; infinite where nothing is enough.
  public var threshold: Double
  /// The change as a log ratio, where there is one; NaN otherwise.
  public var change: Double
  /// The name of the static rule; empty where models speak.
  public var rule: String
  /// Its conditions, in the order in which they were asked; what is pointless to ask is left out.
  public var gates: [Gate] = []

  /// Opens a trial without conditions.
  public init(
    _ name: Name, window: Int, statistic: Double, threshold: Double, change: Double = .nan,
    rule: String = ""
  ) {
    self.rule = rule
    self.name = name
    self.window = window
    self.statistic = statistic
    self.threshold = threshold
    self.change = change
  }

  /// Whether all conditions hold.
  public var isFired: Bool { gates.allSatisfy(\.isPassed) }
}
