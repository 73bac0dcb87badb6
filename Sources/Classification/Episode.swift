internal import Detection
internal import Glibc
public import SeriesModel

/// The life of one anomaly in numbers: all that the next judged row needs to know of it.
public struct Episode: Sendable, Hashable {
  /// Which way the values went.
  public var direction: Direction
  /// What kind it is; it may become one of a later stage, never of an earlier one.
  public var type: AnomalyType
  /// The worst that it has been, so that it does not flap.
  public var severity: Severity
  /// Where it stands.
  public var state: AnomalyState
  /// Whether somebody has taken it on, which recovering does not undo.
  public var isAcknowledged: Bool
  /// First bucket that belongs to it.
  public var startBucket: Int32
  /// Last bucket that belongs to it.
  public var endBucket: Int32
  /// The latest bucket that was judged for it.
  public var lastBucket: Int32
  /// The revision of that judgement.
  public var lastRevision: UInt32
  /// Buckets in a row that were back inside the band; while it lasts, buckets since the level
  /// followed it.
  public var calmBuckets: Int32
  /// Sum of what was seen in the buckets that belong to it.
  public var observedSum: Double
  /// Sum of what was expected in them.
  public var expectedSum: Double
  /// How many buckets the sums hold.
  public var countedBuckets: Int32
  /// The highest that statistic over threshold has been.
  public var score: Double
  /// Whether people hear of it itself.
  public var standing: Standing

  /// Gathers the numbers, as a store gives them back.
  public init(
    direction: Direction, type: AnomalyType, severity: Severity, state: AnomalyState,
    isAcknowledged: Bool = false, startBucket: Int32, endBucket: Int32, lastBucket: Int32,
    lastRevision: UInt32 = 1, calmBuckets: Int32 = 0, observedSum: Double, expectedSum: Double,
    countedBuckets: Int32, score: Double, standing: Standing = .own
  ) {
    self.direction = direction
    self.type = type
    self.severity = severity
    self.state = state
    self.isAcknowledged = isAcknowledged
    self.startBucket = startBucket
    self.endBucket = endBucket
    self.lastBucket = lastBucket
    self.lastRevision = lastRevision
    self.calmBuckets = calmBuckets
    self.observedSum = observedSum
    self.expectedSum = expectedSum
    self.countedBuckets = countedBuckets
    self.score = score
    self.standing = standing
  }

  /// Opens with a finding, no earlier than the bucket after an anomaly that came before.
  init(
    _ finding: Finding, row: JudgedRow, after previousEnd: Int32?, traits: SeriesTraits,
    rule: SeverityRule
  ) {
    let type = AnomalyType(finding.kind)
    let start = max(finding.startBucket, previousEnd.map { $0 + 1 } ?? .min)
    self.init(
      direction: type.direction, type: type, severity: .info, state: .open,
      startBucket: min(start, row.bucket), endBucket: row.bucket, lastBucket: row.bucket,
      lastRevision: row.revision, observedSum: 0, expectedSum: 0, countedBuckets: 0,
      score: finding.score)
    measure(finding)
    severity = max(computedSeverity(traits, rule), Self.floor(finding))
  }

  /// How many buckets it has lasted.
  public var durationBuckets: Int64 { Int64(endBucket) - Int64(startBucket) + 1 }

  /// What was expected, mean a bucket.
  public var baselineValue: Double { expectedSum / Double(max(countedBuckets, 1)) }

  /// What was seen, mean a bucket.
  public var actualValue: Double { observedSum / Double(max(countedBuckets, 1)) }

  /// How far the values went, as one number for both sides and all kinds of metric.
  ///
  /// Counts and money: the log of expected over seen, alike for a fall to a third and a rise to
  /// three times. Counts are compared as sums with half a unit added, so that a
  /// few missing units are not taken for the end of the world. Levels and shares, whose zero means
  /// nothing: the distance beside the larger of both, so that a level near zero does not make
  /// every change endless.
  public func magnitude(_ kind: MetricKind) -> Double {
    switch kind {
    case .count where observedSum >= 0 && expectedSum >= 0:
      return log((observedSum + 0.5) / (expectedSum + 0.5)).magnitude
    case .money where observedSum >= 0 && expectedSum > 0:
      // Nothing left gives an infinite log, which the rule cuts.
      return log(observedSum / expectedSum).magnitude
    case .count, .money, .gauge, .ratio:
      let larger = max(observedSum.magnitude, expectedSum.magnitude)
      guard larger > 0 else { return 0 }
      return Self.levelMagnitudeMax * min(1, (observedSum - expectedSum).magnitude / larger)
    }
  }

  /// What a level that is far from its old one counts: below critical in the first bucket however
  /// clear, critical from the second on.
  static let levelMagnitudeMax = 1.05

  /// Sets the sums from a finding, whose means stand for the whole interval.
  mutating func measure(_ finding: Finding) {
    let count = endBucket - startBucket + 1
    observedSum = finding.observed * Double(count)
    expectedSum = finding.expected * Double(count)
    countedBuckets = count
    score = max(score, finding.score)
  }

  /// Whether the level has followed the anomaly: what lasts is inside the band from then on.
  var isAtNewLevel: Bool { (state == .open || state == .acknowledged) && calmBuckets > 0 }

  /// Adds one more bucket that is out of the ordinary.
  mutating func extend(_ row: JudgedRow) {
    hold(row)
    calmBuckets = 0
    if row.observed.isFinite, row.expected.isFinite {
      observedSum += row.observed
      expectedSum += row.expected
      countedBuckets += 1
    }
  }

  /// Goes on for one more bucket whose level has followed: the values before and after the change
  /// stay those that were seen when it came.
  mutating func hold(_ row: JudgedRow) {
    endBucket = row.bucket
    if let finding = row.finding(in: direction) { score = max(score, finding.score) }
  }

  /// Lets type and severity follow what is known now; true when either got worse.
  mutating func reassess(_ row: JudgedRow, _ traits: SeriesTraits, _ rule: SeverityRule) -> Bool {
    let before = (type, severity)
    if let finding = row.finding(in: direction) {
      let found = AnomalyType(finding.kind)
      if found.stage > type.stage { type = found }
    }
    if type == .levelDown, rule.isHardlyUsed(self, traits) { type = .abandonment }
    severity = max(
      severity, computedSeverity(traits, rule), Self.floor(row.finding(in: direction)))
    return before != (type, severity)
  }

  /// What a static rule wants it to weigh at least.
  private static func floor(_ finding: Finding?) -> Severity {
    finding.flatMap { Severity(rawValue: $0.severityFloor) } ?? .info
  }

  private func computedSeverity(_ traits: SeriesTraits, _ rule: SeverityRule) -> Severity {
    rule.severity(
      magnitude: magnitude(traits.kind), score: score, durationBuckets: durationBuckets,
      granularity: traits.granularity, intent: Intent(type, traits.polarity))
  }
}
