public import SeriesModel

/// When the sum over a window is out of the ordinary, at nominal sensitivity.
///
/// Detection applies the rule at the scale of each scope; the model applies it at scale 1 to guard
/// what it learns, so that a change of sensitivity never changes what was learned.
public struct WindowRule: Sendable, Hashable {
  /// In buckets.
  public let length: Int

  /// Deviations beyond which the sum is out of the ordinary.
  public let threshold: Double

  /// Least change, as the magnitude of a log ratio.
  public let effect: Double

  /// Least change of a count, in units.
  public let minimumChange: Double

  /// Gathers a rule.
  public init(length: Int, threshold: Double, effect: Double, minimumChange: Double) {
    self.length = length
    self.threshold = threshold
    self.effect = effect
    self.minimumChange = minimumChange
  }

  /// How many deviations are needed at an age: a young model knows its level less well.
  public func threshold(age: Int, ageInflation: Double, scale: Double) -> Double {
    threshold * scale * Self.inflation(age: age, ageInflation)
  }

  /// What thresholds are multiplied by at an age.
  static func inflation(age: Int, _ ageInflation: Double) -> Double {
    1 + ageInflation / Double(max(age, 1))
  }

  /// Whether the change is large enough to matter to anyone, however sure it is.
  public func isLargeEnough(
    sum: Double, expected: Double, deviation: Double, valid: Int, kind: MetricKind
  ) -> Bool {
    guard isChangeLargeEnough(sum: sum, expected: expected, kind: kind) else { return false }
    return isEffectLargeEnough(
      Self.change(sum: sum, expected: expected, deviation: deviation, valid: valid, kind: kind))
  }

  /// Whether the change is large enough in units; only counts must be.
  public func isChangeLargeEnough(sum: Double, expected: Double, kind: MetricKind) -> Bool {
    kind != .count || (sum - expected).magnitude >= minimumChange
  }

  /// Whether the change is large enough as a log ratio.
  public func isEffectLargeEnough(_ change: Double) -> Bool { change.magnitude > effect }

  /// The change as a log ratio; its sign is the direction.
  ///
  /// Gauges and ratios may be near zero or below it, where a ratio says nothing: their change is
  /// taken against the level or three deviations, whichever is larger. Half a unit is added to
  /// counts so that none has the logarithm of zero.
  ///
  /// - Parameters:
  ///   - sum: Of the values in the window.
  ///   - expected: What was to be expected of it.
  ///   - deviation: One standard deviation of a single bucket.
  ///   - valid: Buckets with a value.
  ///   - kind: What the values are.
  /// - Returns: A number between -6 and 6.
  public static func change(
    sum: Double, expected: Double, deviation: Double, valid: Int, kind: MetricKind
  ) -> Double {
    let change: Double
    switch kind {
    case .count:
      change = naturalLogarithm((max(sum, 0) + 0.5) / (max(expected, 0) + 0.5))
    case .money:
      let half = max(expected, 0) * 5e-5 + 1e-9
      change = naturalLogarithm((max(sum, 0) + half) / (max(expected, 0) + half))
    case .gauge, .ratio:
      let count = Double(max(valid, 1))
      let unit = max(expected.magnitude, 3 * deviation * count, 1e-9)
      change = 1.6 * (sum - expected) / unit
    }
    return min(max(change, -6), 6)
  }
}
