public import SeriesModel

/// What is normal for one series, and how well that is known.
///
/// The model is a fold over the buckets of the series, oldest first, present or missing: the same
/// values, calendar and cohort rows always give the same state, to the bit, whether it was kept in
/// memory, written to bytes between buckets, or rebuilt from history. It advances by one bucket at
/// a time.
///
/// Each granularity has its own way to say what is normal: days and hours by level and season,
/// weeks by silence as well, streams of 5 minutes by what was never seen before.
public struct SeriesBaseline: Sendable {
  /// What the values are.
  public let kind: MetricKind

  /// The length of the buckets.
  public let granularity: Granularity

  /// The first bucket with a value; nil before one came.
  public private(set) var firstBucket: Int32?

  /// The last bucket that the model was advanced to; nil before the first value.
  public private(set) var lastBucket: Int32?

  /// Fingerprint of everything the model was advanced over.
  private(set) var history: ContentHash

  // One of them, as the granularity asks for.
  private(set) var seasonal: SeasonalModel?
  private(set) var stream: ModelBox<StreamModel>?

  /// Beside it where a bucket may well be without activity.
  private(set) var sparse: ModelBox<SparseModel>?

  /// A model that has seen nothing.
  public init(kind: MetricKind, granularity: Granularity) {
    self.kind = kind
    self.granularity = granularity
    let isStream = granularity == .fiveMinutes
    seasonal = isStream ? nil : SeasonalModel(kind: kind, granularity: granularity)
    stream = isStream ? ModelBox(StreamModel()) : nil
    let isSparse = granularity == .week && (kind == .count || kind == .money)
    sparse = isSparse ? ModelBox(SparseModel(kind: kind)) : nil
    history = ContentHash(seed: UInt64(granularity.rawValue) << 8 | UInt64(kind.rawValue))
  }

  /// How many values were seen.
  public var age: Int { seasonal?.age ?? stream?.model.age ?? 0 }

  /// The level, or NaN before the first value.
  public var level: Double { seasonal?.level ?? stream?.model.level ?? .nan }

  /// Whether the series has been seen for too short a time to be judged fully.
  public var isLearning: Bool {
    age < ModelParameters.parameters(for: granularity).warmUp
  }

  /// What became of one bucket.
  public enum Outcome: Sendable, Hashable {
    /// A row of evidence was added.
    case judged
    /// The bucket has no value; nothing to judge.
    case missing
    /// The series has had no value so far.
    case notStarted
    /// It is the first value, so there is nothing to compare it with.
    case firstValue
  }

  /// What the series says of its cohort in a bucket, before it learns from it.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one.
  ///   - value: The value, or NaN where it is missing.
  ///   - flags: What the calendar says of the bucket.
  /// - Returns: The view, which says nothing before the first value.
  ///
  /// Changes nothing; it is mutating so that who asks need not hold on to what it looks at.
  public func cohortView(
    of bucket: Int32, value: Double, flags: EvidenceFlags = []
  ) -> CohortView {
    guard lastBucket != nil, let seasonal else { return CohortView() }
    var view = seasonal.cohortView(slot(bucket), value, flags)
    guard let sparse else { return view }
    view.share = sparse.model.cohortShare(of: value)
    // A week without activity is not an outage where such weeks are common.
    if sparse.model.isSparse { view.logRatio = .nan }
    return view
  }

  /// Advances the model by one bucket without making evidence.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one; any bucket before the first value.
  ///   - value: The value, or NaN where it is missing.
  ///   - flags: What the calendar and the cohort say of the bucket.
  ///   - cohort: What the bucket did to the cohort.
  public mutating func advance(
    to bucket: Int32, value: Double, flags: EvidenceFlags = [],
    cohort: CohortRow = CohortRow(cohort: "")
  ) {
    guard enter(bucket, value, flags, cohort) else { return }
    examine(bucket, value, flags, cohort)
    learn()
    _ = advanceSparse(value, flags, cohort)
  }

  /// Advances the model by one bucket and adds its row of evidence, if there is one.
  ///
  /// - Parameters:
  ///   - bucket: The bucket after the last one; any bucket before the first value.
  ///   - value: The value, or NaN where it is missing.
  ///   - customerIndex: Place of the customer in the batch.
  ///   - metricIndex: Place of the metric in the batch.
  ///   - flags: What the calendar and the cohort say of the bucket.
  ///   - cohort: What the bucket did to the cohort.
  ///   - detail: Whether the row shows all that there is to judge.
  ///   - batch: Of the same bucket and with the windows of the model.
  /// - Returns: What became of it.
  public mutating func advance(
    to bucket: Int32, value: Double, customerIndex: UInt32, metricIndex: UInt32,
    flags: EvidenceFlags = [], cohort: CohortRow = CohortRow(cohort: ""),
    detail: EvidenceDetail = .everywhere, into batch: inout EvidenceBatch
  ) -> Outcome {
    guard enter(bucket, value, flags, cohort) else { return .notStarted }
    let age = age
    examine(bucket, value, flags, cohort)
    defer { learn() }
    let shown = advanceSparse(value, flags, cohort)
    guard !value.isNaN else { return .missing }
    guard age > 0 else { return .firstValue }
    var flags = flags.union(seasonal?.flags ?? [])
    if age < ModelParameters.parameters(for: granularity).warmUp { flags.insert(.learning) }
    batch.customerIndex.append(customerIndex)
    batch.metricIndex.append(metricIndex)
    batch.flags.append(flags)
    batch.age.append(UInt32(age))
    batch.inputHash.append(history.value)
    let showsAll = isNotable(detail) || (shown?.risk ?? 0) > 0
    seasonal?.append(to: &batch, showsAll: showsAll)
    stream?.model.append(to: &batch, showsAll: showsAll)
    if showsAll { batch.risk.append(shown?.risk ?? 0) }
    if let shown, sparse?.model.isSparse == true { batch.showSparse(shown, isDetailed: showsAll) }
    return .judged
  }

