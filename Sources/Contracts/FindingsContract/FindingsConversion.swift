import Baselines
public import Detection
import EvidenceContract
public import RPC
import SeriesContract
import SeriesModel

extension FindingsContract.TestResult {
  /// Writes a test with its numbers.
  public init(_ domain: Detection.TestResult) {
    self.init()
    test = domain.test.rawValue
    window = UInt32(domain.window)
    statistic = domain.statistic
    threshold = domain.threshold
    fired = domain.fired
  }
}

extension Detection.TestResult {
  /// Reads a test with its numbers.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - field: What errors call it, such as `tests[0]`.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: FindingsContract.TestResult, field: String) throws(RPCError) {
    try WireLimits.text(wire.test, bytes: 40, "\(field).test")
    guard let test = Test(rawValue: wire.test) else {
      throw RPCError(
        .invalidArgument, field: "\(field).test", reason: "unknown_value",
        "\(field).test has an unknown value")
    }
    try WireLimits.finite(wire.statistic, "\(field).statistic")
    try WireLimits.finite(wire.threshold, "\(field).threshold")
    self.init(
      test: test, window: Int(wire.window), statistic: wire.statistic,
      threshold: wire.threshold, fired: wire.fired)
  }
}

extension FindingsContract.Finding {
  /// Writes a finding.
  public init(_ domain: Detection.Finding) {
    self.init()
    row = UInt32(domain.row)
    kind = FindingsContract.FindingKind(rawValue: Int32(domain.kind.rawValue))
    startBucket = domain.startBucket
    endBucket = domain.endBucket
    observed = domain.observed
    expected = domain.expected
    score = domain.score
    logRatio = domain.logRatio
    tests = domain.tests.map(FindingsContract.TestResult.init)
    ringObserved = domain.ringObserved
    ringExpected = domain.ringExpected
    rule = domain.rule
    severityFloor = UInt32(domain.severityFloor)
  }
}

extension Detection.Finding {
  /// Reads a finding.
  ///
  /// - Parameters:
  ///   - wire: The message.
  ///   - field: What errors call it, such as `findings[0]`.
  /// - Throws: INVALID_ARGUMENT that names the field.
  public init(_ wire: FindingsContract.Finding, field: String) throws(RPCError) {
    guard let raw = UInt8(exactly: wire.kind.rawValue),
      let kind = Detection.FindingKind(rawValue: raw)
    else { throw WireLimits.unknownEnum(wire.kind.rawValue, "\(field).kind") }
    guard wire.startBucket <= wire.endBucket else {
      throw RPCError(
        .invalidArgument, field: "\(field).start_bucket", reason: "out_of_order",
        "\(field).start_bucket is after its end_bucket")
    }
    try WireLimits.finite(wire.observed, "\(field).observed")
    try WireLimits.finite(wire.expected, "\(field).expected")
    try WireLimits.finite(wire.logRatio, "\(field).log_ratio")
    guard wire.score.isFinite, wire.score >= 1 else {
      throw RPCError(
        .invalidArgument, field: "\(field).score", reason: "out_of_range",
        "\(field).score must be 1 or more")
    }
    guard wire.tests.count <= Detection.Finding.testsMax else {
      throw RPCError(
        .invalidArgument, field: "\(field).tests", reason: "too_many",
        "\(field).tests may hold 64 entries and has \(wire.tests.count)")
    }
    var tests: [Detection.TestResult] = []
    for (place, test) in wire.tests.enumerated() {
      tests.append(try Detection.TestResult(test, field: "\(field).tests[\(place)]"))
    }
    let ring = wire.ringObserved.isEmpty ? 0 : Baselines.EvidenceBatch.ringLength
    try WireColumns.finiteOrMissing(wire.ringObserved, rows: ring, "\(field).ring_observed")
    try WireColumns.finiteOrMissing(wire.ringExpected, rows: ring, "\(field).ring_expected")
    self.init(
      row: Int(wire.row), kind: kind, startBucket: wire.startBucket, endBucket: wire.endBucket,
      observed: wire.observed, expected: wire.expected, score: wire.score,
      logRatio: wire.logRatio, tests: tests, ringObserved: wire.ringObserved,
      ringExpected: wire.ringExpected)
    try WireLimits.text(wire.rule, bytes: 100, "\(field).rule")
    rule = wire.rule
    // A weight that a later detector knows of is the heaviest that this one knows.
    severityFloor = UInt8(min(wire.severityFloor, 3))
  }
}

