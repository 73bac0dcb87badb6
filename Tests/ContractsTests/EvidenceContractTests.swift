import Baselines
import Detection
import EvidenceContract
import FindingsContract
import RPC
import SeriesContract
import SeriesModel
import Testing

/// Two weeks of evidence of two series, of which one drops at the end.
func evidenceFixture() -> Baselines.EvidenceBatch {
  let windows = ModelParameters.parameters(for: .day).windows
  func batch(_ bucket: Int32) -> Baselines.EvidenceBatch {
    Baselines.EvidenceBatch(
      runID: ScanRunID(high: 0x0102_0304_0506_0708, low: 9), bucket: Bucket(.day, bucket),
      revision: 1, ingestSequence: 42, modelVersion: ModelParameters.version,
      customers: [
        Customer(
          id: CustomerID(high: 1, low: 2), externalID: "acme", name: "Acme", segment: "large")
      ],
      metrics: [
        Metric(
          id: MetricID(1), name: "calls", dimensions: [Dimension(name: "site", value: "a")],
          granularity: .day, kind: .count),
        Metric(id: MetricID(2), name: "health", granularity: .day, kind: .gauge),
      ], sensitivity: [SensitivityRule(scope: .segment("large"), scale: 1.5)], windows: windows)
  }
  let cohorts = [
    CohortRow(cohort: "", shift: 0.1, effect: 0.12, members: 40),
    CohortRow(
      cohort: "large", effect: -1.2, outageSince: 78, score: 2.5, members: 12, drifts: [0.1],
      profile: [1]),
  ]
  var calls = SeriesBaseline(kind: .count, granularity: .day)
  var health = SeriesBaseline(kind: .gauge, granularity: .day)
  var last = batch(0)
  for bucket in 0..<80 as Range<Int32> {
    last = batch(bucket)
    _ = calls.advance(
      to: bucket, value: bucket == 79 ? 0 : Double(90 + bucket % 7), customerIndex: 0,
      metricIndex: 0, into: &last)
    _ = health.advance(
      to: bucket, value: Double(70 + bucket % 3), customerIndex: 0, metricIndex: 1, into: &last)
  }
  last.cohorts = cohorts
  last.rules = StaticRule.shipped
  last.streamScore = [0, 0.25]
  last.streamChange = [.none, .flat]
  last.streamLength = [0, 48]
  return last
}

/// The fields that an error names, or an empty list when nothing was refused.
private func fields(_ body: () throws(RPCError) -> Void) -> [String] {
  do throws(RPCError) {
    try body()
    return []
  } catch {
    return error.code == .invalidArgument ? error.details.map(\.field) : [error.description]
  }
}

@Suite("Evidence on the wire")
struct EvidenceContractTests {
  @Test func `a batch comes back from the wire as it was`() throws {
    let batch = evidenceFixture()
    let bytes = try EvidenceContract.EvidenceBatch(batch).wireBytes()
    let wire = try EvidenceContract.EvidenceBatch(wireBytes: bytes)
    let again = try Baselines.EvidenceBatch(wire)
    // NaN is not equal to itself, so the columns with missing values are compared by their bits.
    #expect(again.ringObserved.map(\.bitPattern) == batch.ringObserved.map(\.bitPattern))
    #expect(again.windowDeviation == batch.windowDeviation)
    #expect(again.drift == batch.drift)
    #expect(again.driftDeviation == batch.driftDeviation)
    #expect(again.seasonDistance == batch.seasonDistance)
    #expect(again.seasonEffect == batch.seasonEffect)
    #expect(again.silence == batch.silence)
    #expect(again.tieRun == batch.tieRun)
    #expect(again.tieSurprise == batch.tieSurprise)
    #expect(again.capExcess == batch.capExcess)
    #expect(again.adoptionBuckets == batch.adoptionBuckets)
    #expect(again.adoptionUnits == batch.adoptionUnits)
    #expect(again.streamScore == batch.streamScore)
    #expect(again.streamChange == batch.streamChange)
    #expect(again.streamLength == batch.streamLength)
    #expect(again.risk == batch.risk)
    #expect(again.customers == batch.customers)
    #expect(again.metrics == batch.metrics)
    #expect(again.sensitivity == batch.sensitivity)
    #expect(again.rules == batch.rules)
    #expect(again.flags == batch.flags)
    var told = batch.cohorts
    told[1].drifts = []
    told[1].profile = []
    #expect(again.cohorts == told)
    #expect(judge(again, notify: true).cohorts == told)
    #expect(judge(again, notify: true).evidenceHash == judge(batch, notify: true).evidenceHash)
    #expect(judge(again, notify: true).findings.count == 1)
  }

