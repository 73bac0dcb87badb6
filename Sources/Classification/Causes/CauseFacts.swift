public import SeriesModel

/// What is known of an anomaly and its surroundings, as far as it may tell what is behind it.
public struct CauseFacts: Sendable, Hashable {
  /// Another figure of the customer that was out of the ordinary about then.
  public struct Companion: Sendable, Hashable {
    /// What it measures.
    public var metric: Metric
    /// First bucket that was out.
    public var startBucket: Int32
    /// The log of seen over expected; the sign is the direction.
    public var change: Double

    /// Gathers what is known of it.
    public init(metric: Metric, startBucket: Int32, change: Double) {
      self.metric = metric
      self.startBucket = startBucket
      self.change = change
    }
  }

  /// One count of the customer in the bucket.
  public struct Part: Sendable, Hashable {
    /// What it counts.
    public var metric: Metric
    /// What was seen.
    public var observed: Double
    /// What was expected.
    public var expected: Double

    /// Gathers the values.
    public init(metric: Metric, observed: Double, expected: Double) {
      self.metric = metric
      self.observed = observed
      self.expected = expected
    }
  }

  /// A platform event that covers the bucket.
  public struct Outage: Sendable, Hashable {
    /// Who; empty for all customers.
    public var cohort: String
    /// The bucket in which it began.
    public var since: Int32
    /// The log of seen over expected of its members.
    public var change: Double

    /// Gathers what is known of it.
    public init(cohort: String, since: Int32, change: Double) {
      self.cohort = cohort
      self.since = since
      self.change = change
    }
  }

  /// A holiday, or something that people knew would come.
  public struct Occasion: Sendable, Hashable {
    /// As people call it.
    public var name: String
    /// Its first bucket.
    public var startBucket: Int32
    /// Its last bucket.
    public var endBucket: Int32

    /// Gathers what is known of it.
    public init(name: String, startBucket: Int32, endBucket: Int32) {
      self.name = name
      self.startBucket = startBucket
      self.endBucket = endBucket
    }
  }

  /// Buckets whose gaps are held against those before.
  static let recentBuckets = 7

  /// What kind of anomaly it is.
  public var type: AnomalyType
  /// What its series measures.
  public var metric: Metric
  /// First bucket that belongs to it.
  public var startBucket: Int32
  /// The log of seen over expected; the sign is the direction, 0 where there is none.
  public var change: Double
  /// How far the same change is shared in the same bucket.
  public var shared = SharedMovement()
  /// Other figures of the customer that were out of the ordinary about then.
  public var companions: [Companion] = []
  /// The customer's counts that no other figure follows from, the anomaly's own among them.
  public var parts: [Part] = []
  /// Platform events that cover the bucket.
  public var outages: [Outage] = []
  /// What the calendar holds about then.
  public var occasions: [Occasion] = []
  /// Figures of the customer that lately had values and have none for the bucket.
  public var seriesMissing = 0
  /// All figures of the customer that lately had values.
  public var seriesCount = 0
  /// Of the anomaly's own last seven buckets, those without a value.
  public var recentGaps = 0
  /// The share of buckets without a value before these.
  public var formerGapShare = 0.0
  /// Whether the bucket was judged before it had closed.
  public var isProvisional = false

  /// Begins with the anomaly alone.
  public init(type: AnomalyType, metric: Metric, startBucket: Int32, change: Double) {
    self.type = type
    self.metric = metric
    self.startBucket = startBucket
    self.change = change
  }
}
