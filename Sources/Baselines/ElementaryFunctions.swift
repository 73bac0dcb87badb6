// Logarithm, exponential and their kin, written out so that the same points give the same bytes on
// every machine: the C library's results differ in the last place between versions. The
// approximations are those of Sun's fdlibm, good to one unit in the last place.

/// The natural logarithm; NaN below zero.
public func naturalLogarithm(_ argument: Double) -> Double {
  guard argument > 0 else { return argument == 0 ? -.infinity : .nan }
  guard argument.isFinite else { return argument }
  var (exponent, mantissa) = parts(argument)
  if mantissa > 1.414_213_562_373_095_1 {
    mantissa *= 0.5
    exponent += 1
  }
  let f = mantissa - 1
  let s = f / (2 + f)
  let z = s * s
  let even = z * z
  let first =
    even
    * (0.399_999_999_994_094_190_8 + even
      * (0.222_221_984_321_497_839_6
        + even * 0.153_138_376_992_093_733_2))
  let second =
    z
    * (0.666_666_666_666_673_513_0 + even
      * (0.285_714_287_436_623_914_9
        + even * (0.181_835_721_616_180_501_2 + even * 0.147_981_986_051_165_859_1)))
  let half = 0.5 * f * f
  return exponent * 6.931_471_803_691_238_164_90e-01
    - ((half - (s * (half + first + second) + exponent * 1.908_214_929_270_587_700_02e-10)) - f)
}

/// The power of two below a positive finite number, and the number over it.
@inline(__always)
private func parts(_ argument: Double) -> (exponent: Double, mantissa: Double) {
  let bits = argument.bitPattern
  guard bits >> 52 > 0 else { return (Double(argument.exponent), argument.significand) }
  let mantissa = Double(bitPattern: bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000)
  return (Double(Int(bits >> 52) - 1_023), mantissa)
}

/// Euler's number to that power.
public func exponential(_ argument: Double) -> Double {
  guard !argument.isNaN else { return argument }
  guard argument < 709.7 else { return .infinity }
  guard argument > -745 else { return 0 }
  let k = (argument * 1.442_695_040_888_963_387_00).rounded()
  let high = argument - k * 6.931_471_803_691_238_164_90e-01
  let low = k * 1.908_214_929_270_587_700_02e-10
  let r = high - low
  let t = r * r
  let c =
    r - t
    * (1.666_666_666_666_660_190_37e-01 + t
      * (-2.777_777_777_701_559_338_42e-03
        + t
        * (6.613_756_321_437_934_361_17e-05 + t
          * (-1.653_390_220_546_525_153_90e-06
            + t * 4.138_136_797_057_238_460_39e-08))))
  let y = 1 - ((low - (r * c) / (2 - c)) - high)
  // In two steps, because 2 to the power of k alone may lie outside the range of a Double.
  let halfway = Int(k) / 2
  return y * Double(sign: .plus, exponent: halfway, significand: 1)
    * Double(sign: .plus, exponent: Int(k) - halfway, significand: 1)
}

/// The inverse hyperbolic sine of an argument that is not negative.
func inverseHyperbolicSine(_ argument: Double) -> Double {
  // Below this the logarithm of nearly one would lose digits; the series keeps them.
  if argument < 1e-3 { return argument - argument * argument * argument / 6 }
  return naturalLogarithm(argument + (argument * argument + 1).squareRoot())
}

/// The hyperbolic sine.
func hyperbolicSine(_ argument: Double) -> Double {
  if argument.magnitude < 1e-3 { return argument + argument * argument * argument / 6 }
  let power = exponential(argument)
  return (power - 1 / power) / 2
}

/// How far a count lies from its mean, in standard deviations, on the scale on which a negative
/// binomial has nearly constant variance.
///
/// - Parameters:
///   - count: What was counted; below zero counts as zero.
///   - mean: What is normal.
///   - dispersion: Variance beyond Poisson's as a share of the squared mean, above zero.
/// - Returns: The distance; its sign is the direction.
func countDeviate(_ count: Double, mean: Double, dispersion: Double) -> Double {
  // The difference of two inverse hyperbolic sines is the logarithm of one quotient.
  let seen = dispersion * (max(count, 0) + 0.375)
  let normal = dispersion * (max(mean, 0) + 0.375)
  let above = seen.squareRoot() + (seen + 1).squareRoot()
  let below = normal.squareRoot() + (normal + 1).squareRoot()
  return 2 / dispersion.squareRoot() * logarithm(of: above, over: below)
}

/// How far a quotient's series is exact to ten digits in five terms.
let shortSeriesReach = 0.15

/// The natural logarithm of a quotient of positive numbers.
///
/// Most are near 1, where five terms of the series of the inverse hyperbolic tangent are exact to
/// ten digits and cost a third.
@inline(__always)
private func logarithm(of above: Double, over below: Double) -> Double {
  let part = (above - below) / (above + below)
  guard part.magnitude < shortSeriesReach else { return naturalLogarithm(above / below) }
  let square = part * part
  return 2 * part
    * (1 + square * (1.0 / 3 + square * (0.2 + square * (1.0 / 7 + square * (1.0 / 9)))))
}

/// The count that lies so many standard deviations from its mean, the inverse of
/// ``countDeviate(_:mean:dispersion:)``.
func count(atDeviate deviate: Double, mean: Double, dispersion: Double) -> Double {
  let root = dispersion.squareRoot()
  let normal = inverseHyperbolicSine((dispersion * (max(mean, 0) + 0.375)).squareRoot())
  let place = normal + deviate * root / 2
  if place <= 0 { return 0 }
  let power = hyperbolicSine(place)
  return max(0, power * power / dispersion - 0.375)
}
