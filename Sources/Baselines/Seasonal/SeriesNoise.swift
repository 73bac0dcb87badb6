import SeriesModel

/// How much single buckets vary around what is normal.
///
/// Counts are negative binomial: their variance is the mean and a share of its square, the
/// dispersion. Money varies in proportion. Levels and shares have a robust variance of their own.
struct SeriesNoise: Sendable {
  private let kind: MetricKind

  // Excess of the squared residuals over Poisson's, and its weight.
  private var excess = 0.0
  private var excessWeight = 0.0

  /// Of levels and shares; NaN before any was learned.
  private var variance = Double.nan

  /// Mean square of the deviates, on working days and otherwise.
  private var calibration = SIMD2<Double>(1, 1)

  /// Least dispersion of counts.
  private static let leastDispersion = 0.004

  init(kind: MetricKind) { self.kind = kind }

  /// How far beyond Poisson's the variance of counts goes, as a share of the squared mean.
  func dispersion(_ rates: LearningRates) -> Double {
    let learned =
      (excess + rates.dispersionWeight * rates.dispersion)
      / (excessWeight + rates.dispersionWeight)
    return max(Self.leastDispersion, learned)
  }

  /// One standard deviation of a single bucket around a mean.
  func spread(mean: Double, dispersion: Double) -> Double {
    switch kind {
    case .count:
      return (max(mean, 0.05) + dispersion * mean * mean).squareRoot()
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

  /// ``deviate(_:mean:dispersion:spread:count:)`` of every window.
  @inline(__always)
  func deviates(
    _ sum: Lanes, mean: Lanes, dispersion: Lanes, spread: Double, count: Lanes
  ) -> Lanes {
    let dispersion = dispersion.atLeast(1e-9)
    switch kind {
    case .count: return countDeviates(sum, mean: mean, dispersion: dispersion)
    case .money:
      let unit = (mean.magnitudes / count.atLeast(1)).atLeast(1e-9) / 1e4
      return countDeviates(sum / unit, mean: mean / unit, dispersion: dispersion)
    case .gauge, .ratio: return (sum - mean) / (spread * count.atLeast(1).squareRoot())
    }
  }

  /// What deviates of a bucket are divided by: weekends are noisier than the days between.
  func scale(_ place: Int) -> Double { max(calibration[place].squareRoot(), 0.9) }

  /// Learns from a bucket in which nothing is the matter.
  mutating func learn(_ step: SeasonalStep, _ recent: RecentValues, _ rates: LearningRates) {
    let residual = step.value - step.mean
    let square = min(residual * residual, rates.squareLimit * step.spread * step.spread)
    switch kind {
    case .count:
      let mean = max(step.mean, 1e-6)
      let weight = min(1, mean / 5)
      excess =
        rates.dispersionDecay * excess + weight * (square - mean) / max(mean * mean, 0.25)
      excessWeight = rates.dispersionDecay * excessWeight + weight
    case .money:
      let mean = max(step.mean.magnitude, 1e-9)
      excess = rates.dispersionDecay * excess + square / (mean * mean)
      excessWeight = rates.dispersionDecay * excessWeight + 1
    case .gauge, .ratio:
      if variance.isFinite {
        variance = 0.98 * variance + 0.02 * min(residual * residual, 9 * variance) * 1.05
      } else {
        // The first residual alone may be tiny by chance; all values so far are not.
        let seen = recent.statistics
        let middle = (seen.upperQuartile - seen.lowerQuartile) / 1.349
        variance = max(middle * middle, residual * residual) + 1e-6
      }
    }
    let known = calibration[step.calibration]
    let seen = min(step.rawDeviate * step.rawDeviate, 9 * known)
    calibration[step.calibration] += rates.calibrationRate * (seen * 1.04 - known)
  }

  /// Forgets most of what zeros taught, which are no longer values.
  mutating func forgetZeros() { excess = 0.1 * excessWeight }

  func encode(into writer: inout StateWriter) {
    for number in [excess, excessWeight, variance, calibration[0], calibration[1]] {
      writer.write(number)
    }
  }

  mutating func decode(from reader: inout StateReader) throws(BaselineError) {
    excess = try reader.finite()
    excessWeight = try reader.finite()
    variance = try reader.double()
    calibration = SIMD2(try reader.finite(), try reader.finite())
  }
}
