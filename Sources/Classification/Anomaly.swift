public import SeriesModel

/// The identity of an anomaly: a UUID as two words.
public struct AnomalyID: Sendable, Hashable, Comparable {
  /// The first eight bytes, big-endian.
  public let high: UInt64

  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// Joins two words.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The order of the bytes.
  public static func < (left: AnomalyID, right: AnomalyID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

/// A person or a token that did something.
public struct ActorID: Sendable, Hashable {
  /// The first eight bytes of its UUID, big-endian.
  public let high: UInt64

  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// Joins two words.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

/// That a person said an anomaly is no problem.
public struct Dismissal: Sendable, Hashable {
  /// When, in microseconds since 1970.
  public var atUnixMicroseconds: Int64

  /// Who.
  public var by: ActorID

  /// Why, in the person's words.
  public var reason: String

  /// Records a dismissal.
  public init(atUnixMicroseconds: Int64, by: ActorID, reason: String) {
    self.atUnixMicroseconds = atUnixMicroseconds
    self.by = by
    self.reason = reason
  }
}

/// An interval of a series that is out of the ordinary, as all stages after the classifier know it.
public struct Anomaly: Sendable, Hashable {
  /// The identity.
  public var id: AnomalyID
  /// Whose series it is, as known when the anomaly last changed.
  public var customer: Customer
  /// What the series measures.
  public var metric: Metric
  /// What kind it is.
  public var type: AnomalyType
  /// How much it matters.
  public var severity: Severity
  /// What it means.
  public var intent: Intent
  /// Where it stands in its life.
  public var state: AnomalyState
  /// First bucket that belongs to it.
  public var startBucket: Int32
  /// Last bucket that belongs to it.
  public var endBucket: Int32
  /// What was expected, mean a bucket.
  public var baselineValue: Double
  /// What was seen, mean a bucket.
  public var actualValue: Double
  /// The highest that statistic over threshold has been.
  public var score: Double
  /// When it was found, in microseconds since 1970.
  public var detectedUnixMicroseconds: Int64
  /// When it was over, or nil while it lasts.
  public var resolvedUnixMicroseconds: Int64?
  /// Who dismissed it, or nil.
  public var dismissal: Dismissal?
  /// What changed, in words.
  public var summary: String
  /// What may be behind it; a suggestion, never a claim.
  public var possibleCause: String
  /// What a person may do about it.
  public var actions: [SuggestedAction]
  /// Grows with each change that people are told of, from 1.
  public var revision: UInt32
  /// Whom and what it speaks of beside its own series, and who speaks for it.
  public var reach: Reach

  /// Gathers an anomaly.
  public init(
    id: AnomalyID, customer: Customer, metric: Metric, type: AnomalyType, severity: Severity,
    intent: Intent, state: AnomalyState = .open, startBucket: Int32, endBucket: Int32,
    baselineValue: Double, actualValue: Double, score: Double = 1,
    detectedUnixMicroseconds: Int64, resolvedUnixMicroseconds: Int64? = nil,
    dismissal: Dismissal? = nil, summary: String, possibleCause: String,
    actions: [SuggestedAction], revision: UInt32 = 1, reach: Reach = Reach()
  ) {
    self.id = id
    self.customer = customer
    self.metric = metric
    self.type = type
    self.severity = severity
    self.intent = intent
    self.state = state
    self.startBucket = startBucket
    self.endBucket = endBucket
    self.baselineValue = baselineValue
    self.actualValue = actualValue
    self.score = score
    self.detectedUnixMicroseconds = detectedUnixMicroseconds
    self.resolvedUnixMicroseconds = resolvedUnixMicroseconds
    self.dismissal = dismissal
    self.summary = summary
    self.possibleCause = possibleCause
    self.actions = actions
    self.revision = revision
    self.reach = reach
  }

  /// How many buckets it has lasted.
  public var durationBuckets: Int64 { Int64(endBucket) - Int64(startBucket) + 1 }

  /// How far the values are from what was expected, in percent; nil where nothing was expected.
  public var deviationPercent: Double? {
    Classification.deviationPercent(actual: actualValue, baseline: baselineValue)
  }

  /// What people call the customer.
  public var customerName: String { customer.name.isEmpty ? customer.externalID : customer.name }
}

/// How far a value is from its baseline, in percent: negative for less, positive for more.
///
/// Nil where the baseline is 0 or no number, since no percentage says anything there. A baseline
/// below 0, as a mean delay may have, counts by its size, so that the sign still tells less from
/// more.
public func deviationPercent(actual: Double, baseline: Double) -> Double? {
  guard baseline != 0, baseline.isFinite, actual.isFinite else { return nil }
  let percent = (actual - baseline) / baseline.magnitude * 100
  return percent.isFinite ? percent : nil
}
