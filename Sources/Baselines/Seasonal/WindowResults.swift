/// What came of each window in one step, a lane a window.
struct WindowResults: Sendable {
  /// Of the values.
  var sum = Lanes()
  /// What was to be expected of the sum.
  var expected = Lanes()
  /// One standard deviation of the sum.
  var deviation = Lanes()
  /// Buckets with a value; 0 where the window may not be judged.
  var valid = Lanes()
  /// Before it was divided by the series' own scale.
  var rawDeviate = Lanes()
  var deviate = Lanes()

  /// Takes what was measured; windows that may not be judged stay at zero.
  @inline(__always)
  mutating func take(_ sums: WindowSums, expected: Lanes, raw: Lanes, deviates: Lanes) {
    let difference = sums.observed - expected
    // Clipping may have turned the sign: one value alone made the sum, which is no departure.
    let isDeparture =
      (difference * deviates .> 0) .& (difference.magnitudes .> 1e-12)
    let isJudged = sums.valid .> 0
    // The deviation is what yields the deviate, so that detection needs no formula of the noise.
    let widest = (difference.magnitudes * 1e3).atLeast(1e-6)
    let spread = widest.replacing(with: difference / deviates, where: isDeparture)
    sum.replace(with: sums.observed, where: isJudged)
    self.expected.replace(with: expected, where: isJudged)
    deviation.replace(with: spread, where: isJudged)
    valid = sums.valid
    rawDeviate.replace(with: raw, where: isJudged)
    deviate.replace(with: deviates, where: isJudged .& isDeparture)
  }
}

/// What the windows sum up to, a lane a window; zeros where a window may not be judged.
struct WindowSums {
  /// What is held against the mean: clipped, more lightly in the shorter windows.
  var judged = Lanes()
  /// As they were seen.
  var observed = Lanes()
  var factors = Lanes()
  var squares = Lanes()
  var valid = Lanes()
  /// Level and dispersion before the window.
  var reference = Lanes()
  var dispersion = Lanes()

  /// Sets one lane.
  @inline(__always)
  mutating func note(_ tally: WindowTally, of first: SeenBucket, at place: Int, isLight: Bool) {
    withUnsafeMutableBytes(of: &self) { bytes in
      // Lane by lane through memory: a vector would be taken apart and joined for each.
      let cells = bytes.assumingMemoryBound(to: Double.self)
      cells[place] = isLight ? tally.light : tally.clipped
      cells[8 + place] = tally.observed
      cells[16 + place] = tally.factors
      cells[24 + place] = tally.squares
      cells[32 + place] = Double(tally.valid)
      cells[40 + place] = Double(first.level)
      cells[48 + place] = Double(first.dispersion)
    }
  }
}

/// Sums over the newest buckets, as far as a walk back has come.
struct WindowTally {
  var valid = 0
  var factors = 0.0
  var squares = 0.0
  var clipped = 0.0
  var light = 0.0
  var observed = 0.0
}
