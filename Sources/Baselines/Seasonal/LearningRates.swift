/// How a model learns, in buckets and weights a bucket.
struct LearningRates: Sendable, Hashable {
  /// What is left of a value's weight in the level after one bucket.
  var decay = 0.95
  /// Values before clipping, before the guards, and before the noise is learned.
  var clipFrom = 14
  var maskFrom = 21
  var noiseFrom = 10
  /// Deviations beyond which nothing is learned, and how many such buckets in a row set the level
  /// anew.
  var mask = 3.87
  var maskedRun = 10
  /// The window whose departure sets the level anew.
  var anchorWindow = 7
  var anchorEffect = 0.22
  /// How much of that window must lie on one side.
  var anchorShare = 0.84
  /// Whether zeros may be a habit; nights have too many of them to tell.
  var hasZeroHabit = true
  /// Buckets of silence after which it is the new normal.
  var silenceReach = 56
  /// Buckets after a departure in which a lasting change may set the level anew and the windows'
  /// scales are not learned.
  var alarmReach = 14
  /// Buckets between departures that are told apart.
  var oppositeReach = 7
  /// Dispersion believed at first, its weight, what is left of what was learned after one bucket,
  /// and the largest square that counts.
  var dispersion = 0.06
  var dispersionWeight = 20.0
  var dispersionDecay = 0.9866
  var squareLimit = 5.58
  var calibrationRate = 0.025
  /// What is left of a season's value after one season, and the counts by which it is shrunk.
  var slotDecay: Float = 0.9
  var slotBelief: Float = 6
  /// Buckets after which a window's deviate teaches its scale, and the rates of that.
  var delay = 57
  var scaleRate = 0.015
  var recordDecay = 0.997
  /// Values from which on a calm past lowers the thresholds, and how far.
  var calmFrom = 150
  var calmShare = 0.9
  /// Every how many buckets a deviate is kept for that.
  var sampling = 1
  /// Buckets after an anchor in which windows do not teach.
  var settle = 28
  /// Deviations at which a value is clipped for the shorter windows.
  var lightClipBelow = 12.0
  var lightClipAbove = 14.0
  /// The longest window that sums lightly clipped values.
  var lightWindow = 3
  /// Buckets that a window waits for after an anchor, beyond its own length.
  var anchorWaitShort = 1
  var anchorWaitLong = 7

  static let day = LearningRates()
  static let week = LearningRates(
    clipFrom: 4, maskFrom: 6, noiseFrom: 4, anchorWindow: 4, slotDecay: 0.9, delay: 26)
  static let hour = LearningRates(
    decay: 0.998_083, clipFrom: 336, maskFrom: 336, noiseFrom: 336, mask: 4, maskedRun: 60,
    anchorWindow: 72, anchorEffect: 0.25, anchorShare: 0.7, hasZeroHabit: false, silenceReach: 672,
    alarmReach: 72,
    oppositeReach: 36, dispersion: 0.08,
    dispersionWeight: 40, dispersionDecay: 0.999, squareLimit: 10, calibrationRate: 0.002,
    slotDecay: 0.82, slotBelief: 5, delay: 168, scaleRate: 0.006, recordDecay: 0.999_6,
    calmFrom: 150 * 24, sampling: 4, settle: 96, lightClipBelow: 14,
    lightClipAbove: 16, lightWindow: 6, anchorWaitShort: 24, anchorWaitLong: 24)
}
