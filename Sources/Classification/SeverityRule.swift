public import SeriesModel

/// How bad an anomaly is, from how far the values went, how clearly and for how long.
///
/// The effect is the magnitude (``Episode/magnitude(_:)``) weighted twice: by the score to the power
/// of 3/4, up to twice its threshold, since what just passed a test is often smaller than it looks
/// in the first bucket; and by the duration, 1 for the first step, growing with the logarithm of the
/// steps to 1.25 at six steps. A step is a bucket, and an hour where buckets are shorter. The lines
/// are drawn at what one step that just passed its test must show: three tenths of the usual is a
/// warning, a seventh is critical. Of the weights and lines for which two thirds less over five days
/// are critical, these followed the true sizes of three synthetic sets best.
public struct SeverityRule: Sendable, Hashable {
  /// The effect from which on it is a warning.
  public var warningEffect: Double

  /// The effect from which on it is critical.
  public var criticalEffect: Double

  /// Sets the lines.
  ///
  /// - Precondition: both are above 0 and in order.
  public init(warningEffect: Double = 1.2, criticalEffect: Double = 2) {
    precondition(0 < warningEffect && warningEffect <= criticalEffect, "lines out of order")
    self.warningEffect = warningEffect
    self.criticalEffect = criticalEffect
  }

  /// The magnitude that stands for all larger ones: less than a hundredth left.
  public static let magnitudeMax = 5.0

  /// The severity; never less for a larger magnitude, a higher score or a longer duration.
  ///
  /// It tells the size, whatever the change means; who is woken is a matter of the intent. Only what
  /// is a risk is ever critical, since nobody should be woken by anything else.
  ///
  /// - Parameters:
  ///   - magnitude: How far the values went; anything but a number counts as 0.
  ///   - score: Statistic over threshold, 1 or more.
  ///   - durationBuckets: Buckets from the first to the last that belong to the anomaly.
  ///   - granularity: The length of these buckets.
  ///   - intent: What the change means.
  /// - Returns: The severity.
  public func severity(
    magnitude: Double, score: Double = 1, durationBuckets: Int64, granularity: Granularity,
    intent: Intent
  ) -> Severity {
    let effect = effect(
      magnitude: magnitude, score: score, durationBuckets: durationBuckets,
      granularity: granularity)
    let found: Severity =
      effect >= criticalEffect ? .critical : effect >= warningEffect ? .warning : .info
    return intent == .risk ? found : min(found, .warning)
  }

  /// The share of the usual below which something is hardly used any more.
  public static let hardlyUsedShare = 0.25

  /// Whether something that was in steady use has been given up but for a rest: under a quarter of
  /// the usual for ten days, or two weeks.
  func isHardlyUsed(_ episode: Episode, _ traits: SeriesTraits) -> Bool {
    let bucketsMin: Int64? =
      switch traits.granularity {
      case .day: 10
      case .week: 2
      case .hour, .fiveMinutes: nil
      }
    guard let bucketsMin, traits.kind == .count, traits.polarity == .upIsGood else { return false }
    return episode.durationBuckets >= bucketsMin && episode.baselineValue > 0
      && episode.actualValue < episode.baselineValue * Self.hardlyUsedShare
  }

  /// The magnitude weighted by score and duration.
  public func effect(
    magnitude: Double, score: Double = 1, durationBuckets: Int64, granularity: Granularity
  ) -> Double {
    guard !magnitude.isNaN else { return 0 }
    let steps =
      granularity == .fiveMinutes ? (max(durationBuckets, 1) + 11) / 12 : max(durationBuckets, 1)
    let duration = min(1.25, 1 + binaryLogarithm(steps) / 10)
    let root = (score.isNaN ? 1 : min(2, max(1, score))).squareRoot()
    let clearness = root * root.squareRoot()
    return min(magnitude.magnitude, Self.magnitudeMax) * clearness * duration
  }
}

/// Log to the base 2, exact at powers of two and linear between them.
///
/// Pure rooms have no Foundation; a weight needs no better curve, and this one is the same to the
/// bit on every machine.
private func binaryLogarithm(_ number: Int64) -> Double {
  let whole = Int64.bitWidth - 1 - number.leadingZeroBitCount
  let power = Double(sign: .plus, exponent: whole, significand: 1)
  return Double(whole) + (Double(number) - power) / power
}
