/// The thresholds, at nominal sensitivity, of the tests that look at more than a sum.
///
/// A test whose threshold is infinite is not made.
public struct ShapeRules: Sendable, Hashable {
  /// Deviations by which the level must lie below that of weeks ago.
  public var decline = Double.infinity
  /// The least fall of a decline, as a log ratio.
  public var declineEffect = 0.324
  /// Distance of the last weeks from the season of before, in units of the series' own past.
  public var season = Double.infinity
  /// The least mean change of a slot of the season, as a log ratio.
  public var seasonEffect = 0.16
  /// Minus the log of the chance of so long a run of zeros.
  public var silence = Double.infinity
  /// The least run of zeros.
  public var silenceRun = 4
  /// Minus the log of the chance of so many equal values in a row.
  public var plateau = Double.infinity
  /// The same of values that are out of the ordinary as well.
  public var standstill = 8.0
  /// The least run of equal values.
  public var plateauRun = 5
  /// How many buckets more than ever before the values stand at their highest.
  public var capExcess = Int.max
  /// Active buckets among the last seven, where hardly anything came for weeks before.
  public var adoptionBuckets = Int.max
  /// Units in those buckets.
  public var adoptionUnits = 5.0

  static let day = ShapeRules(
    decline: 3.4, season: 2.576, silence: 13.1, plateau: 24.1, capExcess: 3, adoptionBuckets: 3)
  static let hour = ShapeRules(
    season: 2.2, seasonEffect: 0.3, silence: 18.7, silenceRun: 4)
}
