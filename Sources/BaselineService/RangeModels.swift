import Baselines
import SeriesModel
import SeriesStore

/// The models of one range in memory, walked bucket by bucket.
struct RangeModels {
  private let run: ScanRun
  private let list: SeriesList
  /// For each series the place of its metric.
  private let metricIndex: [Int]
  private var calendar: CalendarResolver
  private var fold: ModelFold
  /// For each series how often its past was judged.
  private let revisions: [UInt32]

  /// The first bucket that any series has still to be walked over; after the run's last when none.
  let start: Int32

  /// Takes the models over, one or nil for each series; those of which there is none, or that must be
  /// rebuilt, are walked from `first` on.
  ///
  /// The calendar is of the list's customers and of these metrics; what is judged is judged by the
  /// settings. Silent models only learn; those of customers that are to be judged again do so up to
  /// the bucket before.
  init(
    run: ScanRun, list: SeriesList, metrics: [Metric], calendar: CalendarResolver,
    settings: JudgementSettings, states: [SeriesKey: StoredState], models: [SeriesBaseline?],
    first: Int32, isSilent: Bool = false, judgedFrom: [CustomerID: Int32] = [:]
  ) throws {
    self.run = run
    self.list = list
    self.calendar = calendar
    let places = Self.places(metrics)
    var members: [ModelFold.Member] = []
    members.reserveCapacity(models.count)
    for (row, key) in list.series.enumerated() {
      let place = try Self.place(of: key, places)
      let stored = states[key]
      var member = ModelFold.Member(
        customer: list.customerIndex[row], metric: place,
        model: SeriesBaseline(kind: metrics[place].kind, granularity: run.granularity),
        through: first - 1,
        silentThrough: isSilent
          ? .max : judgedFrom[key.customer].map { $0 - 1 } ?? stored?.through ?? first - 1,
        judged: stored?.judged)
      if let stored, let model = models[row] {
        member.model = model
        member.through = stored.through
      }
      members.append(member)
    }
    metricIndex = members.map(\.metric)
    revisions = list.series.map { states[$0]?.revision ?? 1 }
    start = (members.map(\.through).min() ?? run.through) + 1
    let present = settings.present(in: list.customers, metrics)
    fold = ModelFold(
      runID: run.id, granularity: run.granularity, ingestSequence: run.ingestSequence,
      customers: list.customers, metrics: metrics, members: members,
      sensitivity: present.sensitivity, rules: present.staticRules)
  }

  /// For each series its stored model; nil where there is none, and where it is of another version
  /// or of a past that has changed.
  static func decoded(
    _ list: SeriesList, metrics: [Metric], states: [SeriesKey: StoredState],
    stale: [SeriesKey: StoredRange.Staleness]
  ) throws -> [SeriesBaseline?] {
    let places = Self.places(metrics)
    return try list.series.map { key in
      let kind = metrics[try place(of: key, places)].kind
      guard let stored = states[key], stale[key] == nil else { return nil }
      return try decode(stored.bytes, kind: kind)
    }
  }

  private static func places(_ metrics: [Metric]) -> [MetricID: Int] {
    Dictionary(uniqueKeysWithValues: zip(metrics.map(\.id), metrics.indices))
  }

  private static func place(
    of key: SeriesKey, _ places: [MetricID: Int]
  ) throws(BaselineServiceError) -> Int {
    guard let place = places[key.metric] else {
      throw BaselineServiceError(.unknownMetric, "metric \(key.metric.number)")
    }
    return place
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

  /// The series in the order of the rows.
  var series: [SeriesKey] { list.series }

  /// The cohorts that the customers belong to.
  var cohorts: [String] { Set(list.customers.map(\.cohort)).sorted() }

  /// Series times buckets that are left to walk over and judge.
  var bucketsDue: Int64 {
    fold.silentThrough.reduce(0) { $0 + Int64(max(0, Int(run.through) - Int($1))) }
  }

  /// Advances every series by one bucket.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one.
  ///   - points: The values of the series, row by row, from `from` on.
  ///   - cohorts: What the bucket did to each cohort.
  /// - Returns: The evidence of the series that had a value, and how many were walked over.
  @discardableResult
  mutating func advance(
    to bucket: Int32, points: SlotTable, cohorts: [CohortRow]
  ) -> (batches: [EvidenceBatch], walked: Int64) {
    calendar.enter(Bucket(run.granularity, bucket))
    let (batches, walked) = fold.advance(
      to: bucket, values: { points[$0, bucket] },
      flags: { [calendar, list, metricIndex] place in
        EvidenceFlags(
          calendar.entry(customer: list.customerIndex[place], metric: metricIndex[place]))
      }, cohorts: cohorts)
    return (batches.map(\.evidence), walked)
  }

  /// What the series that have not come so far say of a bucket, before they learn from it.
  mutating func tally(of bucket: Int32, points: SlotTable) -> CohortTally {
    calendar.enter(Bucket(run.granularity, bucket))
    return fold.tally(
      of: bucket, values: { points[$0, bucket] },
      flags: { [calendar, list, metricIndex] place in
        EvidenceFlags(
          calendar.entry(customer: list.customerIndex[place], metric: metricIndex[place]))
      })
  }

  /// The models that have moved beyond a bucket and have begun, as they are to be stored.
  func changes(after bucket: Int32) -> [StateChange] {
    list.series.indices.compactMap { row in
      // A model that is being rebuilt is stored once it knows all that the old one knew, or a crash
      // would let it judge a second time.
      guard fold.through[row] > bucket, fold.through[row] >= fold.silentThrough[row],
        fold.models[row].lastBucket != nil
      else { return nil }
      return StateChange(
        key: list.series[row],
        state: StoredState(
          through: fold.through[row], judged: fold.judged[row], bytes: fold.models[row].encoded,
          revision: revisions[row]))
    }
  }

  /// How many series the run scanned, and why the others were not.
  var tally: (scanned: Int64, skips: [String: Int64]) {
    var scanned: Int64 = 0
    var skips: [String: Int64] = [:]
    let from = run.from ?? start
    for row in fold.models.indices {
      if let judged = fold.judged[row], judged >= from {
        scanned += 1
      } else if fold.models[row].age == 0 {
        skips["not_started", default: 0] += 1
      } else if fold.models[row].age == 1 {
        skips["first_value", default: 0] += 1
      } else {
        skips["no_value", default: 0] += 1
      }
    }
    return (scanned, skips)
  }
}
