import SeriesModel

extension SeasonalModel {
  /// Takes the level against those of weeks ago, once a week.
  func testDrift(_ cohort: CohortRow) {
    guard parameters.shapes.decline.isFinite, isAmount else { return }
    guard step.slot == 0 else { return }
    guard level > 0 else { return drift.silence() }
    drift.measure(
      level: level, recent: recentLevel, step: steps, age: age, anchor: guards.anchor,
      dispersion: step.dispersion, cohort: cohort)
    drift.gate(
      mayJudge: age > 120 && guards.isQuiet(21, at: steps) && !guards.isSilent, step: steps,
      rules: parameters.shapes)
  }

  /// The level of the last three weeks alone: the one that is held lags as much behind a fall as
  /// half of it takes.
  var recentLevel: Double {
    let buckets = 21
    var values = 0.0
    var weights = 0.0
    var valid = 0
    windows.walkBack(buckets) { _, bucket in
      guard !bucket.clipped.isNaN else { return true }
      values += Double(bucket.clipped)
      weights += Double(bucket.factor)
      valid += 1
      return true
    }
    return valid * 5 >= buckets * 3 && weights > 0 ? values / weights : level
  }

  /// Takes the last three weeks against the season's shape of three weeks ago, once a week.
  func testSeason() {
    guard parameters.shapes.season.isFinite, isAmount else { return }
    if granularity == .hour { return testHours() }
    guard step.slot == 0, age > 84 else { return }
    let (distance, effect, valid, daily) = seasonDistance()
    let mayJudge =
      age > 98 && guards.isQuiet(21, at: steps) && steps - guards.anchor > 28 && valid >= 14
      && !guards.isSilent && (kind == .money || daily * 7 > 6)
    if shape.take(
      distance: distance, effect: effect, mayJudge: mayJudge, step: steps,
      rules: parameters.shapes)
    {
      profile.keep(0.1)
    }
  }

  private func seasonDistance() -> (
    distance: Double, effect: Double, valid: Int, daily: Double
  ) {
    var seen = [0.0, 0, 0, 0, 0, 0, 0]
    var usual = [0.0, 0, 0, 0, 0, 0, 0]
    var valid = 0
    windows.walkBack(21) { back, bucket in
      guard !bucket.clipped.isNaN else { return true }
      let slot = (step.slot + 21 - back) % 7
      seen[slot] += Double(bucket.clipped)
      usual[slot] += profile.oldFactor(slot) * Double(bucket.shift)
      valid += 1
      return true
    }
    let level = seen.reduce(0, +) / max(usual.reduce(0, +), 1e-9)
    let unit = kind == .money ? max(level.magnitude, 1e-9) / 1e4 : 1
    var squares = 0.0
    var changes = 0.0
    for slot in 0..<7 {
      let mean = usual[slot] * level / unit
      let value = seen[slot] / unit
      let deviate = countDeviate(
        value, mean: mean, dispersion: max(step.dispersion / 3, 1e-9))
      squares += min(deviate * deviate, 60)
      changes += naturalLogarithm((max(value, 0) + 1) / (max(mean, 0) + 1)).magnitude
    }
    return ((squares / 7).squareRoot(), changes / 7, valid, level)
  }

  /// Counts zeros, and finds silence and its end.
  func testZeros() {
    guard isAmount else { return }
    zeros.measure(step, halved: granularity == .hour)
    let rules = parameters.shapes
    if !guards.isSilent, age >= parameters.warmUp,
      rules.silenceScore(zeros.surprise, run: zeros.run, scale: 1) > 1
    {
      guards.isSilent = true
      guards.fired = steps
      guards.isUp = false
    }
    adoption = newUse
    if adoption.buckets > 0, rules.isAdoption(buckets: adoption.buckets, units: adoption.units) {
      if guards.adopted.map({ steps - $0 > 60 }) ?? true { guards.adopted = steps }
      guards.fired = steps + parameters.learning.alarmReach
      guards.isUp = true
      guards.anchor = steps
      guards.isSilent = false
    }
    guard guards.isSilent else { return }
    if zeros.run >= parameters.learning.silenceReach { return acceptSilence() }
    guard activeBuckets.count >= 3 else { return }
    guards.isSilent = false
    guards.fired = steps
    guards.isUp = true
    guards.anchor = steps - 3
  }

