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
  func measureWindows() {
    results = WindowResults()
    guard step.isUsed, step.level.isFinite, age >= parameters.grossFrom else { return }
    var sums = WindowSums()
    gather(into: &sums)
    let judged = sums.judged
    let expected = sums.reference * sums.factors
    let share = sums.squares / (sums.factors * sums.factors).atLeast(1e-12)
    var raw = noise.deviates(
      judged, mean: expected, dispersion: sums.dispersion * share, spread: step.spread,
      count: sums.valid)
    // The window of one bucket.
    raw[0] /= noise.scale(step.calibration)
    let divisors = scales.known.divisors(
      thresholds: parameters.thresholds, age: age, rates: parameters.learning)
    results.take(sums, expected: expected, raw: raw, deviates: raw / divisors)
  }

  /// Sums the buckets up, and notes each window where it ends.
  private func gather(into sums: inout WindowSums) {
    let rates = parameters.learning
    let sinceAnchor = steps - guards.anchor
    let lengths = parameters.windows
    let reach = windowReach
    var place = 0
    var end = lengths[0]
    var tally = WindowTally()
    windows.walkBack(steps + 1) { back, bucket in
      if !bucket.clipped.isNaN {
        let factor = Double(bucket.factor)
        let clipped = Double(bucket.clipped)
        tally.valid += 1
        tally.factors += factor
        tally.squares += factor * factor
        tally.clipped += clipped
        if back < reach.light { tally.light += Double(bucket.light) }
        tally.observed += back < reach.observed ? bucket.observed : clipped
      }
      let length = back + 1
      guard length == end else { return true }
      let wait = length > 3 ? rates.anchorWaitLong : rates.anchorWaitShort
      if sinceAnchor >= length + wait, tally.valid * 5 >= length * 3, bucket.level.isFinite {
        sums.note(tally, of: bucket, at: place, isLight: length <= reach.light)
      }
      place += 1
      guard place < lengths.count else { return false }
      end = lengths[place]
      return true
    }
  }

  /// Notes when a window departs anew, to guard what is learned.
  func guardWindows() {
    guard age >= parameters.grossFrom, zeros.run < 2 else { return }
    let gross = age < parameters.warmUp ? parameters.grossScale : 1
    let inflation = WindowRule.inflation(age: age, parameters.ageInflation) * gross
    guard any(results.deviate.magnitudes .> parameters.thresholds * inflation) else { return }
    var best = 1.0
    var isUp = false
    for (place, rule) in parameters.rules.enumerated() where results.valid[place] > 0 {
      let score = results.deviate[place].magnitude / (rule.threshold * inflation)
      guard score > best,
        rule.isLargeEnough(
          sum: results.sum[place], expected: results.expected[place], deviation: step.spread,
          valid: Int(results.valid[place]), kind: kind)
      else { continue }
      best = score
      isUp = results.deviate[place] > 0
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
    guard !guards.isSilent, let place = parameters.anchorPlace else { return false }
    if guards.maskedRun >= parameters.learning.maskedRun { return true }
    guard results.valid[place] > 0, results.deviate[place].magnitude > 4.5,
      !guards.isQuiet(parameters.learning.alarmReach, at: steps)
    else { return false }
    let change = WindowRule.change(
      sum: results.sum[place], expected: results.expected[place], deviation: step.spread,
      valid: Int(results.valid[place]), kind: kind)
    return change.magnitude > parameters.learning.anchorEffect && isThroughout(place)
  }

  /// Takes the last buckets as the new normal.
  func anchorAnew() {
    let rates = parameters.learning
    let length = rates.anchorWindow
    var values = 0.0
    var weights = 0.0
    var count = 0
    for back in 0..<length where !windows[back: back].clipped.isNaN {
      let weight = granularity == .day ? 1 - 0.03 * Double(back) : 1
      values += weight * windows[back: back].observed
      weights += weight * Double(windows[back: back].factor)
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
    for back in 0..<length { windows[back: back].level = Float(level) }
  }
}

extension SeasonalModel {
  /// Whether nearly all buckets of the window that sets the level anew show a good part of its
  /// change: what is over after some days leaves the others where they were.
  private func isThroughout(_ place: Int) -> Bool {
    let length = parameters.learning.anchorWindow
    let reference = Double(windows[back: length - 1].level)
    let (sum, expected) = (results.sum[place], results.expected[place])
    let change = (sum - expected) / max(expected.magnitude, 1e-9)
    var valid = 0.0
    var changed = 0.0
    for back in 0..<length where !windows[back: back].clipped.isNaN {
      let usual = reference * Double(windows[back: back].factor)
      let own = windows[back: back].observed - usual
      valid += 1
      if own / change > 0.25 * usual.magnitude { changed += 1 }
    }
    return changed >= parameters.learning.anchorShare * valid
  }
}
