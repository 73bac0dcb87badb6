internal import PointsContract
internal import RPC
internal import SeriesModel
internal import SeriesStore

/// A batch whose names are known and whose rows are judged one by one.
struct BatchReading {
  /// A row that is refused.
  struct Fault {
    let row: UInt32
    let code: String
    let detail: String
  }

  private(set) var rows: PointRows
  private(set) var faults: [Fault] = []

  private let batch: PointBatch
  private let customers: [CustomerID?]
  private let metrics: [Catalogue.Lookup]
  private let accepted: AcceptedTime

  /// For each entry of the batch's dictionary its place in the store's, or -1.
  private var metricPlaces: [Int32] = []
  private var customerPlaces: [Int32] = []
  private var ranges: [ClosedRange<Int32>] = []

  /// Judges all rows.
  ///
  /// The zones, one for each customer of the batch, are needed for rows with times only.
  init(
    _ batch: PointBatch, customers: [CustomerID?], metrics: [Catalogue.Lookup], zones: [Zone],
    accepted: AcceptedTime
  ) {
    self.batch = batch
    self.customers = customers
    self.metrics = metrics
    self.accepted = accepted
    rows = PointRows(customers: [], metrics: [])
    gatherDictionaries()
    rows.reserve(batch.value.count)
    for row in batch.value.indices {
      if let bucket = judge(row, zones) {
        rows.append(
          customerIndex: customerPlaces[Int(batch.customerIndex[row])],
          metricIndex: metricPlaces[Int(batch.metricIndex[row])], bucket: bucket,
          value: batch.value[row], row: UInt32(row))
      }
    }
  }

  private mutating func gatherDictionaries() {
    var knownCustomers: [CustomerID] = []
    for customer in customers {
      customerPlaces.append(customer == nil ? -1 : Int32(knownCustomers.count))
      if let customer { knownCustomers.append(customer) }
    }
    var knownMetrics: [Metric] = []
    for case let lookup in metrics {
      guard case .known(let metric) = lookup else {
        metricPlaces.append(-1)
        continue
      }
      metricPlaces.append(Int32(knownMetrics.count))
      knownMetrics.append(metric)
      ranges.append(accepted.buckets(metric.granularity))
    }
    rows = PointRows(customers: knownCustomers, metrics: knownMetrics)
  }

  /// The row's bucket, or nil once its fault is noted.
  private mutating func judge(_ row: Int, _ zones: [Zone]) -> Int32? {
    let customer = Int(batch.customerIndex[row])
    let metric = Int(batch.metricIndex[row])
    if customerPlaces[customer] < 0 {
      return refuse(row, "unknown_customer", "customer \(quoted(batch.customers[customer]))")
    }
    if metricPlaces[metric] < 0 {
      if case .malformed = metrics[metric] {
        return refuse(row, "invalid_metric_key", "metric \(quoted(batch.metrics[metric]))")
      }
      return refuse(row, "unknown_metric", "metric \(quoted(batch.metrics[metric]))")
    }
    if !batch.value[row].isFinite { return refuse(row, "not_finite", "value") }
    let place = Int(metricPlaces[metric])
    let bucket: Int32
    if batch.bucket.isEmpty {
      let second = batch.timeUnixUs[row].unixSecond
      let granularity = rows.metrics[place].granularity
      guard accepted.contains(unixSecond: second),
        let found = zones[customer].bucket(granularity, holdingUnixSecond: second)
      else { return refuse(row, "out_of_range", "time \(batch.timeUnixUs[row])") }
      bucket = found.index
    } else {
      bucket = batch.bucket[row]
      if !ranges[place].contains(bucket) {
        let granularity = rows.metrics[place].granularity
        let limits = [ranges[place].lowerBound, ranges[place].upperBound].map {
          "\(Bucket(granularity, $0))"
        }
        return refuse(
          row, "out_of_range",
          "\(Bucket(granularity, bucket)) lies outside what is accepted: \(limits[0]) to"
            + " \(limits[1])")
      }
    }
    return bucket
  }

  private mutating func refuse(_ row: Int, _ code: String, _ detail: String) -> Int32? {
    faults.append(Fault(row: UInt32(row), code: code, detail: detail))
    return nil
  }

  /// The same with the faults that show when rows are gathered by bucket.
  func adding(_ more: [PointPlan.Fault]) -> BatchReading {
    if more.isEmpty { return self }
    var copy = self
    copy.faults += more.map { fault in
      let detail =
        switch fault.code {
        case .duplicateRow: "another row sets the same bucket to another value"
        case .tooPrecise: "more decimal places than the metric keeps"
        case .outOfRange: "the sum is beyond what adds up exactly"
        }
      return Fault(row: fault.row, code: fault.code.rawValue, detail: detail)
    }
    copy.faults.sort { $0.row < $1.row }
    return copy
  }

  /// Drops a row that was found out of range when it met what is stored.
  mutating func drop(_ row: UInt32) {
    rows = rows.removing([row])
    self = adding([PointPlan.Fault(row: row, code: .outOfRange)])
  }
}

extension Int64 {
  /// Microseconds to whole seconds, rounded down.
  fileprivate var unixSecond: Int64 {
    let (quotient, rest) = quotientAndRemainder(dividingBy: 1_000_000)
    return rest < 0 ? quotient - 1 : quotient
  }
}

/// A name in messages: at most 100 bytes of it, without control characters.
func quoted(_ text: String) -> String {
  let cut = text.unicodeScalars.prefix(100).map { $0.value < 32 ? "\u{FFFD}" : Character($0) }
  return "\"" + String(cut) + "\""
}