  typealias Damage = @Sendable (inout EvidenceContract.EvidenceBatch) -> Void

  static let damages: [(String, Damage)] = [
    ("evidence.run_id", { $0.runID = [1, 2] }),
    ("evidence.granularity", { $0.granularity = .unspecified }),
    ("evidence.cohorts", { $0.cohorts = .init(repeating: .init(), count: 1_001) }),
    (
      "evidence.cohorts[1].cohort",
      { $0.cohorts[1].cohort = String(repeating: "n", count: 201) }
    ),
    ("evidence.cohorts[1].cohort", { $0.cohorts[1].cohort = "" }),
    ("evidence.cohorts[0].effect", { $0.cohorts[0].effect = .nan }),
    ("evidence.cohorts[0].score", { $0.cohorts[0].score = -1 }),
    ("evidence.cohorts[1].outage_since", { $0.cohorts[1].outageSince = 80 }),
    ("evidence.windows", { $0.windows = [] }),
    ("evidence.windows", { $0.windows = [3, 1, 7] }),
    ("evidence.metrics[0].granularity", { $0.metrics[0].granularity = .week }),
    ("evidence.customers[0].external_id", { $0.customers[0].externalID = "" }),
    ("evidence.sensitivity[0].scope", { $0.sensitivity[0].scope = "planet:x" }),
    ("evidence.sensitivity[0].scale", { $0.sensitivity[0].scale = .nan }),
    ("evidence.rules[0].name", { $0.rules[0].name = "" }),
    ("evidence.rules[0].scope", { $0.rules[0].scope = "planet:x" }),
    ("evidence.rules[1].comparison", { $0.rules[1].comparison = .init(rawValue: 90) }),
    ("evidence.rules[1].threshold", { $0.rules[1].threshold = .nan }),
    ("evidence.rules[1].window", { $0.rules[1].window = 21 }),
    ("evidence.rules", { $0.rules = .init(repeating: .init(), count: 601) }),
    ("evidence.customer_index[1]", { $0.customerIndex[1] = 7 }),
    ("evidence.metric_index", { $0.metricIndex.removeLast() }),
    ("evidence.flags", { $0.flags.append(0) }),
    ("evidence.age", { $0.age = [] }),
    ("evidence.observed[0]", { $0.observed[0] = .nan }),
    ("evidence.observed[1]", { $0.observed[1] = .infinity }),
    ("evidence.expected[0]", { $0.expected[0] = .nan }),
    ("evidence.deviation[0]", { $0.deviation[0] = -1 }),
    ("evidence.z[1]", { $0.z[1] = .nan }),
    ("evidence.detailed[1]", { $0.detailed[1] = 0 }),
    ("evidence.detailed[1]", { $0.detailed[1] = 9 }),
    ("evidence.zero_run", { $0.detailed.removeLast() }),
    ("evidence.window_sum", { $0.windowSum.removeLast() }),
    ("evidence.window_expected[2]", { $0.windowExpected[2] = .infinity }),
    ("evidence.window_deviation[0]", { $0.windowDeviation[0] = -0.5 }),
    ("evidence.window_valid[0]", { $0.windowValid[0] = 2 }),
    ("evidence.median", { $0.median = [1] }),
    ("evidence.zero_run", { $0.zeroRun = [1] }),
    ("evidence.drift", { $0.drift = [1] }),
    ("evidence.drift_deviation[0]", { $0.driftDeviation[0] = -1 }),
    ("evidence.silence[1]", { $0.silence[1] = .nan }),
    ("evidence.tie_run", { $0.tieRun = [1] }),
    ("evidence.stream_score[0]", { $0.streamScore[0] = -1 }),
    ("evidence.stream_change", { $0.streamChange = [1] }),
    ("evidence.stream_length", { $0.streamLength = [1] }),
    ("evidence.input_hash", { $0.inputHash = [] }),
    ("evidence.ring_observed", { $0.ringObserved.removeFirst() }),
    ("evidence.ring_expected[3]", { $0.ringExpected[3] = .infinity }),
  ]

