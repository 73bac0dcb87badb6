import SeriesModel

/// Daily series of customers with a working week, noise and, now and then, an event.
struct Workload: Sendable {
  /// Series of one customer.
  static let metricsEach = 4

  /// 2023-01-02, a Monday.
  static let first: Int32 = 19_359

  let days: Int
  let customers: [Customer]
  let metrics: [Metric]
  /// The values of each series after the other.
  let values: [Double]

  /// Generates whole customers; the same arguments give the same values.
  init(series: Int, days: Int) {
    self.days = days
    customers = (0..<max(1, series / Self.metricsEach)).map {
      Customer(
        id: CustomerID(high: 0, low: UInt64($0) + 1), externalID: "c\($0)",
        segment: "segment \($0 % 5)")
    }
    metrics = (1...Self.metricsEach).map {
      Metric(
        id: MetricID(Int32($0)), name: "feature_\($0)", granularity: .day, kind: .count)
    }
    var values: [Double] = []
    values.reserveCapacity(customers.count * Self.metricsEach * days)
    var chance = Chance(state: 0x9E37_79B9_7F4A_7C15)
    for _ in 0..<customers.count * Self.metricsEach {
      Self.append(days, to: &values, &chance)
    }
    self.values = values
  }

  var seriesCount: Int { customers.count * Self.metricsEach }

  /// The value of a series on a day.
  func value(_ series: Int, _ day: Int) -> Double { values[series * days + day] }

  private static func append(_ days: Int, to values: inout [Double], _ chance: inout Chance) {
    let week = [1.0, 1.06, 1.05, 1.03, 0.88, 0.3, 0.25]
    let level = 20 + 400 * chance.unit * chance.unit
    let spread = 0.1 + 0.15 * chance.unit
    // One event in half of the series: some days far below the usual, or above it.
    let event = chance.unit < 0.5 ? Int(chance.unit * Double(days)) : days
    let size = chance.unit < 0.6 ? 0.2 : 3
    let length = 1 + Int(chance.unit * 14)
    for day in 0..<days {
      // The sum of twelve uniform numbers is near enough to normal.
      let noise = (0..<12).reduce(-6.0) { sum, _ in sum + chance.unit }
      let factor = (event..<event + length).contains(day) ? size : 1
      let mean = level * week[day % 7] * factor
      values.append(max(0, (mean * (1 + spread * noise)).rounded()))
    }
  }
}

/// A stream of numbers that look random (xorshift64*).
struct Chance {
  var state: UInt64

  /// From 0 to below 1.
  var unit: Double {
    mutating get {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return Double((state &* 0x2545_F491_4F6C_DD1D) >> 11) / 9_007_199_254_740_992
    }
  }
}
