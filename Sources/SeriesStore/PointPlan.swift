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

  /// The values that go into one chunk: one customer's, of metrics of one family.
  struct Group: Sendable {
    let customer: CustomerID
    let family: MetricFamily
    let chunkStart: Int32
    /// The cells of this group are `cells[firstCell..<endCell]`, by slot and then by lane.
    var firstCell: Int
    var endCell: Int

    var granularity: Granularity { family.granularity }
  }

  /// One bucket's value; of an increment, the scaled whole number as a double.
  struct Cell: Sendable {
    let slot: Int16
    let lane: UInt8
    let decimalPlaces: UInt8
    let row: UInt32
    var value: Double
  }

  /// The values of one slot of a chunk, which stand side by side.
  struct Stand: Sendable {
    let group: Int
    var cells: Range<Int>
    var lanes: LaneSet
  }

  let mode: PointMode
  private(set) var groups: [Group] = []
  private(set) var cells: [Cell] = []

  /// The rows that cannot be stored, in the order of their numbers.
  public private(set) var faults: [Fault] = []

  private var standCount = 0

  /// The lengths of buckets that it has values of, the shortest first.
  public var granularities: [Granularity] {
    Set(groups.map(\.granularity)).sorted { $0.rawValue < $1.rawValue }
  }

  /// Whether most chunks get one slot, so that values are laid over chunks slot by slot.
  var isAppend: Bool { mode == .set && standCount <= groups.count * 2 }

  /// Values cut so that a layer touches a chunk once: the first slot of each, then the second.
  var layers: [[Stand]] {
    var layers: [[Stand]] = []
    for (index, group) in groups.enumerated() {
      var depth = 0
      var start = group.firstCell
      while start < group.endCell {
        var lanes = LaneSet()
        var end = start
        while end < group.endCell, cells[end].slot == cells[start].slot {
          lanes.insert(Int(cells[end].lane))
          end += 1
        }
        if depth == layers.count {
          layers.append([])
          if depth == 0 { layers[0].reserveCapacity(groups.count) }
        }
        layers[depth].append(Stand(group: index, cells: start..<end, lanes: lanes))
        depth += 1
        start = end
      }
    }
    return layers
  }

  /// The plan of these values only.
  func part(_ stands: [Stand]) -> PointPlan {
    var part = self
    part.groups = stands.map { stand in
      var group = groups[stand.group]
      group.firstCell = stand.cells.lowerBound
      group.endCell = stand.cells.upperBound
      return group
    }
    return part
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
    let metrics = rows.metrics.map(PlannedMetric.init)
    groups.reserveCapacity(rows.customers.count)
    cells.reserveCapacity(rows.count)
    var series: UInt64 = .max
    var chunk: Range<Int32> = 0..<0
    var lastKey: UInt64 = 0
    for entry in RowOrder(rows, metrics).entries {
      let place = Int(entry.place)
      let bucket = rows.bucket[place]
      let metric = metrics[Int(rows.metricIndex[place])]
      guard let value = stored(rows.value[place], metric, row: rows.row[place]) else { continue }
      let isNewChunk = entry.series != series || !chunk.contains(bucket)
      if isNewChunk {
        series = entry.series
        // Most customers report the same time.
        if !chunk.contains(bucket) || groups.last?.granularity != metric.family.granularity {
          chunk = ChunkAddress.chunk(holding: Bucket(metric.family.granularity, bucket))
        }
        groups.append(
          Group(
            customer: rows.customers[Int(rows.customerIndex[place])], family: metric.family,
            chunkStart: chunk.lowerBound, firstCell: cells.count, endCell: cells.count))
      } else if entry.key == lastKey {
        merge(value, row: rows.row[place])
        continue
      }
      let slot = Int16(bucket - chunk.lowerBound)
      if isNewChunk || cells[cells.count - 1].slot != slot { standCount += 1 }
      lastKey = entry.key
      cells.append(
        Cell(
          slot: slot, lane: UInt8(metric.lane), decimalPlaces: UInt8(metric.decimalPlaces),
          row: rows.row[place], value: value))
      groups[groups.count - 1].endCell = cells.count
    }
    faults.sort { $0.row < $1.row }
    if mode == .set { gatherArrivals(rows.metrics.filter(\.onArrival).map(\.id.number)) }
  }

  private mutating func gatherArrivals(_ metrics: [Int32]) {
    if metrics.isEmpty { return }
    let wanted = Set(metrics)
    var latest: [SeriesKey: Arrival] = [:]
    for group in groups {
      for cell in cells[group.firstCell..<group.endCell] {
        let metric = group.family.metric(lane: Int(cell.lane))
        guard wanted.contains(metric) else { continue }
        // Chunks of a family, and slots of a chunk, follow each other in time.
        let series = SeriesKey(group.customer, MetricID(metric))
        let bucket = Bucket(group.granularity, group.chunkStart + Int32(cell.slot))
        latest[series] = Arrival(series: series, bucket: bucket, value: cell.value)
      }
    }
    latestOnArrival = latest.values.sorted { $0.series < $1.series }
  }

  /// The value as it is written, or nil when it cannot be.
  private mutating func stored(
    _ value: Double, _ metric: PlannedMetric, row: UInt32
  ) -> Double? {
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

  /// Joins a value with the last cell, which is of the same bucket and metric.
  private mutating func merge(_ value: Double, row: UInt32) {
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
