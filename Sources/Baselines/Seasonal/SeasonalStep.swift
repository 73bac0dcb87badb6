/// One bucket against the model as it stood before it.
struct SeasonalStep: Sendable {
  var value = Double.nan
  var slot = 0
  /// Which calibration holds.
  var calibration = 0
  var factor = 1.0
  /// What the cohort's shift multiplies the mean by.
  var shiftFactor = 1.0
  var level = Double.nan
  /// What is expected of the bucket, the shift included.
  var mean = Double.nan
  var dispersion = 0.0
  /// One standard deviation of a single bucket.
  var spread = 0.0
  /// Whether the bucket has a value that the level can learn from.
  var isUsed = false
  var isZero = false
  /// Neither a holiday nor an outage.
  var isOrdinary = true
  /// Before and after the division by the calibration.
  var rawDeviate = 0.0
  var deviate = 0.0
  var clipped = Double.nan
  var lightlyClipped = Double.nan
}
