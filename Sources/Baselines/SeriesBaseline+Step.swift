import SeriesModel

extension SeriesBaseline {
  /// Least dispersion of counts, and the one believed before any was learned with its weight.
  static let leastDispersion = 0.004
  static let priorDispersion = 0.06
  static let priorWeight = 20.0

  /// How far beyond Poisson's the variance of counts goes, as a share of the squared mean.
  var dispersion: Double {
    let learned =
      (excess + Self.priorWeight * Self.priorDispersion) / (excessWeight + Self.priorWeight)
    return max(Self.leastDispersion, learned)
  }

  /// One standard deviation of a single bucket around a mean.
  func spread(mean: Double, dispersion: Double) -> Double {
    switch kind {
    case .count:
      let floor = max(mean, 0.05)
      return (floor + dispersion * mean * mean).squareRoot()
    case .money:
      return max(mean.magnitude * (1e-4 + dispersion).squareRoot(), 1e-9)
    case .gauge, .ratio:
      guard variance.isFinite else { return max(0.05 * mean.magnitude, 1e-3) }
      return max(variance.squareRoot(), 0.002 * mean.magnitude, 1e-6)
    }
  }

  /// Distance of a sum from its mean, in standard deviations.
  func deviate(
    _ sum: Double, mean: Double, dispersion: Double, spread: Double, count: Double
  ) -> Double {
    switch kind {
    case .count: return countDeviate(sum, mean: mean, dispersion: max(dispersion, 1e-9))
    case .money:
      // In ten-thousandths of the mean, so that Poisson's part vanishes.
      let unit = max(mean.magnitude / count, 1e-9) / 1e4
      return countDeviate(sum / unit, mean: mean / unit, dispersion: max(dispersion, 1e-9))
    case .gauge, .ratio: return (sum - mean) / (spread * count.squareRoot())
    }
  }

  /// Measures a bucket against the model without learning from it.
  func measure(_ bucket: Int32, _ value: Double) -> BaselineStep {
    let slot = slot(bucket)
    let factor = Double(factors[slot])
    let level = level
    let mean = level * factor
    let dispersion = dispersion
    let isPresent = !value.isNaN
    let isZero = isPresent && value <= 0 && (kind == .count || kind == .money)
    let isUsed = isPresent && !(isZero && hurdle && zeroIsUsual)
    var hash = history
    hash.add(UInt64(UInt32(bitPattern: bucket)))
    hash.add(value)
    guard level.isFinite else {
      return BaselineStep(
        bucket: bucket, value: value, slot: slot, factor: factor, level: level, mean: mean,
        dispersion: dispersion, spread: .nan, isUsed: isUsed, isZero: isZero, rawDeviate: 0,
        deviate: 0, clipped: value, hash: hash)
    }
    let spread = spread(mean: mean, dispersion: dispersion)
    let raw =
      isUsed
      ? self.deviate(value, mean: mean, dispersion: dispersion, spread: spread, count: 1) : 0
    let scale = max(calibration[calibrationIndex(slot)], 0.9)
    let clipped = min(max(value, mean - 3.85 * spread), mean + 4.9 * spread)
    return BaselineStep(
      bucket: bucket, value: value, slot: slot, factor: factor, level: level, mean: mean,
      dispersion: dispersion, spread: spread, isUsed: isUsed, isZero: isZero, rawDeviate: raw,
      deviate: raw / scale, clipped: isUsed ? clipped : .nan, hash: hash)
  }

  /// Whether so long a run of zeros is nothing new where zeros are common.
  ///
  /// A run that chance would bring less than once in 150,000 buckets is no longer usual: then zeros
  /// are values again and the windows see them.
  private var zeroIsUsual: Bool {
    let share = max(zeroShare, expectedZeroShare, 0.05)
    return -naturalLogarithm(min(share, 0.98)) * Double(zeroRun + 1) < 11.9
  }

  /// Measures every window that ends at the step; the rings hold the step already.
  mutating func measureWindows(_ step: BaselineStep) {
    let sinceAnchor = Int(step.bucket) - Int(anchorBucket)
    for place in windowResults.indices {
      windowResults[place].clear()
      let length = windowResults[place].length
      let settle = length > 3 ? min(length, 7) : 1
      guard step.isUsed, step.level.isFinite, age >= parameters.grossFrom,
        sinceAnchor >= length + settle
      else { continue }
      measureWindow(place, length, step)
    }
  }

  private mutating func measureWindow(_ place: Int, _ length: Int, _ step: BaselineStep) {
    let reference = ringLevel[back: length - 1]
    guard reference.isFinite else { return }
    var result = WindowResult(length: length)
    var clippedSum = 0.0
    var squares = 0.0
    for back in 0..<length {
      let clipped = ringClipped[back: back]
      guard !clipped.isNaN else { continue }
      let mean = reference * Double(factors[slot(step.bucket - Int32(back))])
      result.valid += 1
      result.sum += ringObserved[back: back]
      clippedSum += clipped
      result.expected += mean
      squares += mean * mean
    }
    guard result.valid * 5 >= length * 3 else { return }
    let total = result.expected
    let share = squares / max(total * total, 1e-12)
    let judged = length > 3 ? clippedSum : result.sum
    let raw = deviate(
      judged, mean: total, dispersion: step.dispersion * share, spread: step.spread,
      count: Double(result.valid))
    let calibrated = length == 1 ? step.deviate : raw
    let rule = parameters.rules[place]
    let own = max(1, windowSquare[place]).squareRoot()
    let record = max(1, (windowRecord[place] + 0.6) / rule.threshold)
    result.rawDeviate = calibrated
    result.deviate = calibrated / (own * record)
    result.change = WindowRule.change(
      sum: result.sum, expected: total, deviation: step.spread, valid: result.valid, kind: kind)
    result.isLargeEnough = rule.isLargeEnough(
      change: result.change, sum: result.sum, expected: total, kind: kind)
    finish(&result)
    windowResults[place] = result
  }

  /// Turns the deviate into the deviation that yields it, so that detection needs no formula of the
  /// noise: sum less expected, over deviation, is the deviate.
  private func finish(_ result: inout WindowResult) {
    let difference = result.sum - result.expected
    if difference.magnitude > 1e-12, result.deviate != 0,
      (difference > 0) == (result.deviate > 0)
    {
      result.deviation = difference / result.deviate
    } else {
      // Clipping turned the sign: one value alone made the sum, which is no departure.
      result.deviation = max(difference.magnitude * 1e3, 1e-6)
      result.deviate = 0
    }
  }
}
