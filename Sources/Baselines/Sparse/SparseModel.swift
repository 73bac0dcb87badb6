import SeriesModel

/// The model of weekly series of customers that act a few times a month.
///
/// Such a series has too many zeros for levels and deviations. What can be said is how likely the
/// customer will do less than half of what it did: the rate is believed to be gamma distributed,
/// from the last half-year, the usual customer's rate and the regularity of the customer's own
/// gaps, so that what the next quarter brings is negative binomial. Beside that a customer leaves
/// now and then without notice, which every silent bucket makes likelier.
///
/// Time is counted in what the cohort did: a bucket in which nobody acts is no time at all. Values
/// are counted in events: the single things of a count where few come at a time, else the buckets
/// with activity.
struct SparseModel: Sendable {
  let kind: MetricKind

  /// Values seen, those of no activity among them.
  var age = 0

  /// Buckets since the first value, missing ones among them.
  var steps = 0

  /// All events that ever came.
  var total = 0.0

  // Events that came and how much of the cohort's time it took, lately and over years.
  var sum = 0.0
  var time = 0.0
  var longSum = 0.0
  var longTime = 0.0

  /// Buckets, those with activity, and the values in these.
  var buckets = 0.0
  var active = 0.0
  var values = 0.0

  // Gaps between buckets with activity.
  var gapCount = 0.0
  var gapSum = 0.0
  var gapSquares = 0.0

  /// Buckets since the last activity.
  var run = 0

  /// Minus the log of the chance of the present silence while the customer stays.
  var surprise = 0.0

  /// How much likelier than not the customer has left.
  var odds = 0.0

  /// What was expected of a bucket, in the metric's unit, when the silence began.
  var expected = 0.0

  /// The risk at which the rule fired in the present silence; 0 while it has not.
  var firedRisk = 0.0

  /// The events of the last half-year, oldest first; NaN where missing.
  var recent = Ring(repeating: Double.nan, count: Self.halfYear)

  /// A model that has seen nothing.
  init(kind: MetricKind) { self.kind = kind }

  /// Advances by one bucket.
  ///
  /// - Parameters:
  ///   - value: The value, or NaN where it is missing; time stands still then.
  ///   - shift: By how much everyone in the cohort differs from normal, as a log ratio.
  /// - Returns: The evidence; nil where the value is missing or the first one.
  mutating func advance(value: Double, shift: Double) -> SparseEvidence? {
    guard age > 0 || value > 0 else { return nil }
    steps += 1
    guard !value.isNaN else {
      recent.push(.nan)
      return nil
    }
    let before = belief
    let isActive = value > 0
    let passed = exponential(min(max(shift, -5), 5))
    if run == 0 { expected = before.rate * unit }
    let deviation = (before.rate * before.spread).squareRoot() * unit
    learnSize(value)
    learnGap(isActive: isActive)
    learnSilence(isActive: isActive, before, passed)
    learnRate(events(of: value), passed)
    age += 1
    let risk = max(risk, firedRisk)
    if risk > LeavingRule.week.threshold(silentBuckets: run, scale: 1) { firedRisk = risk }
    guard age > 1 else { return nil }
    return SparseEvidence(
      expected: expected, deviation: deviation, silentBuckets: run, silence: surprise, risk: risk)
  }

  /// Whether so many buckets are without activity that sums over some of them say little.
  var isSparse: Bool { active < 0.75 * buckets }

  /// How many events came in this bucket and how many were to be expected at the rate before it;
  /// nil where too little is known or the value is missing.
  func cohortShare(of value: Double) -> CohortView.Share? {
    guard !value.isNaN, age > Self.settleFrom else { return nil }
    return CohortView.Share(seen: events(of: value), expected: belief.rate / (1 + odds))
  }

  /// Minus the log of the chance that the customer stays and does at least half as much in the next
  /// quarter as it did in the last two; 0 before it is established.
  private var risk: Double {
    guard age > Self.establishedAge, total >= Self.establishedEvents else { return 0 }
    var valid = 0.0
    var sum = 0.0
    recent.forEachOldestFirst { events in
      guard !events.isNaN else { return }
      valid += 1
      sum += events
    }
    guard valid >= Double(Self.quarter) else { return 0 }
    let missing = Double(min(steps, Self.halfYear)) / valid
    let half = sum * missing * Double(Self.quarter) / Double(2 * Self.halfYear)
    var less = 1.0
    if half > 0 {
      let belief = belief
      // The largest count below half.
      let count = max((half - 1e-9).rounded(.up) - 1, 0)
      less = chance(
        ofAtMost: count, shape: belief.shape, exposure: Double(Self.quarter) / belief.time)
    }
    let stays = (1 - less) / (1 + odds)
    return stays > 1e-13 ? -naturalLogarithm(stays) : 30
  }
}

