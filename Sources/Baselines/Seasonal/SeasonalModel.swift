import SeriesModel

/// The model of daily and hourly series: a level, the season's shape, noise, and what departs.
///
/// Level: an exponentially weighted mean; a value far outside is not learned from, one somewhat
/// outside is clipped. Season: a factor a slot, shrunk to the cohort's. Windows: sums over the last
/// buckets against the level as it stood before them, with scales learned from the series' own
/// quiet past. Everything that is learned is guarded by the model's own tests at nominal
/// sensitivity, so that settings never change what was learned.
///
/// It is large and looked at many times a bucket: as a structure it would be copied for each look.
///
/// `@unchecked Sendable`: whoever changes it holds the only reference to it, and forks it first where
/// that is not so. For the same reason accesses need no check of their own.
final class SeasonalModel: @unchecked Sendable {
  let kind: MetricKind
  let parameters: ModelParameters
  let granularity: Granularity
  let windowReach: WindowReach

  /// How many values were seen.
  @exclusivity(unchecked) var age = 0
  /// Buckets since the first value.
  @exclusivity(unchecked) var steps = 0

  // Level: weighted sums of values and of factors; their ratio is the level.
  @exclusivity(unchecked) var valueWeight = 0.0
  @exclusivity(unchecked) var factorWeight = 0.0

  @exclusivity(unchecked) var profile: SeasonProfile
  @exclusivity(unchecked) var noise: SeriesNoise
  @exclusivity(unchecked) var windows: WindowHistory
  @exclusivity(unchecked) var scales: WindowScales
  @exclusivity(unchecked) var guards = Guards()
  @exclusivity(unchecked) var zeros = ZeroHabit()
  @exclusivity(unchecked) var drift = DriftTest()
  @exclusivity(unchecked) var shape: SeasonTest
  @exclusivity(unchecked) var ties = TieTest()
  @exclusivity(unchecked) var recent = RecentValues()

  // Written anew in each step, never encoded.
  @exclusivity(unchecked) var step = SeasonalStep()
  @exclusivity(unchecked) var results = WindowResults()
  @exclusivity(unchecked) var flags: EvidenceFlags = []
  /// Whether the last buckets become the new normal.
  @exclusivity(unchecked) var hasLasted = false
  /// Active buckets and units of the last seven, where hardly anything came in eight weeks before.
  @exclusivity(unchecked) var adoption: (buckets: Int, units: Double) = (0, 0)

  init(kind: MetricKind, granularity: Granularity) {
    self.kind = kind
    self.granularity = granularity
    parameters = ModelParameters.parameters(for: granularity)
    profile = SeasonProfile(granularity: granularity)
    shape = SeasonTest(pace: granularity == .hour ? .hour : .day)
    noise = SeriesNoise(kind: kind)
    let lengths = parameters.windows
    let rates = parameters.learning
    windowReach = WindowReach(rates)
    windows = WindowHistory(longest: max(lengths.last ?? 1, EvidenceBatch.ringLength))
    scales = WindowScales(windows: lengths.count, samples: rates.delay / rates.sampling)
  }

  /// Another one that goes on from here by itself; what only the last step needed is not taken over.
  func fork() -> SeasonalModel {
    let other = SeasonalModel(kind: kind, granularity: granularity)
    other.age = age
    other.steps = steps
    other.valueWeight = valueWeight
    other.factorWeight = factorWeight
    other.profile = profile
    other.noise = noise
    other.windows = windows
    other.scales = scales
    other.guards = guards
    other.zeros = zeros
    other.drift = drift
    other.shape = shape
    other.ties = ties
    other.recent = recent
    return other
  }

  /// The level, or NaN before the first value.
  var level: Double { factorWeight > 0 ? valueWeight / factorWeight : .nan }

  /// Whether zero means that nothing happened.
  var isAmount: Bool { kind == .count || kind == .money }

  /// Which calibration holds: weekends are noisier than the days between, and so are nights.
  func calibration(_ slot: Int) -> Int {
    switch granularity {
    case .day: slot >= 5 ? 1 : 0
    case .week: 0
    case .hour, .fiveMinutes: slot >= 120 || slot % 24 < 7 || slot % 24 > 20 ? 1 : 0
    }
  }

