/// How a model learns, in buckets and weights a bucket.
///
/// One object for all models of a granularity, so that none holds or hands on a copy.
final class LearningRates: Sendable {
  /// What is left of a value's weight in the level after one bucket.
  let decay: Double
  /// Values before clipping, before the guards, and before the noise is learned.
  let clipFrom: Int
  let maskFrom: Int
  let noiseFrom: Int
  /// Deviations beyond which nothing is learned, and how many such buckets in a row set the level
  /// anew.
  let mask: Double
  let maskedRun: Int
  /// The window whose departure sets the level anew.
  let anchorWindow: Int
  let anchorEffect: Double
  /// How much of that window must lie on one side.
  let anchorShare: Double
  /// Whether zeros may be a habit; nights have too many of them to tell.
  let hasZeroHabit: Bool
  /// Buckets of silence after which it is the new normal.
  let silenceReach: Int
  /// Buckets after a departure in which a lasting change may set the level anew and the windows'
  /// scales are not learned.
  let alarmReach: Int
  /// Buckets between departures that are told apart.
  let oppositeReach: Int
  /// Dispersion believed at first, its weight, what is left of what was learned after one bucket,
  /// and the largest square that counts.
  let dispersion: Double
  let dispersionWeight: Double
  let dispersionDecay: Double
  let squareLimit: Double
  let calibrationRate: Double
  /// What is left of a season's value after one season, and the counts by which it is shrunk.
  let slotDecay: Float
  let slotBelief: Float
  /// Buckets after which a window's deviate teaches its scale, and the rates of that.
  let delay: Int
  let scaleRate: Double
  let recordDecay: Double
  /// Values from which on a calm past lowers the thresholds, and how far.
  let calmFrom: Int
  let calmShare: Double
  /// Every how many buckets a deviate is kept for that.
  let sampling: Int
  /// Buckets after an anchor in which windows do not teach.
  let settle: Int
  /// Deviations at which a value is clipped for the shorter windows.
  let lightClipBelow: Double
  let lightClipAbove: Double
  /// The longest window that sums lightly clipped values.
  let lightWindow: Int
  /// Buckets that a window waits for after an anchor, beyond its own length.
  let anchorWaitShort: Int
  let anchorWaitLong: Int

  init(
    decay: Double = 0.95, clipFrom: Int = 14, maskFrom: Int = 21, noiseFrom: Int = 10,
    mask:
      Double = 3.87, maskedRun: Int = 10, anchorWindow: Int = 7, anchorEffect: Double = 0.22,
    anchorShare: Double = 0.84, hasZeroHabit: Bool = true, silenceReach: Int = 56,
    alarmReach:
      Int = 14, oppositeReach: Int = 7, dispersion: Double = 0.06,
    dispersionWeight: Double =
      20.0, dispersionDecay: Double = 0.9866, squareLimit: Double = 5.58,
    calibrationRate: Double = 0.025, slotDecay: Float = 0.9, slotBelief: Float = 6, delay: Int = 57,
    scaleRate: Double = 0.015, recordDecay: Double = 0.997, calmFrom: Int = 150,
    calmShare: Double = 0.9,
    sampling: Int = 1, settle: Int = 28, lightClipBelow: Double = 12.0,
    lightClipAbove: Double = 14.0, lightWindow: Int = 3, anchorWaitShort: Int = 1,
    anchorWaitLong: Int = 7
  ) {
    self.decay = decay
    self.clipFrom = clipFrom
    self.maskFrom = maskFrom
    self.noiseFrom = noiseFrom
    self.mask = mask
    self.maskedRun = maskedRun
    self.anchorWindow = anchorWindow
    self.anchorEffect = anchorEffect
    self.anchorShare = anchorShare
    self.hasZeroHabit = hasZeroHabit
    self.silenceReach = silenceReach
    self.alarmReach = alarmReach
    self.oppositeReach = oppositeReach
    self.dispersion = dispersion
    self.dispersionWeight = dispersionWeight
    self.dispersionDecay = dispersionDecay
    self.squareLimit = squareLimit
    self.calibrationRate = calibrationRate
    self.slotDecay = slotDecay
    self.slotBelief = slotBelief
    self.delay = delay
    self.scaleRate = scaleRate
    self.recordDecay = recordDecay
    self.calmFrom = calmFrom
    self.calmShare = calmShare
    self.sampling = sampling
    self.settle = settle
    self.lightClipBelow = lightClipBelow
    self.lightClipAbove = lightClipAbove
    self.lightWindow = lightWindow
    self.anchorWaitShort = anchorWaitShort
    self.anchorWaitLong = anchorWaitLong
  }

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
