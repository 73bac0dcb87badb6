public import SeriesModel

/// How bad an anomaly is, from how far the values went and for how long.
///
/// The effect is the magnitude (``Episode/magnitude(_:)``) weighted by the duration: 1 for the first
/// step, growing with the logarithm of the steps to 2 at 16 steps. A step is a bucket, and an hour
/// where buckets are shorter. The lines are drawn at what one step must show: half the usual, or
/// four times, is a warning; a fifth, or 25 times, is critical. One short excursion below that is
/// information, whatever the tests say of it.
public struct SeverityRule: Sendable, Hashable {
  /// The effect from which on it is a warning: ln 2.
  public var warningEffect: Double

  /// The effect from which on it is critical: ln 5.
  public var criticalEffect: Double

  /// Sets the lines.
  ///
  /// - Precondition: both are above 0 and in order.
  public init(
    warningEffect: Double = 0.693_147_180_559_945, criticalEffect: Double = 1.609_437_912_434_1
  ) {
    precondition(0 < warningEffect && warningEffect <= criticalEffect, "lines out of order")
    self.warningEffect = warningEffect
    self.criticalEffect = criticalEffect
  }

  /// The magnitude that stands for all larger ones: less than a hundredth left.
  public static let magnitudeMax = 5.0

  /// The severity; never less for a larger magnitude, never less for a longer duration.
  ///
  /// What is good news is information, however large; what is neither good nor bad is never
  /// critical, since nobody should be woken by it.
  ///
  /// - Parameters:
  ///   - magnitude: How far the values went; anything but a number counts as 0.
  ///   - durationBuckets: Buckets from the first to the last that belong to the anomaly.
  ///   - granularity: The length of these buckets.
  ///   - intent: What the change means.
  /// - Returns: The severity.
  public func severity(
    magnitude: Double, durationBuckets: Int64, granularity: Granularity, intent: Intent
  ) -> Severity {
    let effect = effect(
      magnitude: magnitude, durationBuckets: durationBuckets, granularity: granularity)
    let found: Severity =
      effect >= criticalEffect ? .critical : effect >= warningEffect ? .warning : .info
    switch intent {
    case .risk: return found
    case .opportunity: return .info
    case .dataQuality, .neutral: return min(found, .warning)
    }
  }

  /// The magnitude weighted by the duration.
  public func effect(
    magnitude: Double, durationBuckets: Int64, granularity: Granularity
  ) -> Double {
    guard !magnitude.isNaN else { return 0 }
    let steps =
      granularity == .fiveMinutes ? (max(durationBuckets, 1) + 11) / 12 : max(durationBuckets, 1)
    let weight = min(2, 1 + binaryLogarithm(steps) / 4)
    return min(magnitude.magnitude, Self.magnitudeMax) * weight
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