extension SparseModel {
  /// What is known of the rate.
  struct Belief: Sendable {
    /// Events in a bucket of the cohort's usual time.
    var rate: Double
    /// Buckets that the belief rests on.
    var time: Double
    /// How much more the events vary than by chance alone.
    var spread: Double

    /// Of the gamma distribution.
    var shape: Double { rate * time / spread }
  }

  var belief: Belief {
    let usual = Self.usualRate
    let own = (usual * 4 + longSum) / (4 + longTime)
    let prior = Self.priorEvents / own
    let rate = (prior * usual + sum) / (prior + time)
    return Belief(rate: rate, time: prior + time, spread: spread)
  }

  /// The usual value of a bucket with activity.
  private var size: Double { active > 0 ? values / active : 1 }

  /// Whether the things of a count come a few at a time, so that each is an event.
  private var isSingle: Bool { kind == .count && size < Self.fewAtOnce }

  /// The size of an event in the metric's unit.
  private var unit: Double { isSingle ? 1 : size }

  /// Where many come at once or the value is an amount, its size is mostly chance: a bucket with
  /// activity is one event then, and never many.
  private func events(of value: Double) -> Double {
    guard value > 0 else { return 0 }
    return isSingle ? min(value, Self.mostEvents) : 1
  }

  /// The squared gaps beside those of pure chance: customers that come now and then say less by
  /// their silence than those that come like clockwork.
  private var spread: Double {
    let mean = gapCount > 0 ? gapSum / gapCount : 1
    let seen = gapSquares / (mean * mean) - gapCount
    let known = Self.priorGaps + max(gapCount - 1, 0)
    return max(Self.leastSpread, (Self.usualSpread * Self.priorGaps + seen) / known)
  }

  private mutating func learnSize(_ value: Double) {
    buckets = Self.longDecay * buckets + 1
    active = Self.longDecay * active
    values = Self.longDecay * values
    guard value > 0 else { return }
    // A single huge one does not make all others small.
    let size = active > 0 ? min(value, 10 * values / active) : value
    active += 1
    values += max(size, 1e-9)
  }

  private mutating func learnGap(isActive: Bool) {
    run += 1
    guard isActive else { return }
    if age > 0 {
      let gap = Double(run)
      gapCount += 1
      gapSum += gap
      gapSquares += gap * gap
    }
    run = 0
  }

  private mutating func learnSilence(isActive: Bool, _ before: Belief, _ passed: Double) {
    guard !isActive else {
      surprise = 0
      odds = 0
      firedRisk = 0
      return
    }
    let step = before.shape * naturalLogarithm(1 + passed / before.time)
    let leaves = min(Self.leaving * passed, 0.5)
    surprise = min(surprise + step, 700)
    odds = min((odds + leaves) / (1 - leaves) * exponential(min(step, 100)), 1e12)
  }

  private mutating func learnRate(_ events: Double, _ passed: Double) {
    sum = Self.decay * sum + events
    time = Self.decay * time + passed
    longSum = Self.longDecay * longSum + events
    longTime = Self.longDecay * longTime + passed
    total = min(total + events, 1e9)
    recent.push(events)
  }

  // In buckets of a week.
  static let quarter = 13
  static let halfYear = 26
  /// What is left of a value's weight after one bucket: half after half a year, and after two.
  private static let decay = 0.973_692_720_697_434_2
  private static let longDecay = 0.993_357_284_293_957
  /// The mean of the buckets with activity from which on a count's things come many at a time.
  private static let fewAtOnce = 5.0
  /// The most events that one bucket counts for.
  private static let mostEvents = 5.0
  /// Events a bucket of a customer of which nothing is known, and how many events of its own that
  /// belief is worth.
  private static let usualRate = 0.13
  private static let priorEvents = 4.0
  /// Squared gaps beside chance's of such a customer, and how many gaps that is worth.
  private static let usualSpread = 3.0
  private static let priorGaps = 3.0
  /// No customer is believed to be more regular than this.
  private static let leastSpread = 1.0 / 3
  /// The chance that a customer leaves in a bucket without notice.
  private static let leaving = 0.000_5
  /// Values before a series says something of its cohort.
  private static let settleFrom = 8
  /// Values and events before a customer is judged.
  private static let establishedAge = 13
  private static let establishedEvents = 5.999
}
