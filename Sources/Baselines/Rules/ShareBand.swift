/// The exact band of a share by Clopper and Pearson: what small counts can say and no more.
public struct ShareBand: Sendable, Hashable {
  /// The smallest share that is likely.
  public let lower: Double
  /// The largest share that is likely.
  public let upper: Double

  /// Finds the band.
  ///
  /// - Parameters:
  ///   - count: How many did it.
  ///   - trials: Of how many.
  ///   - error: The chance that the share lies beyond one side of the band.
  /// - Precondition: 0 <= count <= trials, and the error lies between 0 and 1.
  public init(count: Double, trials: Double, error: Double) {
    precondition(count >= 0 && count <= trials, "more did it than there are")
    precondition(error > 0 && error < 1, "a chance lies between 0 and 1")
    lower =
      count > 0
      ? Self.quantile(error, a: count, b: trials - count + 1) : 0
    upper =
      count < trials
      ? Self.quantile(1 - error, a: count + 1, b: trials - count) : 1
  }

  /// The argument at which the regularised incomplete beta function reaches a value.
  ///
  /// By halving, so that it is the same to the bit everywhere.
  private static func quantile(_ share: Double, a: Double, b: Double) -> Double {
    var low = 0.0
    var high = 1.0
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if incompleteBeta(middle, a: a, b: b) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}

/// The natural logarithm of the gamma function above zero, by Lanczos' approximation with seven
/// terms and nine coefficients, good to 14 digits.
public func logarithmOfGamma(_ argument: Double) -> Double {
  guard argument > 0 else { return .nan }
  let coefficients = [
    676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_13,
    -176.615_029_162_140_59, 12.507_343_278_686_905, -0.138_571_095_265_720_12,
    9.984_369_578_019_571_6e-6, 1.505_632_735_149_311_6e-7,
  ]
  let shifted = argument - 1
  var sum = 0.999_999_999_999_809_93
  for (place, coefficient) in coefficients.enumerated() {
    sum += coefficient / (shifted + Double(place) + 1)
  }
  let base = shifted + 7.5
  return 0.918_938_533_204_672_74 + (shifted + 0.5) * naturalLogarithm(base) - base
    + naturalLogarithm(sum)
}

/// The regularised incomplete beta function: the chance that a beta distributed share is at most
/// `argument`.
///
/// By the continued fraction of Lentz, on the side on which it converges fast.
///
/// - Parameters:
///   - argument: From 0 to 1.
///   - a: First shape, above 0.
///   - b: Second shape, above 0.
/// - Returns: A chance.
public func incompleteBeta(_ argument: Double, a: Double, b: Double) -> Double {
  if argument <= 0 { return 0 }
  if argument >= 1 { return 1 }
  let front = exponential(
    logarithmOfGamma(a + b) - logarithmOfGamma(a) - logarithmOfGamma(b)
      + a * naturalLogarithm(argument) + b * naturalLogarithm(1 - argument))
  if argument < (a + 1) / (a + b + 2) {
    return min(1, front * betaFraction(argument, a: a, b: b) / a)
  }
  return max(0, 1 - front * betaFraction(1 - argument, a: b, b: a) / b)
}

private func betaFraction(_ argument: Double, a: Double, b: Double) -> Double {
  func safe(_ number: Double) -> Double { number.magnitude < 1e-300 ? 1e-300 : number }
  var c = 1.0
  var d = 1 / safe(1 - (a + b) * argument / (a + 1))
  var fraction = d
  for step in 1...500 {
    let m = Double(step)
    let even = m * (b - m) * argument / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / safe(1 + even * d)
    c = safe(1 + even / c)
    fraction *= d * c
    let odd = -(a + m) * (a + b + m) * argument / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / safe(1 + odd * d)
    c = safe(1 + odd / c)
    let factor = d * c
    fraction *= factor
    if (factor - 1).magnitude < 1e-15 { break }
  }
  return fraction
}
