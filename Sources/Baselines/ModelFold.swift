public import SeriesModel

/// The models of many series in memory, advanced together bucket by bucket.
///
/// The one way from values to evidence: the service walks a range of stored series through it, a
/// replay walks a whole history.
public struct ModelFold: Sendable {
  /// Rows that one batch holds; some below the contract's limit.
  public static let batchRows = 1_000

  /// One series as the fold takes it over.
  public struct Member: Sendable {
    /// Place in the customers; those of one customer stand together.
    public var customer: Int
    /// Place in the metrics.
    public var metric: Int
    /// The model as it stands.
    public var model: SeriesBaseline
    /// The model has been advanced through this bucket.
    public var through: Int32
    /// Before and at this bucket the model only learns; what is after is judged.
    public var silentThrough: Int32
    /// The last bucket that was judged; nil before the first.
    public var judged: Int32?

    /// Gathers what is known of a series.
    public init(
      customer: Int, metric: Int, model: SeriesBaseline, through: Int32, silentThrough: Int32,
      judged: Int32? = nil
    ) {
      self.customer = customer
      self.metric = metric
      self.model = model
      self.through = through
      self.silentThrough = silentThrough
      self.judged = judged
    }
  }

  /// The evidence of one bucket for neighbouring series.
  public struct Batch: Sendable {
    /// A row a series that had a value.
    public var evidence: EvidenceBatch
    /// For each row the place of its series among the members.
    public var members: [Int]
  }

  /// Members that go out together, with the dictionary that they share in every bucket.
  private struct Slice: Sendable {
    var members: Range<Int>
    var customers: [Customer] = []
    /// One a customer.
    var cohorts: [String] = []
    /// Each once, but for that of all, in order.
    var cohortNames: [String] = []
    var customerIndex: [UInt32] = []
  }

  private let runID: ScanRunID
  private let granularity: Granularity
  private let ingestSequence: Int64
  private let metrics: [Metric]
  private let sensitivity: [SensitivityRule]
  private let rules: [StaticRule]
  private var detail: EvidenceDetail
  /// By place of the metric, whether rules look at it in every bucket, and in the first of a
  /// season.
  private var isRuled: [Bool]
  private var isMixed: [Bool]
  private let metricIndex: [UInt32]
  private let slices: [Slice]

  /// The models, in the order of the members.
  public private(set) var models: [SeriesBaseline]

  /// For each model the bucket that it has been advanced through.
  public private(set) var through: [Int32]

  /// For each model the last bucket from which it only learned.
  public let silentThrough: [Int32]

  /// For each model the last bucket that was judged; nil before the first.
  public private(set) var judged: [Int32?]

  /// Takes series over.
  ///
  /// - Parameters:
  ///   - runID: The run that the evidence belongs to.
  ///   - granularity: The length of the buckets.
  ///   - ingestSequence: The sequence of ingest whose points are walked over.
  ///   - customers: Whom the members speak of.
  ///   - metrics: What the members speak of.
  ///   - members: The series; those of one customer stand together.
  ///   - sensitivity: The settings that the evidence is to be judged with.
  ///   - rules: The static rules that it is to be judged with.
  ///   - detail: Which rows show all that there is to judge; nil for those in which something may
  ///     be found with these settings.
  public init(
    runID: ScanRunID, granularity: Granularity, ingestSequence: Int64, customers: [Customer],
    metrics: [Metric], members: [Member], sensitivity: [SensitivityRule] = [],
    rules: [StaticRule] = StaticRule.shipped, detail: EvidenceDetail? = nil
  ) {
    self.rules = rules.filter { rule in metrics.contains { rule.speaks(of: $0) } }
    self.detail = detail ?? EvidenceDetail(sensitivity)
    isRuled = Self.isLookedAt(metrics, by: self.rules) { $0 != .mixShift }
    isMixed = Self.isLookedAt(metrics, by: self.rules) { $0 == .mixShift }
    self.sensitivity = sensitivity
    self.runID = runID
    self.granularity = granularity
    self.ingestSequence = ingestSequence
    self.metrics = metrics
    metricIndex = members.map { UInt32($0.metric) }
    models = members.map(\.model)
    through = members.map(\.through)
    silentThrough = members.map(\.silentThrough)
    judged = members.map(\.judged)
    slices = Self.slices(members, customers)
  }

  private static func isLookedAt(
    _ metrics: [Metric], by rules: [StaticRule], where holds: (StaticRule.Comparison) -> Bool
  ) -> [Bool] {
    let rules = rules.filter { holds($0.comparison) }
    return metrics.map { metric in rules.contains { $0.looksAt(metric) } }
  }

  /// Shows in the buckets that follow all that there is to judge by other settings than those that
  /// the evidence carries.
  ///
  /// - Parameters:
  ///   - detail: Of which rows.
  ///   - rules: The static rules that it is to be judged with.
  public mutating func show(_ detail: EvidenceDetail, rules: [StaticRule]) {
    self.detail = detail
    isRuled = Self.isLookedAt(metrics, by: rules) { $0 != .mixShift }
    isMixed = Self.isLookedAt(metrics, by: rules) { $0 == .mixShift }
  }

  private static func slices(_ members: [Member], _ customers: [Customer]) -> [Slice] {
    var slices: [Slice] = []
    var places = 0..<0
    while places.upperBound < members.count {
      places = places.upperBound..<end(of: members, from: places.upperBound)
      var slice = Slice(members: places)
      var last = -1
      for place in places {
        let customer = members[place].customer
        if customer != last {
          slice.customers.append(customers[customer])
          slice.cohorts.append(customers[customer].cohort)
        }
        last = customer
        slice.customerIndex.append(UInt32(slice.customers.count - 1))
      }
      slice.cohortNames = Set(slice.cohorts).subtracting([""]).sorted()
      slices.append(slice)
    }
    return slices
  }

