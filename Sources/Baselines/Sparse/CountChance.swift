/// The share of a standard normal distribution below a number, good to seven places.
func normalShare(below deviate: Double) -> Double {
  // Abramowitz and Stegun 26.2.17.
  let distance = deviate.magnitude
  guard distance < 38 else { return deviate > 0 ? 1 : 0 }
  let t = 1 / (1 + 0.231_641_9 * distance)
  let series =
    t
    * (0.319_381_530
      + t
      * (-0.356_563_782
        + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))))
  let tail = 0.398_942_280_401_432_7 * exponential(-distance * distance / 2) * series
  return deviate > 0 ? 1 - tail : tail
}

/// The chance that a negative binomial count is at most so large.
///
/// - Parameters:
///   - count: Not negative.
///   - shape: Of the gamma distribution that the rate is believed to have, above zero.
///   - exposure: How far ahead is looked, in units of what the belief rests on, above zero: the
///     mean is `shape * exposure`.
/// - Returns: A number from 0 to 1.
func chance(ofAtMost count: Double, shape: Double, exposure: Double) -> Double {
  // Where terms are many, the distribution is as good as normal on the right scale.
  guard count <= 64 else {
    return normalShare(
      below: countDeviate(count + 0.5, mean: shape * exposure, dispersion: 1 / shape))
  }
  var term = exponential(-shape * naturalLogarithm(1 + exposure))
  var sum = term
  let more = exposure / (1 + exposure)
  var place = 1.0
  while place <= count {
    term *= (shape + place - 1) / place * more
    sum += term
    place += 1
  }
  return min(sum, 1)
}
