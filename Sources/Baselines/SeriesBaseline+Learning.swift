import SeriesModel

extension SeriesBaseline {
  /// Whether any window is out of the ordinary at nominal sensitivity.
  var guardFires: Bool {
    for (result, rule) in zip(windowResults, parameters.rules) where result.valid > 0 {
      let scale = isLearning ? parameters.grossScale : 1
      let threshold = rule.threshold(
        age: age, ageInflation: parameters.ageInflation, scale: scale)
      if result.deviate.magnitude > threshold, result.isLargeEnough { return true }
    }
    return false
  }

  /// Whether the value is so far out that nothing is learned from it.
  func isContaminated(_ step: BaselineStep) -> Bool {
    step.isUsed && step.deviate.magnitude > 3.87 && age > parameters.settleFrom * 3 / 2
  }

  /// Learns the level, the noise, the profile and the zeros from a step.
  mutating func learn(_ step: BaselineStep) {
    if guardFires { guardBucket = step.bucket }
    let contaminated = isContaminated(step)
    if step.isUsed { maskedRun = contaminated ? maskedRun + 1 : 0 }
    countSide(step)
    if !step.value.isNaN {
      if step.isUsed, !contaminated { learnLevel(step) }
      if step.isUsed, step.level.isFinite, age > parameters.settleFrom, quietSince(10, step) {
        learnNoise(step)
      }
      if step.isUsed, !contaminated, step.level.isFinite { learnSlot(step) }
    }
    learnWindows(step)
    learnZeros(step)
    let reach = parameters.windows[parameters.windows.count - 1]
    if maskedRun >= 10 || (sideRun.magnitude >= reach && isLastingChange(step)) {
      anchorAnew(step, reach: reach)
    }
    if !step.value.isNaN {
      age += 1
      if kind == .count || kind == .money { settleHurdle(step) }
      recent.append(step.value)
    }
    settleProfile(step)
    history = step.hash
    lastBucket = step.bucket
  }

  /// Whether no guard fired in so many buckets.
  private func quietSince(_ buckets: Int32, _ step: BaselineStep) -> Bool {
    guard let guardBucket else { return true }
    return Int(step.bucket) - Int(guardBucket) > buckets
  }

  /// Counts buckets in a row on one side of the band's inner part; the sign is the side.
  private mutating func countSide(_ step: BaselineStep) {
    guard step.isUsed else { return }
    if step.deviate > 1 {
      sideRun = max(sideRun, 0) + 1
    } else if step.deviate < -1 {
      sideRun = min(sideRun, 0) - 1
    } else {
      sideRun = 0
    }
  }

  private mutating func learnLevel(_ step: BaselineStep) {
    let value = age > parameters.settleFrom ? step.clipped : step.value
    valueWeight = parameters.decay * valueWeight + value
    factorWeight = parameters.decay * factorWeight + step.factor
  }

  private mutating func learnNoise(_ step: BaselineStep) {
    let residual = step.value - step.mean
    let square = min(residual * residual, 5.58 * step.spread * step.spread)
    switch kind {
    case .count:
      let mean = max(step.mean, 1e-6)
      let weight = min(1, mean / 5)
      excess = 0.987 * excess + weight * (square - mean) / max(mean * mean, 0.25)
      excessWeight = 0.987 * excessWeight + weight
    case .money:
      let mean = max(step.mean.magnitude, 1e-9)
      excess = 0.987 * excess + square / (mean * mean)
      excessWeight = 0.987 * excessWeight + 1
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
    let place = calibrationIndex(step.slot)
    let known = calibration[place] * calibration[place]
    let seen = min(step.rawDeviate * step.rawDeviate, 9 * known)
    calibration[place] = (0.975 * known + 0.025 * seen * 1.04).squareRoot()
  }

  private mutating func learnSlot(_ step: BaselineStep) {
    guard factors.count > 1, kind == .count || kind == .money, step.level > 0 else { return }
    let value = age > parameters.settleFrom ? max(step.clipped, 0) : step.value
    slotValue[step.slot] = 0.9 * slotValue[step.slot] + Float(value)
    slotLevel[step.slot] = 0.9 * slotLevel[step.slot] + Float(step.level)
  }

  /// Settles the factors anew once a season, when every slot has been seen.
  private mutating func settleProfile(_ step: BaselineStep) {
    guard factors.count > 1, kind == .count || kind == .money,
      step.slot == factors.count - 1, age >= parameters.settleFrom, slot(step.bucket + 1) == 0,
      !slotLevel.contains(0)
    else { return }
    // Six counts' worth of belief that the slot is like the mean of all; money has no counts, so
    // there it is a share of the level.
    let belief: Float = kind == .count ? 6 : Float(max(level.magnitude, 1e-9)) * 0.25
    var sum: Float = 0
    for slot in factors.indices {
      let factor = (slotValue[slot] + belief) / (slotLevel[slot] + belief)
      factors[slot] = min(max(factor, 0.01), 8)
      sum += factors[slot]
    }
    let mean = sum / Float(factors.count)
    for slot in factors.indices { factors[slot] /= mean }
  }

  /// Learns the windows' own scale from deviates of the past, never across a guard.
  private mutating func learnWindows(_ step: BaselineStep) {
    let calm = quietSince(14, step) && Int(step.bucket) - Int(anchorBucket) > 28 && !isLearning
    let gate = quietSince(Int32(Self.delay), step)
    for place in windowResults.indices {
      let past = pastDeviates[place][back: Self.delay - 1]
      if gate, past != .min, past != 0 {
        let deviate = Double(past) / 100
        let known = max(1, windowSquare[place])
        windowSquare[place] =
          0.985 * windowSquare[place] + 0.015 * min(deviate * deviate, 9 * known) * 1.04
        let size = deviate.magnitude / max(1, windowSquare[place]).squareRoot()
        windowRecord[place] = max(windowRecord[place] * 0.997, size)
      } else {
        windowRecord[place] *= 0.997
      }
      let result = windowResults[place]
      let kept = min(max((result.rawDeviate * 100).rounded(), -32_000), 32_000)
      pastDeviates[place].push(calm && result.valid > 0 ? Int16(kept) : .min)
    }
  }

  /// Whether the longest window speaks of a change of the level that a guard saw begin.
  private func isLastingChange(_ step: BaselineStep) -> Bool {
    let result = windowResults[windowResults.count - 1]
    return result.valid > 0 && result.deviate.magnitude > 4.5 && result.change.magnitude > 0.22
      && !quietSince(14, step)
  }

  /// Takes the last buckets as the new normal.
  private mutating func anchorAnew(_ step: BaselineStep, reach: Int) {
    var values = 0.0
    var weights = 0.0
    var count = 0
    for back in 0..<reach where !ringClipped[back: back].isNaN {
      let weight = 1 - 0.03 * Double(back)
      values += weight * ringObserved[back: back]
      weights += weight * Double(factors[slot(step.bucket - Int32(back))])
      count += 1
    }
    guard count * 2 > reach, weights > 0 else { return }
    valueWeight = values
    factorWeight = weights
    anchorBucket = step.bucket - Int32(reach - 1)
    guardBucket = step.bucket
    maskedRun = 0
    sideRun = 0
    reanchoredBucket = step.bucket
  }
}
