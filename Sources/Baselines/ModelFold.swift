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
    var customerIndex: [UInt32] = []
  }

  private let runID: ScanRunID
  private let granularity: Granularity
  private let ingestSequence: Int64
  private let metrics: [Metric]
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
  public init(
    runID: ScanRunID, granularity: Granularity, ingestSequence: Int64, customers: [Customer],
    metrics: [Metric], members: [Member]
  ) {
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

  private static func slices(_ members: [Member], _ customers: [Customer]) -> [Slice] {
    var slices: [Slice] = []
    var places = 0..<0
    while places.upperBound < members.count {
      places = places.upperBound..<min(places.upperBound + batchRows, members.count)
      var slice = Slice(members: places)
      var last = -1
      for place in places {
        let customer = members[place].customer
        if customer != last { slice.customers.append(customers[customer]) }
        last = customer
        slice.customerIndex.append(UInt32(slice.customers.count - 1))
      }
      slices.append(slice)
    }
    return slices
  }

  /// Advances every model that has not come so far by one bucket.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one.
  ///   - values: The value of the member at a place; NaN where it is missing.
  ///   - flags: What is known of the member at a place beyond its model.
  /// - Returns: The evidence of the series that had a value, and how many series were walked over
  ///   to be judged.
  public mutating func advance(
    to bucket: Int32, values: (Int) -> Double, flags: (Int) -> EvidenceFlags = { _ in [] }
  ) -> (batches: [Batch], walked: Int64) {
    var batches: [Batch] = []
    var walked: Int64 = 0
    let windows = ModelParameters.parameters(for: granularity).windows
    for slice in slices {
      var evidence = EvidenceBatch(
        runID: runID, bucket: Bucket(granularity, bucket), revision: 1,
        ingestSequence: ingestSequence, modelVersion: ModelParameters.version,
        customers: slice.customers, metrics: metrics, windows: windows)
      evidence.reserveCapacity(slice.members.count)
      var members: [Int] = []
      members.reserveCapacity(slice.members.count)
      for place in slice.members where through[place] < bucket {
        through[place] = bucket
        guard bucket > silentThrough[place] else {
          models[place].advance(to: bucket, value: values(place))
          continue
        }
        walked += 1
        let outcome = models[place].advance(
          to: bucket, value: values(place),
          customerIndex: slice.customerIndex[place - slice.members.lowerBound],
          metricIndex: metricIndex[place], flags: flags(place), into: &evidence)
        guard outcome == .judged else { continue }
        judged[place] = bucket
        members.append(place)
      }
      if !members.isEmpty { batches.append(Batch(evidence: evidence, members: members)) }
    }
    return (batches, walked)
  }
}
