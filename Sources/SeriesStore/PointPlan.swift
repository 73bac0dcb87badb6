public import SeriesModel

/// Points gathered by chunk, in the order of the table's key.
///
/// All writers lock chunks in this order, and one statement touches a chunk once.
public struct PointPlan: Sendable {
  /// A row that cannot be stored.
  public struct Fault: Sendable, Hashable {
    /// The kinds of fault.
    public enum Code: String, Sendable {
      /// Another row of the batch sets the same bucket to another value.
      case duplicateRow = "duplicate_row"
      /// The increment has more decimal places than its metric keeps.
      case tooPrecise = "too_precise"
      /// The increment or the sum is beyond what adds up exactly.
      case outOfRange = "out_of_range"
    }

    /// The row's number with the sender.
    public let row: UInt32

    /// What is wrong with it.
    public let code: Code

    /// Names a row and what is wrong with it.
    public init(row: UInt32, code: Code) {
      self.row = row
      self.code = code
    }
  }

  /// The values that go into one chunk.
  struct Group: Sendable {
    let customer: CustomerID
    let metric: Int32
    let chunkStart: Int32
    let slotCount: Int16
    let decimalPlaces: Int8
    let granularity: Granularity
    /// The cells of this group are `cells[firstCell..<endCell]`.
    var firstCell: Int
    var endCell: Int

    /// The same with one cell only, counted from 0; nil when it has not so many.
    func part(_ place: Int) -> Group? {
      guard firstCell + place < endCell else { return nil }
      var part = self
      part.firstCell = firstCell + place
      part.endCell = firstCell + place + 1
      return part
    }
  }

  /// One bucket's value; of an increment, the scaled whole number as a double.
  struct Cell: Sendable {
    let slot: Int16
    let row: UInt32
    var value: Double
  }

  let mode: PointMode
  private(set) var groups: [Group] = []
  private(set) var cells: [Cell] = []

  /// The rows that cannot be stored, in the order of their numbers.
  public private(set) var faults: [Fault] = []

  /// Whether most chunks get one value, so that values are laid over chunks one by one.
  var isAppend: Bool { mode == .set && cells.count <= groups.count * 2 }

  /// The plan cut into such that touch a chunk once: the first value of each, then the second.
  var layers: [PointPlan] {
    var layers = [self]
    layers[0].groups = groups.compactMap { $0.part(0) }
    var rest = groups.filter { $0.endCell - $0.firstCell > 1 }
    while !rest.isEmpty {
      var layer = self
      layer.groups = rest.compactMap { $0.part(layers.count) }
      layers.append(layer)
      rest = rest.filter { $0.endCell - $0.firstCell > layers.count }
    }
    return layers
  }

  /// A value of a metric that is judged on arrival.
  public struct Arrival: Sendable, Hashable {
    /// The series.
    public let series: SeriesKey

    /// The bucket.
    public let bucket: Bucket

    /// The value that was set.
    public let value: Double
  }

  /// For each series of a metric that is judged on arrival the latest value that is set.
  ///
  /// Increments are left out: their sum is known at rest only, and judged when the bucket closes.
  public private(set) var latestOnArrival: [Arrival] = []

  /// The largest sum of increments, as a scaled whole number.
  ///
  /// Below it a decimal fraction stored as a double gives back its scaled whole number exactly.
  static let scaledLimit = Double(1 << 51)

  /// Gathers the rows.
  public init(_ rows: PointRows, mode: PointMode) {
    self.mode = mode
    let order = RowOrder(rows)
    groups.reserveCapacity(rows.count)
    cells.reserveCapacity(rows.count)
    var series: UInt64 = .max
    var chunk: Range<Int32> = 0..<0
    var lastBucket: Int32 = 0
    for entry in order.entries {
      let place = Int(entry.place)
      let bucket = rows.bucket[place]
      let metric = rows.metrics[Int(rows.metricIndex[place])]
      guard let value = stored(rows.value[place], metric, row: rows.row[place]) else { continue }
      let isNewSeries = entry.series != series
      if isNewSeries || !chunk.contains(bucket) {
        series = entry.series
        chunk = ChunkAddress.chunk(holding: Bucket(metric.granularity, bucket))
        groups.append(
          Group(
            customer: rows.customers[Int(rows.customerIndex[place])], metric: metric.id.number,
            chunkStart: chunk.lowerBound, slotCount: Int16(metric.granularity.slotsPerChunk),
            decimalPlaces: Int8(metric.decimalPlaces), granularity: metric.granularity,
            firstCell: cells.count, endCell: cells.count))
      } else if bucket == lastBucket, merge(value, row: rows.row[place]) {
        continue
      }
      lastBucket = bucket
      cells.append(
        Cell(slot: Int16(bucket - chunk.lowerBound), row: rows.row[place], value: value))
      groups[groups.count - 1].endCell = cells.count
    }
    faults.sort { $0.row < $1.row }
    if mode == .set { gatherArrivals(rows.metrics.filter(\.onArrival).map(\.id.number)) }
  }

