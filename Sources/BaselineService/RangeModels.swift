import Baselines
import SeriesModel
import SeriesStore

/// The models of one range in memory, walked bucket by bucket.
struct RangeModels {
  /// Rows that one batch holds; some below the contract's limit.
  static let batchRows = 1_000

  /// Rows that go out together, with the dictionaries that they share in every bucket.
  private struct Slice {
    var rows: Range<Int>
    var customers: [Customer] = []
    var customerIndex: [UInt32] = []
  }

  private let run: ScanRun
  private let list: SeriesList
  private let metrics: [Metric]
  private let metricIndex: [UInt32]
  private var slices: [Slice] = []
  private var models: [SeriesBaseline]
  /// The model has been advanced through this bucket.
  private var through: [Int32]
  /// Before and at this bucket the model only learns; what is after is judged.
  private let silentThrough: [Int32]
  private var judged: [Int32?]

  /// The first bucket that any series has still to be walked over; after the run's last when none.
  let start: Int32

  /// Series that had to be rebuilt from history.
  let rebuilt: Int

  /// Decodes the stored models.
  ///
  /// A model of another version, or of a past that was corrected, is rebuilt from `first` on.
  init(
    run: ScanRun, list: SeriesList, catalogue: [Metric],
    states: [SeriesKey: StoredState], corrected: Set<SeriesKey>, first: Int32
  ) throws {
    self.run = run
    self.list = list
    let present = Set(list.series.map(\.metric))
    metrics = catalogue.filter { present.contains($0.id) }
    var places: [MetricID: Int] = [:]
    for (place, metric) in metrics.enumerated() { places[metric.id] = place }
    var models: [SeriesBaseline] = []
    var through: [Int32] = []
    var silent: [Int32] = []
    var judged: [Int32?] = []
    var indices: [UInt32] = []
    var rebuilt = 0
    for key in list.series {
      guard let place = places[key.metric] else {
        throw BaselineServiceError(.unknownMetric, "metric \(key.metric.number)")
      }
      indices.append(UInt32(place))
      let kind = metrics[place].kind
      let stored = states[key]
      var model = SeriesBaseline(kind: kind, granularity: run.granularity)
      var reached = first - 1
      if let stored, !corrected.contains(key),
        let read = try Self.decode(stored.bytes, kind: kind)
      {
        model = read
        reached = stored.through
      } else if stored != nil {
        rebuilt += 1
      }
      models.append(model)
      through.append(reached)
      silent.append(stored?.through ?? first - 1)
      judged.append(stored?.judged)
    }
    self.models = models
    self.through = through
    silentThrough = silent
    self.judged = judged
    metricIndex = indices
    self.rebuilt = rebuilt
    start = (through.min() ?? run.through) + 1
    slices = Self.slices(list)
  }

  /// The model in the bytes, or nil when it must be rebuilt.
  private static func decode(_ bytes: [UInt8], kind: MetricKind) throws -> SeriesBaseline? {
    do throws(BaselineError) {
      let model = try SeriesBaseline(decoding: bytes)
      return model.kind == kind ? model : nil
    } catch {
      switch error.code {
      case .otherVersion: return nil
      case .damaged: throw error
      }
    }
  }

  private static func slices(_ list: SeriesList) -> [Slice] {
    var slices: [Slice] = []
    var rows = 0..<0
    while rows.upperBound < list.series.count {
      rows = rows.upperBound..<min(rows.upperBound + batchRows, list.series.count)
      var slice = Slice(rows: rows)
      var last = -1
      for row in rows {
        let customer = list.customerIndex[row]
        if customer != last { slice.customers.append(list.customers[customer]) }
        last = customer
        slice.customerIndex.append(UInt32(slice.customers.count - 1))
      }
      slices.append(slice)
    }
    return slices
  }

  /// The series in the order of the rows.
  var series: [SeriesKey] { list.series }

  /// Series times buckets that are left to walk over and judge.
  var bucketsDue: Int64 {
    silentThrough.reduce(0) { $0 + Int64(max(0, Int(run.through) - Int($1))) }
  }

  /// Advances every series by one bucket.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one.
  ///   - points: The values of the series, row by row, from `from` on.
  /// - Returns: The evidence of the series that had a value, and how many were walked over.
  mutating func advance(
    to bucket: Int32, points: SlotTable
  ) -> (batches: [EvidenceBatch], walked: Int64) {
    var batches: [EvidenceBatch] = []
    var walked: Int64 = 0
    for slice in slices {
      var batch = EvidenceBatch(
        runID: run.id, bucket: Bucket(run.granularity, bucket), revision: 1,
        ingestSequence: run.ingestSequence, modelVersion: ModelParameters.version,
        customers: slice.customers, metrics: metrics,
        windows: ModelParameters.parameters(for: run.granularity).windows)
      batch.reserveCapacity(slice.rows.count)
      for row in slice.rows where through[row] < bucket {
        let value = points[row, bucket]
        through[row] = bucket
        guard bucket > silentThrough[row] else {
          models[row].advance(to: bucket, value: value)
          continue
        }
        walked += 1
        let outcome = models[row].advance(
          to: bucket, value: value,
          customerIndex: slice.customerIndex[row - slice.rows.lowerBound],
          metricIndex: metricIndex[row], into: &batch)
        if outcome == .judged { judged[row] = bucket }
      }
      if batch.count > 0 { batches.append(batch) }
    }
    return (batches, walked)
  }

  /// The models that have moved beyond a bucket and have begun, as they are to be stored.
  func changes(after bucket: Int32) -> [StateChange] {
    list.series.indices.compactMap { row in
      // A model that is being rebuilt is stored once it knows all that the old one knew, or a crash
      // would let it judge a second time.
      guard through[row] > bucket, through[row] >= silentThrough[row],
        models[row].lastBucket != nil
      else { return nil }
      return StateChange(
        key: list.series[row],
        state: StoredState(
          through: through[row], judged: judged[row], bytes: models[row].encoded))
    }
  }

  /// How many series the run scanned, and why the others were not.
  var tally: (scanned: Int64, skips: [String: Int64]) {
    var scanned: Int64 = 0
    var skips: [String: Int64] = [:]
    let from = run.from ?? start
    for row in models.indices {
      if let judged = judged[row], judged >= from {
        scanned += 1
      } else if models[row].age == 0 {
        skips["not_started", default: 0] += 1
      } else if models[row].age == 1 {
        skips["first_value", default: 0] += 1
      } else {
        skips["no_value", default: 0] += 1
      }
    }
    return (scanned, skips)
  }
}
