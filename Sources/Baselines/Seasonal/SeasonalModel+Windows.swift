import SeriesModel

/// What the model's own tests have found, at nominal sensitivity, in steps since the first value.
struct Guards: Sendable {
  /// When a window last departed anew, and to which side.
  var fired: Int?
  var isUp = false
  /// The bucket from which on the level holds.
  var anchor = 0
  /// When the level was last set anew.
  var anchored: Int?
  /// Buckets in a row that were too far out to learn from.
  var maskedRun = 0
  /// When a zero run that is still open was found to be one.
  var isSilent = false
  /// When adoption was last found.
  var adopted: Int?

  /// Whether no window has departed in so many buckets.
  func isQuiet(_ buckets: Int, at step: Int) -> Bool {
    fired.map { step - $0 > buckets } ?? true
  }
}

extension SeasonalModel {
  /// Measures every window that ends at the step, in one walk back from it.
  mutating func measureWindows() {
    for place in results.indices { results[place].clear() }
    guard step.isUsed, step.level.isFinite, age >= parameters.grossFrom else { return }
    let rates = parameters.learning
    let sinceAnchor = steps - guards.anchor
    var place = 0
    var tally = WindowTally()
    let longest = windows.clipped.count
    let light = windows.light.count
    let seen = windows.observed.count
    for back in 0..<min(longest, steps + 1) where place < results.count {
      let clipped = windows.clipped[longest - 1 - back]
      if !clipped.isNaN {
        let factor = Double(windows.factor[longest - 1 - back])
        tally.valid += 1
        tally.factors += factor
        tally.squares += factor * factor
        tally.clipped += Double(clipped)
        if back < light { tally.light += Double(windows.light[light - 1 - back]) }
        tally.observed +=
          back < seen ? windows.observed[seen - 1 - back] : Double(clipped)
      }
      guard back + 1 == results[place].length else { continue }
      let wait = back + 1 > 3 ? rates.anchorWaitLong : rates.anchorWaitShort
      if sinceAnchor >= back + 1 + wait, tally.valid * 5 >= (back + 1) * 3 {
        let reference = Double(windows.level[longest - 1 - back])
        if reference.isFinite {
          measureWindow(
            place, tally, reference, dispersion: Double(windows.dispersion[longest - 1 - back]))
        }
      }
      place += 1
    }
  }

  private mutating func measureWindow(
    _ place: Int, _ tally: WindowTally, _ reference: Double, dispersion: Double
  ) {
    var result = results[place]
    result.valid = tally.valid
    result.sum = tally.observed
    result.expected = reference * tally.factors
    let share = tally.squares / max(tally.factors * tally.factors, 1e-12)
    let judged = result.length > parameters.learning.lightWindow ? tally.clipped : tally.light
    let raw = noise.deviate(
      judged, mean: result.expected, dispersion: dispersion * share, spread: step.spread,
      count: Double(result.valid))
    result.rawDeviate = result.length == 1 ? raw / noise.scale(step.calibration) : raw
    result.deviate =
      result.rawDeviate
      / scales.divisor(
        place, threshold: parameters.rules[place].threshold, age: age,
        rates: parameters.learning)
    // The deviation is what yields the deviate, so that detection needs no formula of the noise.
    let difference = result.sum - result.expected
    if difference.magnitude > 1e-12, result.deviate != 0, (difference > 0) == (result.deviate > 0) {
      result.deviation = difference / result.deviate
    } else {
      // Clipping turned the sign: one value alone made the sum, which is no departure.
      result.deviation = max(difference.magnitude * 1e3, 1e-6)
      result.deviate = 0
    }
    results[place] = result
  }

  /// Notes when a window departs anew, to guard what is learned.
  mutating func guardWindows() {
    guard age >= parameters.grossFrom, zeros.run < 2 else { return }
    let gross = age < parameters.warmUp ? parameters.grossScale : 1
    var best = 1.0
    var isUp = false
    for (result, rule) in zip(results, parameters.rules) where result.valid > 0 {
      let threshold = rule.threshold(
        age: age, ageInflation: parameters.ageInflation, scale: gross)
      let score = result.deviate.magnitude / threshold
      guard score > best,
        rule.isLargeEnough(
          sum: result.sum, expected: result.expected, deviation: step.spread,
          valid: result.valid, kind: kind)
      else { continue }
      best = score
      isUp = result.deviate > 0
    }
    guard best > 1 else { return }
    let reach = parameters.learning
    guard
      guards.isQuiet(reach.alarmReach, at: steps)
        || isUp != guards.isUp && guards.isQuiet(reach.oppositeReach, at: steps)
    else { return }
    guards.fired = steps
    guards.isUp = isUp
  }

  /// Whether a departure has lasted for so long that it is the new normal.
  var isLasting: Bool {
    let rates = parameters.learning
    guard !guards.isSilent,
      let result = results.first(where: { $0.length == rates.anchorWindow })
    else { return false }
    if guards.maskedRun >= rates.maskedRun { return true }
    var isLasting = false
    if result.valid > 0, result.deviate.magnitude > 4.5,
      !guards.isQuiet(rates.alarmReach, at: steps)
    {
      let change = WindowRule.change(
        sum: result.sum, expected: result.expected, deviation: step.spread,
        valid: result.valid, kind: kind)
      isLasting = change.magnitude > rates.anchorEffect && isThroughout(rates, result)
    }
    return isLasting
  }

  /// Takes the last buckets as the new normal.
  mutating func anchorAnew() {
    let rates = parameters.learning
    let length = rates.anchorWindow
    var values = 0.0
    var weights = 0.0
    var count = 0
    let last = windows.clipped.count - 1
    for back in 0..<length where !windows.clipped[last - back].isNaN {
      let weight = granularity == .day ? 1 - 0.03 * Double(back) : 1
      values += weight * windows.observed[windows.observed.count - 1 - back]
      weights += weight * Double(windows.factor[last - back])
      count += 1
    }
    guard count * 7 >= length * 4, weights > 0 else { return }
    valueWeight = values
    factorWeight = weights
    guards.anchor = steps - length + 1
    guards.maskedRun = 0
    guards.anchored = steps
    if guards.fired == nil { guards.isUp = step.deviate > 0 }
    guards.fired = steps
    drift.declined = steps
    for back in 0..<length { windows.level[last - back] = Float(level) }
  }
}

extension SeasonalModel {
  /// Whether nearly all buckets of the window that sets the level anew show a good part of its
  /// change: what is over after some days leaves the others where they were.
  private func isThroughout(_ rates: LearningRates, _ result: WindowResult) -> Bool {
    let length = rates.anchorWindow
    let last = windows.clipped.count - 1
    let reference = Double(windows.level[last - length + 1])
    let change = (result.sum - result.expected) / max(result.expected.magnitude, 1e-9)
    var valid = 0.0
    var changed = 0.0
    for back in 0..<length where !windows.clipped[last - back].isNaN {
      let usual = reference * Double(windows.factor[last - back])
      let own = windows.observed[windows.observed.count - 1 - back] - usual
      valid += 1
      if own / change > 0.25 * usual.magnitude { changed += 1 }
    }
    return changed >= rates.anchorShare * valid
  }
}

/// Sums over the buckets of a window.
private struct WindowTally {
  var valid = 0
  var factors = 0.0
  var squares = 0.0
  var clipped = 0.0
  var light = 0.0
  var observed = 0.0
}
