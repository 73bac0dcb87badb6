internal import SeriesModel

/// Metrics whose values stand side by side in the chunks of a customer.
///
/// Metrics of one granularity whose numbers follow each other form a family, so that a day of a
/// customer's metrics is one row to find and to change. Several chunks and changed copies of them must
/// fit one page, so where a chunk is long a family has one metric only. What is stored depends on
/// these numbers.
struct MetricFamily: Hashable, Comparable {
  /// The most metrics of a family.
  static let lanesLimit = 4

  /// The length of the buckets of all its metrics.
  let granularity: Granularity

  /// Its place among the families of its granularity.
  let number: Int32

  /// The family of a metric.
  init(metric: Int32, _ granularity: Granularity) {
    self.granularity = granularity
    number = (metric &- 1) >> Self.laneBits(granularity)
  }

  /// The family of that number.
  init(number: Int32, _ granularity: Granularity) {
    self.granularity = granularity
    self.number = number
  }

  /// The place of a metric in its family, from 0.
  static func lane(ofMetric metric: Int32, _ granularity: Granularity) -> Int {
    Int((metric &- 1) & ((1 << laneBits(granularity)) - 1))
  }

  /// The metric at a place.
  func metric(lane: Int) -> Int32 {
    number << Self.laneBits(granularity) &+ Int32(lane) &+ 1
  }

  /// The power of two that is the number of metrics of a family; the views know it too.
  private static func laneBits(_ granularity: Granularity) -> Int32 {
    switch granularity {
    case .day, .week: 2
    case .fiveMinutes, .hour: 0
    }
  }

  /// The order of the table's key.
  static func < (left: MetricFamily, right: MetricFamily) -> Bool {
    left.granularity != right.granularity
      ? left.granularity.rawValue < right.granularity.rawValue : left.number < right.number
  }
}

/// Which metrics of its family a chunk holds.
struct LaneSet: Hashable {
  /// Lane 0 is the lowest bit.
  private(set) var bits: UInt8 = 0

  init() {}

  init(bits: UInt8) { self.bits = bits }

  /// How many there are.
  var count: Int { bits.nonzeroBitCount }

  /// All from the first to the last of those held.
  var span: LaneSet {
    if bits == 0 { return self }
    let above = UInt8.max >> UInt8(bits.leadingZeroBitCount)
    return LaneSet(bits: above & (UInt8.max << UInt8(bits.trailingZeroBitCount)))
  }

  /// Adds one.
  mutating func insert(_ lane: Int) { bits |= 1 << UInt8(lane) }

  /// Both.
  func union(_ other: LaneSet) -> LaneSet { LaneSet(bits: bits | other.bits) }

  /// Whether a lane is held.
  func contains(_ lane: Int) -> Bool { bits & (1 << UInt8(lane)) != 0 }

  /// How many of those held come before a lane.
  func place(_ lane: Int) -> Int { (bits & ((1 << UInt8(lane)) - 1)).nonzeroBitCount }
}
