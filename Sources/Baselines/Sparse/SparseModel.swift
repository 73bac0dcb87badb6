import SeriesModel

/// The model of weekly series of customers that act a few times a month.
///
/// Such a series has too many zeros for levels and deviations. What can be said is how likely the
/// customer will do less than half of what it did: the rate is believed to be gamma distributed,
/// from the last half-year, the cohort's usual rate and the regularity of the customer's own gaps,
/// so that what the next quarter brings is negative binomial. Beside that a customer leaves now and
/// then without notice, which every silent bucket makes likelier.
///
/// Time is counted in what the cohort did: a bucket in which nobody acts is no time at all. Values
/// are counted in events: a single thing of a count, the usual size of an amount.
struct SparseModel: Sendable {
  let kind: MetricKind

  /// Values seen, those of no activity among them.
  var age = 0

  /// Buckets since the first value, missing ones among them.
  var steps = 0

  /// All that ever came.
  var total = 0.0

  // What came and how much of the cohort's time it took, lately and over years.
  var sum = 0.0
  var time = 0.0
  var longSum = 0.0
  var longTime = 0.0
  /// Buckets, and those with activity.
  var longBuckets = 0.0
  var longActive = 0.0

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

  /// The last half-year, oldest first; NaN where missing.
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
    let amount = max(value, 0)
    guard age > 0 || amount > 0 else { return nil }
    steps += 1
    guard !value.isNaN else {
      recent.push(.nan)
      return nil
    }
    let before = belief
    let passed = exponential(min(max(shift, -5), 5))
    if run == 0 { expected = before.rate * before.unit }
    learnGap(isActive: amount > 0)
    learnSilence(isActive: amount > 0, before, passed)
    learnRate(amount, passed)
    recent.push(amount)
    total += amount
    age += 1
    let risk = max(risk, firedRisk)
    if run > 0, risk > LeavingRule.week.threshold(silentBuckets: run, scale: 1) {
      firedRisk = risk
    }
    guard age > 1 else { return nil }
    let spread = (before.rate * before.spread).squareRoot() * before.unit
    return SparseEvidence(
      expected: expected, deviation: max(spread, before.unit * 0.05), silentBuckets: run,
      silence: surprise, risk: risk)
  }

  /// Whether so many buckets are without activity that sums over some of them say little.
  var isSparse: Bool { longActive < 0.75 * longBuckets }

  /// How much came in this bucket and how much was to be expected at the rate before it, in events;
  /// nil where too little is known or the value is missing.
  func cohortShare(of value: Double) -> (seen: Double, expected: Double)? {
    guard !value.isNaN, age > Self.settleFrom else { return nil }
    let belief = belief
    return (max(value, 0) / belief.unit, belief.rate / (1 + odds))
  }

  /// Minus the log of the chance that the customer stays and does at least half as much in the next
  /// quarter as it did in the last two; 0 before it is established.
  private var risk: Double {
    let belief = belief
    guard age > Self.establishedAge, total >= Self.establishedEvents * belief.unit else {
      return 0
    }
    var valid = 0.0
    var sum = 0.0
    recent.forEachOldestFirst { value in
      guard !value.isNaN else { return }
      valid += 1
      sum += value
    }
    guard valid >= Double(Self.quarter) else { return 0 }
    let missing = Double(min(steps, Self.halfYear)) / valid
    let half = sum / belief.unit * missing * Double(Self.quarter) / Double(2 * Self.halfYear)
    let isNothing = half <= 0
    // The largest count below half.
    let count = max((half - 1e-9).rounded(.up) - 1, 0)
    let less =
      isNothing
      ? 1
      : chance(
        ofAtMost: count, shape: belief.shape, exposure: Double(Self.quarter) / belief.time)
    let stays = (1 - less) / (1 + odds)
    return stays > 1e-13 ? min(-naturalLogarithm(stays), 30) : 30
  }
}

/// What a sparse series shows in one bucket.
struct SparseEvidence: Sendable, Hashable {
  /// What the rate before the silence leads one to expect of a bucket, in the metric's unit.
  var expected: Double
  /// One standard deviation of the bucket.
  var deviation: Double
  /// Buckets in a row without activity, this one among them.
  var silentBuckets: Int
  /// Minus the log of the chance of the silence while the customer stays.
  var silence: Double
  /// Minus the log of the chance that the customer goes on with at least half.
  var risk: Double
}

extension SparseModel {
  /// What is known of the rate.
  struct Belief: Sendable {
    /// The size of an event in the metric's unit.
    var unit: Double
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
    let unit = unit
    let usual = Self.usualRate
    let own = (usual * 4 + longSum / unit) / (4 + longTime)
    let prior = Self.priorEvents / own
    let rate = (prior * usual + sum / unit) / (prior + time)
    return Belief(unit: unit, rate: rate, time: prior + time, spread: spread)
  }

  /// A count's event is one thing unless many come at once, an amount's is its usual size.
  private var unit: Double {
    let size = longActive > 0 ? longSum / longActive : 1
    switch kind {
    case .count: return max(1, size / 2)
    case .money, .gauge, .ratio: return max(size, 1e-12)
    }
  }

  /// The squared gaps beside those of pure chance: customers that come now and then say less by
  /// their silence than those that come like clockwork.
  private var spread: Double {
    let mean = gapCount > 0 ? gapSum / gapCount : 1
    let seen = gapSquares / (mean * mean) - gapCount
    let known = Self.priorGaps + max(gapCount - 1, 0)
    return max(Self.leastSpread, (Self.usualSpread * Self.priorGaps + seen) / known)
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

  private mutating func learnRate(_ amount: Double, _ passed: Double) {
    sum = Self.decay * sum + amount
    time = Self.decay * time + passed
    longSum = Self.longDecay * longSum + amount
    longTime = Self.longDecay * longTime + passed
    longBuckets = Self.longDecay * longBuckets + 1
    longActive = Self.longDecay * longActive + (amount > 0 ? 1 : 0)
  }

  // In buckets of a week.
  static let quarter = 13
  static let halfYear = 26
  /// What is left of a value's weight after one bucket: half after half a year, and after two.
  private static let decay = 0.973_692_720_697_434_2
  private static let longDecay = 0.993_357_284_293_957
  /// Events a bucket of a customer of which nothing is known, and how many events of its own that
  /// belief is worth.
  private static let usualRate = 0.13
  private static let priorEvents = 4.0
  /// Variance of the gaps beside chance's of such a customer, and how many gaps that is worth.
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
