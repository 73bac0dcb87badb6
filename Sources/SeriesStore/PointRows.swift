public import SeriesModel

/// Points with their customers and metrics known, as columns of equal length.
public struct PointRows: Sendable {
  /// The customers that the rows speak of.
  public var customers: [CustomerID]

  /// The metrics that the rows speak of.
  public var metrics: [Metric]

  /// For each row the place in `customers`.
  public var customerIndex: [Int32] = []

  /// For each row the place in `metrics`.
  public var metricIndex: [Int32] = []

  /// For each row the index of its bucket.
  public var bucket: [Int32] = []

  /// For each row its value, finite.
  public var value: [Double] = []

  /// For each row its number with the sender.
  public var row: [UInt32] = []

  /// Begins with the dictionaries and no rows.
  public init(customers: [CustomerID], metrics: [Metric]) {
    self.customers = customers
    self.metrics = metrics
  }

  /// How many rows there are.
  public var count: Int { value.count }

  /// Makes room for rows to come.
  public mutating func reserve(_ count: Int) {
    customerIndex.reserveCapacity(count)
    metricIndex.reserveCapacity(count)
    bucket.reserveCapacity(count)
    value.reserveCapacity(count)
    row.reserveCapacity(count)
  }

  /// Adds a row.
  public mutating func append(
    customerIndex customer: Int32, metricIndex metric: Int32, bucket index: Int32,
    value amount: Double, row number: UInt32
  ) {
    customerIndex.append(customer)
    metricIndex.append(metric)
    bucket.append(index)
    value.append(amount)
    row.append(number)
  }

  /// The same rows but for those with these numbers.
  public func removing(_ numbers: Set<UInt32>) -> PointRows {
    var kept = PointRows(customers: customers, metrics: metrics)
    kept.reserve(count)
    for place in 0..<count where !numbers.contains(row[place]) {
      kept.append(
        customerIndex: customerIndex[place], metricIndex: metricIndex[place],
        bucket: bucket[place], value: value[place], row: row[place])
    }
    return kept
  }
}

/// What is done with the value of a point.
public enum PointMode: Sendable, Hashable {
  /// It becomes the value of the bucket.
  case set
  /// It is added to the bucket.
  case increment
}