  /// Holds a bucket against what was known before it, and makes every test.
  func examine(
    _ slot: Int, _ value: Double, _ flags: EvidenceFlags, _ cohort: CohortRow
  ) {
    settleProfile(slot, cohort)
    measure(slot, value, flags, cohort)
    windows.push(SeenBucket(step))
    measureWindows()
    guardWindows()
    hasLasted = isLasting
    testDrift(cohort)
    testSeason()
    testZeros()
    testTies()
    noteFlags()
  }

  /// Learns from the bucket that was examined.
  func learn() {
    if hasLasted { anchorAnew() }
    learnStep()
    steps += 1
  }

  /// Measures a bucket against the model without learning from it.
  private func measure(
    _ slot: Int, _ value: Double, _ flags: EvidenceFlags, _ cohort: CohortRow
  ) {
    var step = SeasonalStep()
    step.value = value
    step.slot = slot
    step.calibration = calibration(slot)
    step.factor = Double(profile.factors[slot])
    step.shiftFactor = isAmount && cohort.shift != 0 ? exponential(cohort.shift) : 1
    step.level = level
    step.mean = step.level * step.factor * step.shiftFactor
    step.dispersion = noise.dispersion(parameters.learning)
    step.isZero = !value.isNaN && value <= 0 && isAmount
    step.isOrdinary = flags.isDisjoint(with: [.holiday, .outage])
    let isValue = !value.isNaN && !(step.isZero && zeros.isMissing(slot) && zeros.isUsual)
    step.isUsed = isValue && step.isOrdinary
    if step.level.isFinite {
      step.spread = noise.spread(mean: step.mean, dispersion: step.dispersion)
      if isValue {
        step.rawDeviate = noise.deviate(
          value, mean: step.mean, dispersion: step.dispersion, spread: step.spread, count: 1)
        step.deviate = step.rawDeviate / noise.scale(step.calibration)
      }
      let rates = parameters.learning
      step.clipped = min(max(value, step.mean - 3.85 * step.spread), step.mean + 4.9 * step.spread)
      step.lightlyClipped = min(
        max(value, step.mean - rates.lightClipBelow * step.spread),
        step.mean + rates.lightClipAbove * step.spread)
    } else {
      step.isUsed = false
      step.clipped = value
      step.lightlyClipped = value
    }
    self.step = step
  }

  /// What the series says of its cohort, before it learns from the bucket.
  func cohortView(_ slot: Int, _ value: Double, _ flags: EvidenceFlags) -> CohortView {
    var view = CohortView()
    let level = level
    if isAmount, !value.isNaN, level > 0, age >= parameters.grossFrom,
      !flags.contains(.holiday), !(value <= 0 && zeros.isMissing(slot)), !guards.isSilent
    {
      let mean = level * Double(profile.factors[slot])
      if kind == .money {
        view.logRatio = naturalLogarithm((max(value, 0) + mean * 5e-5) / (mean * 1.000_05))
      } else if mean > 8 {
        view.logRatio = naturalLogarithm((max(value, 0) + 0.5) / (mean + 0.5))
      }
    }
    guard slot == 0, granularity == .day, isAmount else { return view }
    if level > 0 { view.drifts = drift.view(level: recentLevel, age: age) }
    view.profile = profile.view(leastLevel: kind == .count ? 30 : Float(level))
    return view
  }

  /// Settles the factors once a season, at its first bucket; hourly ones once a day.
  private func settleProfile(_ slot: Int, _ cohort: CohortRow) {
    let every = granularity == .hour || granularity == .fiveMinutes ? 24 : profile.slots
    guard profile.slots > 1, isAmount, slot % every == 0,
      steps >= (granularity == .day ? 8 : 168)
    else { return }
    let belief = parameters.learning.slotBelief
    profile.settle(
      pooled: cohort.profile,
      belief: kind == .count ? belief : Float(max(level.magnitude, 1e-9)) * 0.25)
  }

  private func noteFlags() {
    flags = []
    if step.isZero, zeros.isHabit, !step.isUsed { flags.insert(.hurdle) }
    if isContaminated { flags.insert(.contaminated) }
    if hasLasted { flags.insert(.reanchored) }
  }
}
