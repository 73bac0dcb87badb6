public import SeriesModel

/// How bad an anomaly is for whoever is told of it.
public enum NoticeSeverity: Int, Sendable, Hashable, Comparable, CaseIterable {
  case info = 1
  case warning = 2
  case critical = 3

  /// The word of labels and settings.
  public var name: String {
    switch self {
    case .info: "info"
    case .warning: "warning"
    case .critical: "critical"
    }
  }

  /// The severity of that word, or nil for another word.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  /// Milder before worse.
  public static func < (left: NoticeSeverity, right: NoticeSeverity) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// What an anomaly means for the business.
public enum NoticeIntent: String, Sendable, Hashable, CaseIterable {
  case risk
  case opportunity
  case dataQuality = "data_quality"
  case neutral
}

/// How much of the house an anomaly speaks of.
public enum NoticeScope: String, Sendable, Hashable, CaseIterable {
  /// One series.
  case series
  /// A customer as a whole.
  case customer
  /// All customers that are compared with each other.
  case cohort
}

/// What happened to an anomaly.
public enum NoticeKind: Int, Sendable, Hashable, CaseIterable {
  case opened = 1
  case changed = 2
  case resolved = 3
  case dismissed = 4
  case withdrawn = 5
  case reopened = 6

  /// Whether the anomaly is over with it.
  public var isEnd: Bool {
    switch self {
    case .opened, .changed, .reopened: false
    case .resolved, .dismissed, .withdrawn: true
    }
  }

  /// The word of logs and messages.
  public var name: String {
    switch self {
    case .opened: "opened"
    case .changed: "changed"
    case .resolved: "resolved"
    case .dismissed: "dismissed"
    case .withdrawn: "withdrawn"
    case .reopened: "reopened"
    }
  }
}

/// The identity of an anomaly: a UUID as two words.
public struct AnomalyReference: Sendable, Hashable {
  /// The first eight bytes, big-endian.
  public let high: UInt64

  /// The last eight bytes, big-endian.
  public let low: UInt64

  /// Joins two words.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The usual form: 32 hexadecimal digits in five groups.
  public var text: String {
    let digits = [high, low].flatMap { word in
      (0..<16).map { String((word >> UInt64(60 - 4 * $0)) & 15, radix: 16) }
    }
    let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
    return groups.map { digits[$0].joined() }.joined(separator: "-")
  }
}

/// One recent bucket of the series of an anomaly.
public struct TrendPoint: Sendable, Hashable {
  /// What was seen; nil where nothing was.
  public var observed: Double?
  /// What was expected; nil where nothing can be said.
  public var expected: Double?

  /// Pairs what was seen with what was expected, both finite.
  public init(observed: Double?, expected: Double?) {
    self.observed = observed
    self.expected = expected
  }
}

/// One change of one anomaly, with all that people are told of it.
public struct Notice: Sendable, Hashable {
  /// Which anomaly.
  public var anomaly: AnomalyReference
  /// Grows with each change.
  public var revision: UInt32
  /// What happened.
  public var kind: NoticeKind
  /// Whose.
  public var customer: Customer
  /// The metric's key, such as `departures{origin=JFK}`.
  public var metric: String
  /// The metric's name for people.
  public var metricName: String
  /// What the metric's values are.
  public var metricKind: MetricKind
  /// Such as "flights"; may be empty.
  public var unit: String
  /// The length of a bucket.
  public var granularity: Granularity
  /// Such as "drop" or "level_up".
  public var type: String
  /// How much of the house it speaks of.
  public var scope: NoticeScope
  /// How bad.
  public var severity: NoticeSeverity
  /// What it means.
  public var intent: NoticeIntent
  /// Such as "open".
  public var state: String
  /// The first bucket that belongs to it.
  public var start: Bucket
  /// How many buckets it has lasted.
  public var durationBuckets: Int64
  /// What was expected, as a mean a bucket.
  public var baseline: Double
  /// What was seen, as a mean a bucket.
  public var actual: Double
  /// What happened in words, such as "67% drop in API calls".
  public var summary: String
  /// What may be behind it; may be empty.
  public var possibleCause: String
  /// What to do next, such as "contact_customer".
  public var actions: [String]
  /// When it was found, in microseconds since 1970.
  public var detectedUnixMicroseconds: Int64
  /// When it changed, in microseconds since 1970.
  public var changedUnixMicroseconds: Int64
  /// Until when somebody put it off, in microseconds since 1970; nil where nobody did.
  public var snoozedUntilUnixMicroseconds: Int64?
  /// The last buckets, oldest first, at most ``trendLimit``; empty where they are not known.
  public var trend: [TrendPoint]

