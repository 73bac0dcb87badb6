import IngestService

/// Points to store, as columns, with where each batch begins.
struct Workload: Sendable {
  let name: String
  let customers: [String]
  let metrics: [String]
  var customerIndex: [UInt32] = []
  var metricIndex: [UInt32] = []
  var bucket: [Int32] = []
  var value: [Double] = []

  /// Rows that are stored before the clock starts.
  var rowsBefore = 0

  /// Rows that belong to each other in time: a day of all series, or everything.
  private var rowsPerRound = 0

  /// 2024-01-01.
  static let firstDay: Int32 = 19_723

  private init(name: String, customers: Int, metrics: Int) {
    self.name = name
    self.customers = (0..<customers).map { "customer-\($0 &* 7_919 % 1_000_003)" }
    self.metrics = (0..<metrics).map { "metric_\($0)" }
  }

  /// Each day a point of each of many series; some days of the month are there already.
  static func dailyAppend(customers: Int, metrics: Int, daysBefore: Int, days: Int) -> Workload {
    var work = Workload(name: "daily append", customers: customers, metrics: metrics)
    work.reserve(customers * metrics * (daysBefore + days))
    for day in 0..<daysBefore + days {
      for customer in 0..<customers {
        for metric in 0..<metrics { work.append(customer, metric, day) }
      }
    }
    work.rowsBefore = customers * metrics * daysBefore
    work.rowsPerRound = customers * metrics
    return work
  }

  /// The whole past of one series after the other.
  static func history(customers: Int, metrics: Int, days: Int) -> Workload {
    var work = Workload(name: "long history", customers: customers, metrics: metrics)
    work.reserve(customers * metrics * days)
    for customer in 0..<customers {
      for metric in 0..<metrics {
        for day in 0..<days { work.append(customer, metric, day) }
      }
    }
    work.rowsPerRound = work.value.count
    return work
  }

  var rowsMeasured: Int { value.count - rowsBefore }

  /// Batches of a range of rows for each of several senders, whose series are others.
  func lanes(_ rows: Range<Int>, count: Int, batchRows: Int) -> [[Range<Int>]] {
    var lanes = [[Range<Int>]](repeating: [], count: count)
    for round in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsPerRound) {
      for lane in 0..<count {
        let part =
          (round + rowsPerRound * lane / count)..<(round + rowsPerRound * (lane + 1) / count)
        lanes[lane] += stride(from: part.lowerBound, to: part.upperBound, by: batchRows).map {
          $0..<min($0 + batchRows, part.upperBound)
        }
      }
    }
    return lanes
  }

  private mutating func reserve(_ count: Int) {
    customerIndex.reserveCapacity(count)
    metricIndex.reserveCapacity(count)
    bucket.reserveCapacity(count)
    value.reserveCapacity(count)
  }

  private mutating func append(_ customer: Int, _ metric: Int, _ day: Int) {
    customerIndex.append(UInt32(customer))
    metricIndex.append(UInt32(metric))
    bucket.append(Self.firstDay + Int32(day))
    value.append(Double((customer &* 31 &+ metric &* 17 &+ day &* 13) % 10_000) / 10)
  }
}