  /// Where a slice ends: with its last customer, so that whoever judges a customer sees all of it;
  /// only one that fills more than a batch is parted.
  private static func end(of members: [Member], from start: Int) -> Int {
    let limit = min(start + batchRows, members.count)
    guard limit < members.count else { return limit }
    var end = limit
    while end > start, members[end - 1].customer == members[limit].customer { end -= 1 }
    return end > start ? end : limit
  }

  /// What the members that have not come so far say of a bucket, before they learn from it.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one.
  ///   - values: The value of the member at a place; NaN where it is missing.
  ///   - flags: What the calendar says of the member at a place.
  /// - Returns: The views by cohort.
  public func tally(
    of bucket: Int32, values: (Int) -> Double, flags: (Int) -> EvidenceFlags = { _ in [] }
  ) -> CohortTally {
    var tally = CohortTally()
    var views: [CohortView] = []
    for slice in slices {
      var last: UInt32?
      for place in slice.members where through[place] < bucket {
        let customer = slice.customerIndex[place - slice.members.lowerBound]
        if let last, last != customer {
          tally.add(views, of: slice.cohorts[Int(last)])
          views.removeAll(keepingCapacity: true)
        }
        last = customer
        let value = values(place)
        let flags = flags(place)
        views.append(models[place].cohortView(of: bucket, value: value, flags: flags))
      }
      if let last { tally.add(views, of: slice.cohorts[Int(last)]) }
      views.removeAll(keepingCapacity: true)
    }
    return tally
  }

  /// Advances every model that has not come so far by one bucket.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one.
  ///   - values: The value of the member at a place; NaN where it is missing.
  ///   - flags: What the calendar says of the member at a place.
  ///   - cohorts: What the bucket did to each cohort, the row of all among them.
  /// - Returns: The evidence of the series that had a value, and how many series were walked over
  ///   to be judged.
  public mutating func advance(
    to bucket: Int32, values: (Int) -> Double, flags: (Int) -> EvidenceFlags = { _ in [] },
    cohorts: [CohortRow] = []
  ) -> (batches: [Batch], walked: Int64) {
    var batches: [Batch] = []
    var walked: Int64 = 0
    let windows = ModelParameters.parameters(for: granularity).windows
    let rows = CohortRows(cohorts)
    let isSeasonStart = Bucket(granularity, bucket).seasonSlot == 0
    for slice in slices {
      var evidence = EvidenceBatch(
        runID: runID, bucket: Bucket(granularity, bucket), revision: 1,
        ingestSequence: ingestSequence, modelVersion: ModelParameters.version,
        customers: slice.customers, metrics: metrics, sensitivity: sensitivity, windows: windows)
      evidence.cohorts = rows.present(in: slice.cohortNames)
      evidence.rules = self.rules
      var members: [Int] = []
      members.reserveCapacity(slice.members.count)
      // Those of one customer stand together and share a row.
      var last = UInt32.max
      var row = rows.all
      for place in slice.members where through[place] < bucket {
        through[place] = bucket
        let customer = slice.customerIndex[place - slice.members.lowerBound]
        if customer != last { row = rows.row(slice.cohorts[Int(customer)]) }
        last = customer
        var flags = flags(place)
        if row.outageSince != nil || rows.all.outageSince != nil { flags.insert(.outage) }
        guard bucket > silentThrough[place] else {
          models[place].advance(to: bucket, value: values(place), flags: flags, cohort: row)
          continue
        }
        walked += 1
        if members.isEmpty { evidence.reserveCapacity(slice.members.count) }
        let metric = Int(metricIndex[place])
        let isShown = isRuled[metric] || isSeasonStart && isMixed[metric]
        let outcome = models[place].advance(
          to: bucket, value: values(place), customerIndex: customer,
          metricIndex: metricIndex[place], flags: flags, cohort: row,
          detail: isShown ? .everywhere : detail, into: &evidence)
        guard outcome == .judged else { continue }
        judged[place] = bucket
        members.append(place)
      }
      if !members.isEmpty { batches.append(Batch(evidence: evidence, members: members)) }
    }
    return (batches, walked)
  }
}

/// The rows of one bucket by cohort.
private struct CohortRows {
  let all: CohortRow
  private let rows: [String: CohortRow]

  init(_ rows: [CohortRow]) {
    all = rows.first { $0.cohort.isEmpty } ?? CohortRow(cohort: "")
    self.rows = Dictionary(rows.map { ($0.cohort, $0) }) { first, _ in first }
  }

  /// The row of a cohort; that of all where it has none.
  func row(_ cohort: String) -> CohortRow { rows[cohort] ?? all }

  /// The rows that members of these cohorts were judged with, that of all first; no more of them
  /// than a batch may hold, in which case those of platform events come first.
  func present(in cohorts: [String]) -> [CohortRow] {
    guard !rows.isEmpty else { return [] }
    var found = cohorts.compactMap { rows[$0] }
    let limit = ModelFold.batchRows - 1
    if found.count > limit {
      let events = found.filter { $0.outageSince != nil }
      let others = found.filter { $0.outageSince == nil }
      found = Array((events + others).prefix(limit)).sorted { $0.cohort < $1.cohort }
    }
    return [all] + found
  }
}

extension Customer {
  /// The cohort that the customer is compared with: its segment, or its region where it has none.
  public var cohort: String { segment.isEmpty ? region : segment }
}