  @Test("a damaged batch is refused by the name of the field", arguments: damages.indices)
  func damaged(place: Int) {
    let (field, damage) = Self.damages[place]
    var wire = EvidenceContract.EvidenceBatch(evidenceFixture())
    damage(&wire)
    #expect(fields { () throws(RPCError) in _ = try Baselines.EvidenceBatch(wire) } == [field])
  }

  @Test func `a batch of a baseline that shows all rows in full says the same of each`() throws {
    let batch = evidenceFixture()
    var wire = EvidenceContract.EvidenceBatch(batch)
    #expect(wire.detailed.count == batch.count, "the fixture shows all rows")
    let full = try wire.wireBytes()
    wire.detailed = []
    let read = try Baselines.EvidenceBatch(wire)
    #expect(try EvidenceContract.EvidenceBatch(read).wireBytes() == full)
  }

  @Test func `a batch of a baseline that knows no shapes says nothing of them`() throws {
    var wire = EvidenceContract.EvidenceBatch(evidenceFixture())
    wire.drift = []
    wire.driftDeviation = []
    wire.tieRun = []
    let batch = try Baselines.EvidenceBatch(wire)
    #expect(batch.drift == [0, 0])
    #expect(batch.driftDeviation == [0, 0])
    #expect(batch.tieRun == [0, 0])
    wire.streamChange = [3, 250]
    #expect(try Baselines.EvidenceBatch(wire).streamChange == [.unrest, .none])
  }

  @Test func `more rows than a batch may hold are refused`() {
    var wire = EvidenceContract.EvidenceBatch(evidenceFixture())
    wire.customerIndex = Array(repeating: 0, count: 1_201)
    #expect(
      fields { () throws(RPCError) in _ = try Baselines.EvidenceBatch(wire) }
        == ["evidence.customer_index"])
  }
}

@Suite("Findings on the wire")
struct FindingsContractTests {
  @Test func `a batch comes back from the wire as it was`() throws {
    var batch = judge(evidenceFixture(), notify: true)
    // What only the model needs stays with it.
    batch.cohorts[1].drifts = []
    batch.cohorts[1].profile = []
    let bytes = try FindingsContract.FindingsBatch(batch).wireBytes()
    let wire = try FindingsContract.FindingsBatch(wireBytes: bytes)
    #expect(try Detection.FindingsBatch(wire) == batch)
  }

  typealias Damage = @Sendable (inout FindingsContract.FindingsBatch) -> Void

  static let damages: [(String, Damage)] = [
    ("findings.run_id", { $0.runID = [] }),
    ("findings.granularity", { $0.granularity = .init(rawValue: 77) }),
    ("findings.customer_index[0]", { $0.customerIndex[0] = 1 }),
    ("findings.evidence_hash", { $0.evidenceHash = [] }),
    ("findings.cohorts[1].cohort", { $0.cohorts[1].cohort = "" }),
    ("findings.cohorts[1].outage_since", { $0.cohorts[1].outageSince = 80 }),
    ("findings.z[0]", { $0.z[0] = .nan }),
    ("findings.findings[0].row", { $0.findings[0].row = 2 }),
    ("findings.findings[0].kind", { $0.findings[0].kind = .unspecified }),
    ("findings.findings[0].start_bucket", { $0.findings[0].startBucket = 1_000 }),
    ("findings.findings[0].score", { $0.findings[0].score = 0.5 }),
    ("findings.findings[0].log_ratio", { $0.findings[0].logRatio = .infinity }),
    ("findings.findings[0].tests[0].test", { $0.findings[0].tests[0].test = "magic" }),
    ("findings.findings[0].tests[1].statistic", { $0.findings[0].tests[1].statistic = .nan }),
    ("findings.findings[0].ring_expected", { $0.findings[0].ringExpected = [1] }),
  ]

  @Test("a damaged batch is refused by the name of the field", arguments: damages.indices)
  func damaged(place: Int) {
    let (field, damage) = Self.damages[place]
    var wire = FindingsContract.FindingsBatch(judge(evidenceFixture(), notify: true))
    damage(&wire)
    #expect(fields { () throws(RPCError) in _ = try Detection.FindingsBatch(wire) } == [field])
  }
}
