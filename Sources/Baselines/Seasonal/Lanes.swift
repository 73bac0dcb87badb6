/// One number a window, side by side: as many as a model may have windows.
///
/// What is done to one is done to all at once, with the results that one alone would have.
typealias Lanes = SIMD8<Double>

extension Lanes {
  /// Whatever is larger, lane by lane.
  @inline(__always)
  func atLeast(_ other: Lanes) -> Lanes { replacing(with: other, where: self .< other) }

  @inline(__always)
  func atLeast(_ least: Double) -> Lanes { atLeast(Lanes(repeating: least)) }

  /// Whatever is smaller, lane by lane.
  @inline(__always)
  func atMost(_ other: Lanes) -> Lanes { replacing(with: other, where: self .> other) }

  @inline(__always)
  func atMost(_ most: Double) -> Lanes { atMost(Lanes(repeating: most)) }

  @inline(__always)
  var magnitudes: Lanes { replacing(with: -self, where: self .< 0) }
}

/// ``countDeviate(_:mean:dispersion:)`` in every lane.
@inline(__always)
func countDeviates(_ count: Lanes, mean: Lanes, dispersion: Lanes) -> Lanes {
  let seen = dispersion * (count.atLeast(0) + 0.375)
  let normal = dispersion * (mean.atLeast(0) + 0.375)
  let above = seen.squareRoot() + (seen + 1).squareRoot()
  let below = normal.squareRoot() + (normal + 1).squareRoot()
  return 2 / dispersion.squareRoot() * logarithms(of: above, over: below)
}

/// The natural logarithms of quotients of positive numbers, those near 1 from a short series.
@inline(__always)
private func logarithms(of above: Lanes, over below: Lanes) -> Lanes {
  let part = (above - below) / (above + below)
  let square = part * part
  var series: Lanes = square * (1.0 / 9) + (1.0 / 7)
  series = square * series + 0.2
  series = square * series + (1.0 / 3)
  series = square * series + 1
  var near: Lanes = 2 * part * series
  let isFar = part.magnitudes .>= shortSeriesReach
  guard any(isFar) else { return near }
  for lane in 0..<8 where isFar[lane] { near[lane] = naturalLogarithm(above[lane] / below[lane]) }
  return near
}