extension FindingsContract.FindingsBatch {
  /// Writes a batch.
  public init(_ domain: Detection.FindingsBatch) {
    self.init()
    runID = WireUUID(high: domain.runID.high, low: domain.runID.low).bytes
    granularity = SeriesContract.Granularity(domain.bucket.granularity)
    bucket = domain.bucket.index
    revision = domain.revision
    modelVersion = domain.modelVersion
    notify = domain.notify
    customers = domain.customers.map(SeriesContract.Customer.init)
    metrics = domain.metrics.map(SeriesContract.Metric.init)
    customerIndex = domain.customerIndex
    metricIndex = domain.metricIndex
    flags = domain.flags.map(\.rawValue)
    observed = domain.observed
    expected = domain.expected
    z = domain.z
    evidenceHash = domain.evidenceHash
    findings = domain.findings.map(FindingsContract.Finding.init)
    cohorts = domain.cohorts.map(EvidenceContract.CohortRow.init)
    inputs = domain.inputs.map { EvidenceContract.EvidenceBatch($0) }
  }
}

extension Detection.FindingsBatch {
  /// Reads a batch.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field: columns of another length than the rows, an
  ///   index beyond its dictionary, a finding of a row that is not there.
  public init(_ wire: FindingsContract.FindingsBatch) throws(RPCError) {
    let run = try WireUUID(bytes: wire.runID, field: "findings.run_id")
    let granularity = try SeriesModel.Granularity(
      wire.granularity, field: "findings.granularity")
    try WireLimits.text(wire.modelVersion, bytes: 100, "findings.model_version")
    self.init(
      runID: ScanRunID(high: run.high, low: run.low), bucket: Bucket(granularity, wire.bucket),
      revision: wire.revision, modelVersion: wire.modelVersion, notify: wire.notify,
      customers: try Baselines.EvidenceBatch.customers(wire.customers, "findings.customers"),
      metrics: try Baselines.EvidenceBatch.metrics(
        wire.metrics, granularity, "findings.metrics"))
    cohorts = try Baselines.CohortRow.rows(
      wire.cohorts, bucket: wire.bucket, "findings.cohorts")
    let rows = wire.customerIndex.count
    try WireColumns.rows(
      rows, limit: Baselines.EvidenceBatch.rowsLimit, "findings.customer_index")
    try WireColumns.indices(
      wire.customerIndex, rows: rows, dictionary: customers.count, "findings.customer_index")
    try WireColumns.indices(
      wire.metricIndex, rows: rows, dictionary: metrics.count, "findings.metric_index")
    try WireColumns.length(wire.flags.count, rows, "findings.flags")
    try WireColumns.finiteOrMissing(wire.observed, rows: rows, "findings.observed")
    try WireColumns.finite(wire.expected, rows: rows, "findings.expected")
    try WireColumns.finite(wire.z, rows: rows, "findings.z")
    try WireColumns.length(wire.evidenceHash.count, rows, "findings.evidence_hash")
    customerIndex = wire.customerIndex
    metricIndex = wire.metricIndex
    flags = wire.flags.map(EvidenceFlags.init(rawValue:))
    observed = wire.observed
    expected = wire.expected
    z = wire.z
    evidenceHash = wire.evidenceHash
    for (place, finding) in wire.findings.enumerated() {
      guard Int(finding.row) < rows else {
        throw RPCError(
          .invalidArgument, field: "findings.findings[\(place)].row", reason: "out_of_range",
          "findings.findings[\(place)].row is \(finding.row), and there are \(rows) rows")
      }
      findings.append(
        try Detection.Finding(finding, field: "findings.findings[\(place)]"))
    }
    inputs = try wire.inputs.map { batch throws(RPCError) in
      try Baselines.EvidenceBatch(batch)
    }
  }
}
