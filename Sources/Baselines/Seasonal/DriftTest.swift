/// The level against the levels of weeks ago, taken once a week.
struct DriftTest: Sendable {
  /// Lags in weeks.
  static let lags = [5, 8, 12]

  /// The lag whose drift teaches the scale: the middle one.
  private static let teacher = 1

  /// How many weekly levels are kept: the longest lag twice, and the present.
  private static let kept = 25

  /// Weeks after which a drift teaches the scale.
  private static let delay = 11

  /// Levels at the start of each week; NaN before there were any.
  private var levels = Ring(repeating: Float.nan, count: Self.kept)

  /// Drifts over the teacher's lag that have not taught yet; NaN for none.
  private var past = Ring(repeating: Float.nan, count: Self.delay)

  /// Mean square of the drift over the teacher's lag.
  private var square = 0.12 * 0.12

  /// When a decline was last found, or the level set anew.
  var declined: Int?

  /// When a decline was found for the last time in a row.
  private var lastFired: Int?

  /// The deepest drift found this week, and its deviation; 0 where it may not be judged.
  private(set) var value = 0.0
  private(set) var deviation = 0.0

  private func level(_ back: Int) -> Double { Double(levels[back: back]) }

  /// The drift over each lag as a log ratio; NaN where it says nothing.
  ///
  /// - Parameters:
  ///   - level: At the start of this week, not among the kept ones yet.
  ///   - age: Values seen.
  /// - Returns: A drift a lag.
  func view(level: Double, age: Int) -> [Double] {
    Self.lags.map { lag in
      let before = self.level(lag - 1)
      guard before > 5, age > lag * 7 + 30 else { return .nan }
      return Self.drift(level, before)
    }
  }

  private static func drift(_ level: Double, _ before: Double) -> Double {
    naturalLogarithm((level + 0.3) / (before + 0.3))
  }

  /// Takes this week's level in and measures how far it has drifted.
  ///
  /// - Parameters:
  ///   - level: At the start of this week.
  ///   - recent: That of the last weeks alone, which is held against those of weeks ago.
  ///   - step: Buckets since the first value.
  ///   - age: Values seen.
  ///   - anchor: The bucket from which on the level holds.
  ///   - dispersion: Of single buckets.
  ///   - cohort: What is known of the others.
  mutating func measure(
    level: Double, recent: Double, step: Int, age: Int, anchor: Int, dispersion: Double,
    cohort: CohortRow
  ) {
    levels.push(Float(level))
    value = 0
    var taught = Double.nan
    for (place, lag) in Self.lags.enumerated() {
      let before = self.level(lag)
      guard before.isFinite, age > lag * 7 + 30, max(level, before) > 1 else { continue }
      let drift = Self.drift(recent, before)
      if place == Self.teacher { taught = drift }
      guard step - anchor > lag * 7 + 14 else { continue }
      let shared = place < cohort.drifts.count ? 0.8 * cohort.drifts[place] : 0
      let own = earlierTrend(lag, step: step, age: age, anchor: anchor)
      let beyond = drift - shared - own
      // Over a longer lag more drift is chance.
      value = min(value, beyond / (Double(lag) / 8).squareRoot())
    }
    let noise = (dispersion + 1 / max(level, 0.3)) * 0.1
    deviation = (max(square, 0.07 * 0.07) + noise).squareRoot()
    learn(taught, step: step)
  }

  /// How far the level would have fallen had it gone on as in the twelve weeks before the lag: who
  /// shrinks all the time is not in decline today.
  private func earlierTrend(_ lag: Int, step: Int, age: Int, anchor: Int) -> Double {
    guard lag + 12 < Self.kept, step - anchor > (lag + 12) * 7, age > (lag + 18) * 7 else {
      return 0
    }
    let before = level(lag)
    let earlier = level(lag + 12)
    guard earlier.isFinite, before.isFinite else { return 0 }
    return min(Self.drift(before, earlier), 0) * Double(lag) / 12
  }

  private mutating func learn(_ drift: Double, step: Int) {
    let isCalm = declined.map { step - $0 > 60 } ?? true
    let oldest = Double(past[back: Self.delay - 1])
    if isCalm, oldest.isFinite, oldest != 0 {
      square += 0.1 * (min(oldest * oldest, 0.35 * 0.35) - square)
    }
    past.push(isCalm ? Float(drift) : .nan)
  }

  /// Whether the level has fallen in each of three steps of ten days, to the nearest week.
  var isFalling: Bool {
    let now = level(0)
    let steps = [level(1), level(3), level(4)]
    var later = now
    for earlier in steps {
      guard later < earlier * 0.985 else { return false }
      later = earlier
    }
    return true
  }

  /// Leaves the drift unjudged where it means nothing, and notes when it speaks of a decline.
  mutating func gate(mayJudge: Bool, step: Int, rules: ShapeRules) {
    let isContinuing = lastFired.map { step - $0 <= 7 } ?? false
    let isAfter = declined.map { step - $0 > 75 } ?? true
    guard mayJudge, isContinuing || isAfter, isFalling else {
      deviation = 0
      return
    }
    guard rules.declineScore(value, deviation: deviation, scale: 1) > 1 else { return }
    if !isContinuing { declined = step }
    lastFired = step
  }

  /// Leaves the drift unjudged until next week.
  mutating func silence() { deviation = 0 }

  func encode(into writer: inout StateWriter) {
    writer.write(levels.oldestFirst)
    writer.write(past.oldestFirst)
    for number in [square, value, deviation] { writer.write(number) }
    writer.write(step: declined)
    writer.write(step: lastFired)
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    levels = Ring(oldestFirst: try reader.floats(Self.kept))
    past = Ring(oldestFirst: try reader.floats(Self.delay))
    square = try reader.finite()
    value = try reader.finite()
    deviation = try reader.finite()
    declined = try reader.step()
    lastFired = try reader.step()
  }
}

extension ShapeRules {
  /// How far a drift lies below what a decline needs, 1 or more when it is one.
  ///
  /// - Parameters:
  ///   - drift: As a log ratio, below 0 for less.
  ///   - deviation: Of it; 0 where it may not be judged.
  ///   - scale: Of the thresholds.
  /// - Returns: Statistic over threshold; 0 where the fall is too small to matter.
  public func declineScore(_ drift: Double, deviation: Double, scale: Double) -> Double {
    guard deviation > 0, drift < -declineEffect else { return 0 }
    return -drift / deviation / (decline * scale)
  }
}