  /// Whether the bucket that was examined last shows something that a test might find.
  private func isNotable(_ detail: EvidenceDetail) -> Bool {
    switch detail {
    case .everywhere: true
    case .notable(let scale):
      seasonal?.isNotable(scale: scale) ?? stream?.model.isNotable(scale: scale) ?? false
    }
  }

  /// Measures a bucket against what is normal; a stream learns from it at once.
  private mutating func examine(
    _ bucket: Int32, _ value: Double, _ flags: EvidenceFlags, _ cohort: CohortRow
  ) {
    part()
    // The slot costs a calendar.
    if let seasonal { seasonal.examine(slot(bucket), value, flags, cohort) }
    _ = stream?.model.advance(to: bucket, value: value)
  }

  /// Parts the models from those of other holders, before they are changed.
  private mutating func part() {
    if seasonal != nil, !isKnownUniquelyReferenced(&seasonal) { seasonal = seasonal?.fork() }
    if stream != nil, !isKnownUniquelyReferenced(&stream) {
      stream = stream.map { ModelBox($0.model) }
    }
    if sparse != nil, !isKnownUniquelyReferenced(&sparse) {
      sparse = sparse.map { ModelBox($0.model) }
    }
  }

  private mutating func learn() {
    seasonal?.learn()
  }

  /// Advances what stands beside the model; silence while all were out is no silence.
  private mutating func advanceSparse(
    _ value: Double, _ flags: EvidenceFlags, _ cohort: CohortRow
  ) -> SparseEvidence? {
    let isOut = flags.contains(.outage) && value <= 0
    return sparse?.model.advance(value: isOut ? .nan : value, shift: cohort.shift)
  }

  /// Checks the bucket and adds it to the fingerprint; false before the first value.
  private mutating func enter(
    _ bucket: Int32, _ value: Double, _ flags: EvidenceFlags, _ cohort: CohortRow
  ) -> Bool {
    precondition(!value.isInfinite, "ingest lets only finite values through")
    if let lastBucket {
      precondition(bucket == lastBucket + 1, "a bucket was left out")
    } else {
      guard !value.isNaN else { return false }
      firstBucket = bucket
    }
    lastBucket = bucket
    history.add(UInt64(UInt32(bitPattern: bucket)) | UInt64(flags.rawValue) << 32)
    history.add(value)
    history.add(cohort.shift)
    return true
  }

  /// The slot of the season that a bucket lies in: the day of the week, or its hour.
  func slot(_ bucket: Int32) -> Int {
    let bucket = Bucket(granularity, bucket)
    switch granularity {
    case .day, .week: return bucket.seasonSlot
    case .hour, .fiveMinutes:
      let hour = bucket.seasonSlot * 24 / granularity.seasonLength
      return bucket.startDate.weekday * 24 + hour
    }
  }
}

extension SeriesBaseline {
  /// The version of the bytes; others are refused, and the state is rebuilt from history.
  static let formatVersion: UInt8 = 6

  /// Stands for a bucket that there is none of.
  private static let noBucket = Int32.min

  /// The state as bytes: equal states give equal bytes.
  public var encoded: [UInt8] {
    var writer = StateWriter(capacity: 3_072)
    writer.write(Self.formatVersion)
    writer.write(granularity.rawValue)
    writer.write(kind.rawValue)
    writer.write(firstBucket ?? Self.noBucket)
    writer.write(lastBucket ?? Self.noBucket)
    writer.write(history.value)
    seasonal?.encode(into: &writer)
    stream?.model.encode(into: &writer)
    sparse?.model.encode(into: &writer)
    return writer.bytes
  }

  /// Reads a state back.
  ///
  /// - Throws: ``BaselineError`` when the bytes are of another version or damaged.
  public init(decoding bytes: [UInt8]) throws(BaselineError) {
    var reader = StateReader(bytes)
    let version = try reader.integer(UInt8.self)
    guard version == Self.formatVersion else {
      throw BaselineError(
        .otherVersion, "state has version \(version), expected \(Self.formatVersion)")
    }
    guard let granularity = Granularity(rawValue: try reader.integer(UInt8.self)),
      let kind = MetricKind(rawValue: try reader.integer(UInt8.self))
    else { throw BaselineError(.damaged, "unknown granularity or kind") }
    self.init(kind: kind, granularity: granularity)
    firstBucket = try Self.bucket(&reader)
    lastBucket = try Self.bucket(&reader)
    history = ContentHash(value: try reader.integer(UInt64.self))
    try seasonal?.decode(from: &reader)
    try stream?.model.decode(from: &reader)
    try sparse?.model.decode(from: &reader)
    guard reader.isAtEnd else {
      throw BaselineError(.damaged, "state has bytes beyond its end")
    }
  }

  private static func bucket(_ reader: inout StateReader) throws(BaselineError) -> Int32? {
    let bucket = try reader.integer(Int32.self)
    return bucket == noBucket ? nil : bucket
  }
}
