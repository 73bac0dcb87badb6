/// The last values of a series.
struct RecentValues: Sendable {
  /// How many values are kept.
  static let capacity = 56

  /// A ring once it is full; in order of time before.
  private var storage: [Double]

  /// Where the oldest value stands.
  private var oldest = 0

  init(_ values: [Double] = []) {
    precondition(values.count <= Self.capacity, "more values than are kept")
    storage = values
  }

  var count: Int { storage.count }

  /// The values, oldest first.
  var oldestFirst: [Double] { Array(storage[oldest...] + storage[..<oldest]) }

  /// Adds the newest value and forgets the oldest when full.
  mutating func append(_ value: Double) {
    precondition(!value.isNaN, "a missing bucket has no value to keep")
    guard storage.count == Self.capacity else {
      storage.append(value)
      return
    }
    storage[oldest] = value
    oldest = oldest + 1 == Self.capacity ? 0 : oldest + 1
  }

  /// Whether at most one unit came in all but so many of the newest values.
  func isUnused(before newest: Int) -> Bool {
    var sum = 0.0
    for back in 0..<max(count - newest, 0) {
      let place = oldest + back
      sum += storage[place < storage.count ? place : place - storage.count]
      guard sum <= 1 else { return false }
    }
    return true
  }

  /// The plain statistics of the values; they cost a sort.
  var statistics: RecentStatistics {
    guard !storage.isEmpty else { return RecentStatistics() }
    let values = oldestFirst
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let sorted = values.sorted()
    let median = Self.quantile(0.5, sorted)
    return RecentStatistics(
      mean: mean,
      standardDeviation: values.count > 1 ? (squares / (count - 1)).squareRoot() : .nan,
      median: median,
      medianAbsoluteDeviation: Self.quantile(0.5, values.map { ($0 - median).magnitude }.sorted()),
      lowerQuartile: Self.quantile(0.25, sorted), upperQuartile: Self.quantile(0.75, sorted))
  }

  /// Linear interpolation between ranks, as NumPy's default.
  private static func quantile(_ share: Double, _ sorted: [Double]) -> Double {
    let rank = share * Double(sorted.count - 1)
    let below = Int(rank)
    let part = rank - Double(below)
    guard part > 0 else { return sorted[below] }
    return sorted[below] + part * (sorted[below + 1] - sorted[below])
  }
}