  /// Most buckets of a trend.
  public static let trendLimit = 60

  /// Gathers a change.
  public init(
    anomaly: AnomalyReference, revision: UInt32, kind: NoticeKind, customer: Customer,
    metric: String, metricName: String = "", metricKind: MetricKind = .count, unit: String = "",
    type: String, scope: NoticeScope = .series, severity: NoticeSeverity, intent: NoticeIntent,
    state: String, start: Bucket, durationBuckets: Int64, baseline: Double, actual: Double,
    summary: String, possibleCause: String = "", actions: [String] = [],
    detectedUnixMicroseconds: Int64, changedUnixMicroseconds: Int64, trend: [TrendPoint] = []
  ) {
    self.anomaly = anomaly
    self.revision = revision
    self.kind = kind
    self.customer = customer
    self.metric = metric
    self.metricName = metricName.isEmpty ? metric : metricName
    self.metricKind = metricKind
    self.unit = unit
    self.granularity = start.granularity
    self.type = type
    self.scope = scope
    self.severity = severity
    self.intent = intent
    self.state = state
    self.start = start
    self.durationBuckets = durationBuckets
    self.baseline = baseline
    self.actual = actual
    self.summary = summary
    self.possibleCause = possibleCause
    self.actions = actions
    self.detectedUnixMicroseconds = detectedUnixMicroseconds
    self.changedUnixMicroseconds = changedUnixMicroseconds
    self.trend = Array(trend.suffix(Self.trendLimit))
  }

  /// The names of all labels that a route can look at.
  ///
  /// None of them holds a number: a group would fall apart each time it changes.
  public static let labelNames = [
    "customer", "customer_name", "segment", "region", "owner", "metric", "metric_kind",
    "anomaly_type", "direction", "scope", "severity", "intent", "state", "granularity",
  ]

  /// Labels that change while an anomaly lasts, so that they tell none from another.
  public static let changingLabelNames: Set = ["state", "severity", "intent", "anomaly_type"]

  /// What routes look at.
  public var labels: Labels {
    [
      "customer": customer.externalID, "customer_name": customer.name,
      "segment": customer.segment, "region": customer.region, "owner": customer.owner,
      "metric": metric, "metric_kind": metricKindName, "anomaly_type": type,
      "direction": direction, "scope": scope.rawValue, "severity": severity.name,
      "intent": intent.rawValue, "state": state, "granularity": granularity.name,
    ]
  }
}

extension Notice {
  /// How far off it is, for ranking: the share of the baseline, or the difference where the
  /// baseline is zero.
  public var magnitude: Double {
    let difference = abs(actual - baseline)
    return baseline == 0 ? difference : difference / abs(baseline)
  }

  /// The order in which people are told: worse before milder, then the larger difference.
  public static func isMoreImportant(_ left: Notice, _ right: Notice) -> Bool {
    if left.severity != right.severity { return left.severity > right.severity }
    let (x, y) = (left.magnitude, right.magnitude)
    if x != y { return x > y }
    return (left.anomaly.high, left.anomaly.low) < (right.anomaly.high, right.anomaly.low)
  }
}
