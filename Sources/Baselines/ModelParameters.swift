public import SeriesModel

/// The numbers of the model and of the rules, one set for each granularity and none for a series.
public struct ModelParameters: Sendable, Hashable {
  /// The version of formulas and numbers together; it travels with everything made from them.
  public static let version = "plain-1"

  /// The windows and their rules, shortest first; the last one speaks of a level.
  public let rules: [WindowRule]

  /// The lengths of the windows.
  public let windows: [Int]

  /// What is left of a value's weight after one bucket.
  public let decay: Double

  /// Values before full judgement begins, and as many as people are told are needed.
  public let warmUp: Int

  /// Values before gross changes are judged.
  public let grossFrom: Int

  /// By how much thresholds are raised while only gross changes are judged.
  public let grossScale: Double

  /// Values of age by which thresholds are raised by as many per cent: `1 + ageInflation / age`.
  public let ageInflation: Double

  /// Values before the profile, the noise and the guards are learned.
  let settleFrom: Int

  /// The numbers for a granularity.
  public static func parameters(for granularity: Granularity) -> ModelParameters {
    switch granularity {
    case .day: day
    case .week: week
    case .hour: hour
    case .fiveMinutes: fiveMinutes
    }
  }

  private init(
    rules: [WindowRule], decay: Double, warmUp: Int, grossFrom: Int, grossScale: Double,
    ageInflation: Double, settleFrom: Int
  ) {
    self.rules = rules
    windows = rules.map(\.length)
    self.decay = decay
    self.warmUp = warmUp
    self.grossFrom = grossFrom
    self.grossScale = grossScale
    self.ageInflation = ageInflation
    self.settleFrom = settleFrom
  }

  private static let day = ModelParameters(
    rules: [
      WindowRule(length: 1, threshold: 6.8, effect: 0.90, minimumChange: 6),
      WindowRule(length: 3, threshold: 5.8, effect: 0.54, minimumChange: 6),
      WindowRule(length: 7, threshold: 5.4, effect: 0.40, minimumChange: 9),
    ], decay: 0.95, warmUp: 56, grossFrom: 21, grossScale: 1.1, ageInflation: 8.4,
    settleFrom: 14)

  private static let week = ModelParameters(
    rules: [
      WindowRule(length: 1, threshold: 7.0, effect: 0.9, minimumChange: 6),
      WindowRule(length: 4, threshold: 4.8, effect: 0.9, minimumChange: 6),
      WindowRule(length: 8, threshold: 2.0, effect: 1.2, minimumChange: 2),
    ], decay: 0.95, warmUp: 12, grossFrom: 12, grossScale: 1.1, ageInflation: 2,
    settleFrom: 4)

  private static let hour = ModelParameters(
    rules: [
      WindowRule(length: 1, threshold: 7.5, effect: 0.90, minimumChange: 6),
      WindowRule(length: 3, threshold: 6.5, effect: 0.54, minimumChange: 6),
      WindowRule(length: 7, threshold: 6.5, effect: 0.40, minimumChange: 9),
    ], decay: 0.99, warmUp: 21 * 24, grossFrom: 7 * 24, grossScale: 1.2, ageInflation: 8.4,
    settleFrom: 48)

  private static let fiveMinutes = ModelParameters(
    rules: [
      WindowRule(length: 1, threshold: 8.5, effect: 0.90, minimumChange: 6),
      WindowRule(length: 7, threshold: 7.5, effect: 0.54, minimumChange: 9),
    ], decay: 0.98, warmUp: 3 * 288, grossFrom: 288, grossScale: 1.2, ageInflation: 8.4,
    settleFrom: 96)
}