  /// Takes nothing for the new normal.
  private func acceptSilence() {
    guards.isSilent = false
    guards.anchor = steps
    guards.anchored = steps
    valueWeight = 0
    drift.declined = steps
    zeros.forget()
  }

  /// Buckets of the last seven with something in them, and what was in them.
  var activeBuckets: (count: Int, units: Double) {
    var count = 0
    var units = 0.0
    windows.walkBack(7) { _, bucket in
      if bucket.observed > 0 {
        count += 1
        units += bucket.observed
      }
      return true
    }
    return (count, units)
  }

  /// Active buckets and units of the last seven, where hardly anything came in eight weeks before.
  private var newUse: (buckets: Int, units: Double) {
    // What was in use three weeks ago is not new; most series are through with that.
    let isOld = windows[back: EvidenceBatch.ringLength - 1].observed > 1
    guard !isOld, parameters.shapes.adoptionBuckets != .max, step.value > 0, isAmount,
      recent.count == RecentValues.capacity, recent.isUnused(before: 6)
    else { return (0, 0) }
    let active = activeBuckets
    return (active.count, active.units)
  }

  /// Counts equal values.
  func testTies() {
    guard parameters.shapes.plateau.isFinite else { return }
    ties.measure(step, windows, at: steps, isCapped: isAmount)
    guard age > 60, isAmount == false || step.mean >= 1.5 else { return }
    if parameters.shapes.plateauScore(
      ties.surprise, run: ties.run, capExcess: ties.capExcess, scale: 1) > 1
    {
      ties.note(at: steps)
    }
  }

  /// Whether the value is so far out that nothing is learned from it.
  var isContaminated: Bool {
    step.isUsed && step.deviate.magnitude > parameters.learning.mask
      && age > parameters.learning.maskFrom
  }

  /// Learns the level, the noise, the season and the zeros from the step.
  func learnStep() {
    let rates = parameters.learning
    let isMasked = isContaminated
    if step.isUsed {
      let calmer = granularity == .hour ? max(guards.maskedRun - 2, 0) : 0
      guards.maskedRun = isMasked ? guards.maskedRun + 1 : calmer
    }
    if !step.value.isNaN, !(guards.isSilent && step.isZero),
      step.isOrdinary || !step.level.isFinite
    {
      learnValue(isMasked: isMasked, rates)
    }
    learnWindows(rates)
    if isAmount {
      zeros.learn(
        step, isMoney: kind == .money, isSilent: guards.isSilent, hasWeek: granularity == .day)
    }
    guard !step.value.isNaN else { return }
    age += 1
    recent.append(step.value)
    guard isAmount, rates.hasZeroHabit,
      let share = zeros.settle(
        mean: step.mean, isMoney: kind == .money, hasWeek: granularity == .day)
    else {
      return
    }
    valueWeight /= share
    profile.keep(0)
    noise.forgetZeros()
    guards.anchor = steps
  }

  private func learnValue(isMasked: Bool, _ rates: LearningRates) {
    let isFirst = !step.level.isFinite
    if (step.isUsed && !isMasked) || isFirst {
      let value = age > rates.clipFrom ? step.clipped : step.value
      valueWeight = rates.decay * valueWeight + value
      factorWeight = rates.decay * factorWeight + step.factor * step.shiftFactor
    }
    guard step.isUsed else { return }
    if age > rates.noiseFrom,
      guards.isQuiet(granularity == .day ? 10 : rates.alarmReach, at: steps),
      !guards.isSilent
    {
      noise.learn(step, recent, rates)
    }
    let isFree = shape.isRelearning(steps)
    guard isAmount, step.level > 0, !isMasked || isFree, profile.slots > 1 else { return }
    let limit = step.mean + 14 * step.spread
    let value =
      isFree ? min(step.value, limit) : age > rates.clipFrom ? step.clipped : step.value
    profile.learn(
      step.slot, value: max(value, 0), level: step.level * step.shiftFactor,
      decay: rates.slotDecay)
  }

  private func learnWindows(_ rates: LearningRates) {
    guard steps % rates.sampling == 0 else { return }
    let mayKeep =
      guards.isQuiet(rates.alarmReach, at: steps) && steps - guards.anchor > rates.settle
      && age >= parameters.warmUp
    scales.learn(
      results, at: steps / rates.sampling, mayKeep: mayKeep,
      mayTeach: guards.isQuiet(rates.delay, at: steps), rates: rates)
  }
}