  private mutating func gatherArrivals(_ metrics: [Int32]) {
    if metrics.isEmpty { return }
    let wanted = Set(metrics)
    for group in groups where wanted.contains(group.metric) && group.endCell > group.firstCell {
      let cell = cells[group.endCell - 1]
      let series = SeriesKey(group.customer, MetricID(group.metric))
      // Groups of a series follow each other in time.
      if latestOnArrival.last?.series == series { latestOnArrival.removeLast() }
      latestOnArrival.append(
        Arrival(
          series: series, bucket: Bucket(group.granularity, group.chunkStart + Int32(cell.slot)),
          value: cell.value))
    }
  }

  /// The value as it is written, or nil when it cannot be.
  private mutating func stored(_ value: Double, _ metric: Metric, row: UInt32) -> Double? {
    guard mode == .increment else { return value }
    let exact = value * decimalPower(metric.decimalPlaces)
    let scaled = exact.rounded()
    if scaled.magnitude > Self.scaledLimit {
      faults.append(Fault(row: row, code: .outOfRange))
      return nil
    }
    // Amounts such as 12 * 2.55 miss their decimal fraction by a few units in the last place.
    if (exact - scaled).magnitude > max(1e-6, scaled.magnitude * 1e-12) {
      faults.append(Fault(row: row, code: .tooPrecise))
      return nil
    }
    return scaled
  }

  /// Joins a value with the last cell, which is of the same bucket.
  ///
  /// - Returns: False when there is no such cell, because all of its rows had faults.
  private mutating func merge(_ value: Double, row: UInt32) -> Bool {
    guard let group = groups.last, group.endCell > group.firstCell else { return false }
    switch mode {
    case .increment:
      let sum = cells[cells.count - 1].value + value
      if sum.magnitude > Self.scaledLimit {
        faults.append(Fault(row: row, code: .outOfRange))
      } else {
        cells[cells.count - 1].value = sum
      }
    case .set:
      if cells[cells.count - 1].value.bitPattern != value.bitPattern {
        faults.append(Fault(row: row, code: .duplicateRow))
      }
    }
    return true
  }
}

/// Ten to a power of 0 to 6.
func decimalPower(_ places: Int) -> Double {
  switch places {
  case 0: 1
  case 1: 10
  case 2: 100
  case 3: 1_000
  case 4: 10_000
  case 5: 100_000
  default: 1_000_000
  }
}

/// The order of rows by customer, metric and bucket.
struct RowOrder {
  struct Entry {
    /// Customer and metric as ranks, in the order of the table's key.
    let series: UInt64
    let bucket: Int32
    let place: Int32

    static func precedes(_ left: Entry, _ right: Entry) -> Bool {
      if left.series != right.series { return left.series < right.series }
      if left.bucket != right.bucket { return left.bucket < right.bucket }
      return left.place < right.place
    }
  }

  private(set) var entries: [Entry] = []

  init(_ rows: PointRows) {
    let customerRank = Self.ranks(rows.customers)
    let metricRank = Self.ranks(rows.metrics.map(\.id))
    entries.reserveCapacity(rows.count)
    var isSorted = true
    for place in 0..<rows.count {
      let series =
        UInt64(customerRank[Int(rows.customerIndex[place])]) << 32
        | UInt64(metricRank[Int(rows.metricIndex[place])])
      let entry = Entry(series: series, bucket: rows.bucket[place], place: Int32(place))
      if isSorted, let last = entries.last { isSorted = Entry.precedes(last, entry) }
      entries.append(entry)
    }
    if !isSorted { entries.sort(by: Entry.precedes) }
  }

  /// For each element its place among the distinct elements in order.
  private static func ranks<Element: Comparable>(_ elements: [Element]) -> [UInt32] {
    let order = elements.indices.sorted { elements[$0] < elements[$1] }
    var ranks = [UInt32](repeating: 0, count: elements.count)
    var rank: UInt32 = 0
    for (step, index) in order.enumerated() {
      if step > 0, elements[order[step - 1]] != elements[index] { rank += 1 }
      ranks[index] = rank
    }
    return ranks
  }
}
