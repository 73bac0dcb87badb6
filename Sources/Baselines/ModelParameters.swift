public import SeriesModel

/// The numbers of the model and of the rules, one set for each granularity and none for a series.
///
/// One object for all models of a granularity, so that a model holds a reference to it and no copy.
public final class ModelParameters: Sendable {
  /// The version of formulas and numbers together; it travels with everything made from them.
  public static let version = "scan-5"

  /// The windows and their rules, shortest first.
  public let rules: [WindowRule]

  /// The lengths of the windows.
  public let windows: [Int]

  /// Windows up to this length speak of a short excursion, longer ones of a level.
  public let shortWindow: Int

  /// Values before full judgement begins, and as many as people are told are needed.
  public let warmUp: Int

  /// Values before gross changes are judged.
  public let grossFrom: Int

  /// By how much thresholds are raised while only gross changes are judged.
  public let grossScale: Double

  /// Values of age by which thresholds are raised: `1 + ageInflation / age`.
  public let ageInflation: Double

  /// The tests that look at more than the sum of a window.
  public let shapes: ShapeRules

  /// When a customer that acts now and then is likely to leave; nil where that is not asked.
  public let leaving: LeavingRule?

  /// How the model learns.
  let learning: LearningRates

  /// The thresholds of the rules, a lane a window; 1 where there is none.
  let thresholds: Lanes

  /// The place of the window whose departure sets the level anew.
  let anchorPlace: Int?

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
    rules: [WindowRule], shortWindow: Int, warmUp: Int, grossFrom: Int, grossScale: Double,
    ageInflation: Double, shapes: ShapeRules = ShapeRules(), leaving: LeavingRule? = nil,
    learning: LearningRates
  ) {
    self.rules = rules
    windows = rules.map(\.length)
    self.shortWindow = shortWindow
    self.warmUp = warmUp
    self.grossFrom = grossFrom
    self.grossScale = grossScale
    self.ageInflation = ageInflation
    self.shapes = shapes
    self.leaving = leaving
    self.learning = learning
    var thresholds = Lanes(repeating: 1)
    for (place, rule) in rules.enumerated() { thresholds[place] = rule.threshold }
    self.thresholds = thresholds
    anchorPlace = rules.firstIndex { $0.length == learning.anchorWindow }
  }

  private static let day = ModelParameters(
    rules: [
      WindowRule(length: 1, threshold: 6.84, effect: 0.903, minimumChange: 6),
      WindowRule(length: 2, threshold: 6.35, effect: 0.662, minimumChange: 6),
      WindowRule(length: 3, threshold: 5.99, effect: 0.542, minimumChange: 6),
      WindowRule(length: 5, threshold: 5.56, effect: 0.482, minimumChange: 9),
      WindowRule(length: 7, threshold: 6.09, effect: 0.397, minimumChange: 9),
      WindowRule(length: 10, threshold: 6.56, effect: 0.361, minimumChange: 9),
      WindowRule(length: 14, threshold: 7.05, effect: 0.337, minimumChange: 9),
      WindowRule(length: 21, threshold: 7.05, effect: 0.313, minimumChange: 9),
    ], shortWindow: 5, warmUp: 56, grossFrom: 14, grossScale: 1.5, ageInflation: 8.4,
    shapes: .day, learning: .day)

  private static let week = ModelParameters(
    rules: [
      WindowRule(length: 1, threshold: 7.0, effect: 0.9, minimumChange: 6),
      WindowRule(length: 4, threshold: 4.8, effect: 0.9, minimumChange: 6),
      WindowRule(length: 8, threshold: 2.0, effect: 1.2, minimumChange: 2),
    ], shortWindow: 4, warmUp: 12, grossFrom: 12, grossScale: 1.1, ageInflation: 2,
    leaving: .week, learning: .week)

  private static let hour = ModelParameters(
    rules: [
      WindowRule(length: 1, threshold: 5.59, effect: 1.0, minimumChange: 5),
      WindowRule(length: 2, threshold: 5.11, effect: 0.8, minimumChange: 5),
      WindowRule(length: 3, threshold: 4.79, effect: 0.65, minimumChange: 5),
      WindowRule(length: 6, threshold: 4.63, effect: 0.55, minimumChange: 5),
      WindowRule(length: 12, threshold: 4.47, effect: 0.5, minimumChange: 5),
      WindowRule(length: 24, threshold: 4.31, effect: 0.4, minimumChange: 5),
      WindowRule(length: 72, threshold: 4.31, effect: 0.33, minimumChange: 5),
      WindowRule(length: 168, threshold: 4.31, effect: 0.28, minimumChange: 5),
    ], shortWindow: 24, warmUp: 21 * 24, grossFrom: 14 * 24, grossScale: 2, ageInflation: 72,
    shapes: .hour, learning: .hour)

  /// Streams are judged by their records, not by windows; the one window is there because every
  /// batch has one.
  private static let fiveMinutes = ModelParameters(
    rules: [WindowRule(length: 1, threshold: 8.5, effect: 0.90, minimumChange: 6)],
    shortWindow: 24, warmUp: StreamParameters.standard.warmUp,
    grossFrom: StreamParameters.standard.warmUp, grossScale: 1, ageInflation: 0,
    learning: LearningRates())
}
