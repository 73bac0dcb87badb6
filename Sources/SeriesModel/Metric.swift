/// The identity of a metric together with its dimensions, given by ingest.
public struct MetricID: Sendable, Hashable, Comparable {
  /// The number in the catalogue, from 1.
  public let number: Int32

  /// Wraps a number of the catalogue.
  public init(_ number: Int32) {
    self.number = number
  }

  /// The order of the numbers.
  public static func < (left: MetricID, right: MetricID) -> Bool { left.number < right.number }
}

/// What the values of a metric are.
public enum MetricKind: UInt8, Sendable, Hashable, CaseIterable {
  /// Whole things counted in the bucket; an absent bucket is missing, not zero.
  case count = 1
  /// A level at one moment, such as a health score.
  case gauge = 2
  /// Money in the bucket.
  case money = 3
  /// A share or a mean of the bucket.
  case ratio = 4
}

/// Which way is good news.
public enum Polarity: UInt8, Sendable, Hashable, CaseIterable {
  case upIsGood = 1
  case downIsGood = 2
  case neutral = 3
}

/// One name of a metric's dimension with its value.
public struct Dimension: Sendable, Hashable, Comparable {
  /// Such as "origin".
  public let name: String

  /// Such as "JFK".
  public let value: String

  /// Pairs a name with its value.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }

  /// By name, then by value.
  public static func < (left: Dimension, right: Dimension) -> Bool {
    (left.name, left.value) < (right.name, right.value)
  }
}

/// One entry of the metric catalogue: a name with its dimensions.
public struct Metric: Sendable, Hashable {
  /// The identity, given by ingest.
  public var id: MetricID

  /// Such as "departures".
  public var name: String

  /// Sorted by name.
  public var dimensions: [Dimension]

  /// The length of its buckets.
  public var granularity: Granularity

  /// What its values are.
  public var kind: MetricKind

  /// Which way is good news.
  public var polarity: Polarity

  /// Decimal places that increments keep, 0 to 6.
  public var decimalPlaces: Int

  /// Judged when a point arrives, not when its bucket closes.
  public var onArrival: Bool

  /// Such as "flights"; may be empty.
  public var unit: String

  /// The name that people read; empty means that `name` serves.
  public var displayName: String

  /// Gathers an entry.
  public init(
    id: MetricID, name: String, dimensions: [Dimension] = [], granularity: Granularity,
    kind: MetricKind, polarity: Polarity = .upIsGood, decimalPlaces: Int = 0,
    onArrival: Bool = false, unit: String = "", displayName: String = ""
  ) {
    self.id = id
    self.name = name
    self.dimensions = dimensions.sorted()
    self.granularity = granularity
    self.kind = kind
    self.polarity = polarity
    self.decimalPlaces = decimalPlaces
    self.onArrival = onArrival
    self.unit = unit
    self.displayName = displayName
  }

  /// The name with its dimensions: `departures{origin=JFK}`, or the bare name when it has none.
  public var key: String {
    if dimensions.isEmpty { return name }
    return name + "{" + dimensions.map { "\($0.name)=\($0.value)" }.joined(separator: ",") + "}"
  }
}

/// The identity of a series: one metric of one customer.
public struct SeriesKey: Sendable, Hashable, Comparable {
  /// Whose.
  public let customer: CustomerID

  /// Of what.
  public let metric: MetricID

  /// Joins customer and metric.
  public init(_ customer: CustomerID, _ metric: MetricID) {
    self.customer = customer
    self.metric = metric
  }

  /// By customer, so that a customer's series stand together.
  public static func < (left: SeriesKey, right: SeriesKey) -> Bool {
    (left.customer, left.metric) < (right.customer, right.metric)
  }
}
