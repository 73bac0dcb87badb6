public import Baselines
public import RPC
public import SeriesContract
public import SeriesModel

extension Baselines.SensitivityRule {
  /// Reads a rule.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - field: What errors call it, such as `sensitivity[0]`.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: EvidenceContract.SensitivityRule, field: String) throws(RPCError) {
    try WireLimits.text(wire.scope, bytes: 220, "\(field).scope")
    guard let scope = Scope(wire.scope) else {
      throw RPCError(
        .invalidArgument, field: "\(field).scope", reason: "unknown_scope",
        "\(field).scope must be empty, segment:NAME, metric:NAME or customer:ID")
    }
    guard wire.scale.isFinite, (0.1...10).contains(wire.scale) else {
      throw RPCError(
        .invalidArgument, field: "\(field).scale", reason: "out_of_range",
        "\(field).scale must be 0.1 to 10")
    }
    self.init(scope: scope, scale: wire.scale)
  }
}

extension EvidenceContract.SensitivityRule {
  /// Writes a rule.
  public init(_ domain: Baselines.SensitivityRule) {
    self.init()
    scope = domain.scope.text
    scale = domain.scale
  }
}

extension EvidenceContract.EvidenceBatch {
  /// Writes a batch.
  public init(_ domain: Baselines.EvidenceBatch) {
    self.init()
    runID = WireUUID(high: domain.runID.high, low: domain.runID.low).bytes
    granularity = SeriesContract.Granularity(domain.bucket.granularity)
    bucket = domain.bucket.index
    revision = domain.revision
    ingestSequence = domain.ingestSequence
    modelVersion = domain.modelVersion
    customers = domain.customers.map(SeriesContract.Customer.init)
    metrics = domain.metrics.map(SeriesContract.Metric.init)
    sensitivity = domain.sensitivity.map(EvidenceContract.SensitivityRule.init)
    rules = domain.rules.map(EvidenceContract.StaticRule.init)
    windows = domain.windows.map(UInt32.init)
    customerIndex = domain.customerIndex
    metricIndex = domain.metricIndex
    flags = domain.flags.map(\.rawValue)
    age = domain.age
    observed = domain.observed
    expected = domain.expected
    deviation = domain.deviation
    z = domain.z
    windowSum = domain.windowSum
    windowExpected = domain.windowExpected
    windowDeviation = domain.windowDeviation
    windowValid = domain.windowValid
    mean = domain.mean
    standardDeviation = domain.standardDeviation
    median = domain.median
    medianAbsoluteDeviation = domain.medianAbsoluteDeviation
    lowerQuartile = domain.lowerQuartile
    upperQuartile = domain.upperQuartile
    previousSeason = domain.previousSeason
    zeroRun = domain.zeroRun
    drift = domain.drift
    driftDeviation = domain.driftDeviation
    seasonDistance = domain.seasonDistance
    seasonEffect = domain.seasonEffect
    silence = domain.silence
    tieRun = domain.tieRun
    tieSurprise = domain.tieSurprise
    capExcess = domain.capExcess
    adoptionBuckets = domain.adoptionBuckets
    adoptionUnits = domain.adoptionUnits
    streamScore = domain.streamScore
    streamChange = domain.streamChange.map { UInt32($0.rawValue) }
    streamLength = domain.streamLength
    risk = domain.risk
    inputHash = domain.inputHash
    detailed = domain.detailed
    ringObserved = domain.ringObserved
    ringExpected = domain.ringExpected
    cohorts = domain.cohorts.map(EvidenceContract.CohortRow.init)
  }
}

extension Baselines.EvidenceBatch {
  /// Rows that one batch may hold.
  public static let rowsLimit = 1_200

  /// Reads a batch.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field: columns of another length than the rows,
  ///   windows out of order, an index beyond its dictionary, a number that must be finite.
  public init(_ wire: EvidenceContract.EvidenceBatch) throws(RPCError) {
    let run = try WireUUID(bytes: wire.runID, field: "evidence.run_id")
    let granularity = try SeriesModel.Granularity(
      wire.granularity, field: "evidence.granularity")
    try WireLimits.text(wire.modelVersion, bytes: 100, "evidence.model_version")
    let customers = try Self.customers(wire.customers, "evidence.customers")
    let metrics = try Self.metrics(wire.metrics, granularity, "evidence.metrics")
    var rules: [Baselines.SensitivityRule] = []
    for (place, rule) in wire.sensitivity.enumerated() {
      rules.append(
        try Baselines.SensitivityRule(rule, field: "evidence.sensitivity[\(place)]"))
    }
    self.init(
      runID: ScanRunID(high: run.high, low: run.low), bucket: Bucket(granularity, wire.bucket),
      revision: wire.revision, ingestSequence: wire.ingestSequence,
      modelVersion: wire.modelVersion, customers: customers, metrics: metrics,
      sensitivity: rules, windows: try Self.windows(wire.windows))
    self.rules = try Baselines.StaticRule.rules(wire.rules, "evidence.rules")
    cohorts = try Baselines.CohortRow.rows(
      wire.cohorts, bucket: wire.bucket, "evidence.cohorts")
    try takeColumns(wire)
  }

  /// Reads a dictionary of customers.
  ///
  /// - Throws: INVALID_ARGUMENT that names the entry.
  public static func customers(
    _ wire: [SeriesContract.Customer], _ field: String
  ) throws(RPCError) -> [SeriesModel.Customer] {
    var customers: [SeriesModel.Customer] = []
    customers.reserveCapacity(wire.count)
    for (place, customer) in wire.enumerated() {
      customers.append(try SeriesModel.Customer(customer, field: "\(field)[\(place)]"))
    }
    return customers
  }

  /// Reads a dictionary of metrics, all of the granularity of the batch.
  ///
  /// - Throws: INVALID_ARGUMENT that names the entry.
  public static func metrics(
    _ wire: [SeriesContract.Metric], _ granularity: SeriesModel.Granularity, _ field: String
  ) throws(RPCError) -> [SeriesModel.Metric] {
    var metrics: [SeriesModel.Metric] = []
    metrics.reserveCapacity(wire.count)
    for (place, entry) in wire.enumerated() {
      let metric = try SeriesModel.Metric(entry, field: "\(field)[\(place)]")
      guard metric.granularity == granularity else {
        throw RPCError(
          .invalidArgument, field: "\(field)[\(place)].granularity", reason: "other_granularity",
          "\(field)[\(place)].granularity is not that of the batch")
      }
      metrics.append(metric)
    }
    return metrics
  }

  private static func windows(_ wire: [UInt32]) throws(RPCError) -> [Int] {
    guard (1...8).contains(wire.count) else {
      throw RPCError(
        .invalidArgument, field: "evidence.windows", reason: "out_of_range",
        "evidence.windows must hold 1 to 8 lengths and holds \(wire.count)")
    }
    var previous: UInt32 = 0
    for length in wire {
      guard length > previous, length <= 1_000 else {
        throw RPCError(
          .invalidArgument, field: "evidence.windows", reason: "out_of_order",
          "evidence.windows must rise, from 1 to at most 1000")
      }
      previous = length
    }
    return wire.map(Int.init)
  }
}
