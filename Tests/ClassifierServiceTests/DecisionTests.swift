import AnomalyContract
import Baselines
import Detection
import EvidenceContract
import Explaining
import FindingsContract
import JSON
import Postgres
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@testable import Classification
@testable import ClassifierService

@Suite("Decisions at rest", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(1)))
struct DecisionTests {
  /// Models of customers that all do the same, fed a value a day.
  private struct Feed {
    private var fold: ModelFold

    init(customers: Int = 1) {
      let world = World()
      fold = ModelFold(
        runID: ScanRunID(high: 1, low: 1), granularity: .day, ingestSequence: 1,
        customers: Array(world.customers.prefix(customers)), metrics: [world.metric],
        members: (0..<customers).map { customer in
          ModelFold.Member(
            customer: customer, metric: 0,
            model: SeriesBaseline(kind: .count, granularity: .day), through: World.day - 1,
            silentThrough: World.day - 1)
        }, sensitivity: [SensitivityRule(scope: .segment("large"), scale: 1.25)])
    }

    /// What the detector says of a day, with the inputs of its findings.
    mutating func judge(_ day: Int32, _ value: Double) -> Detection.FindingsBatch? {
      let (batches, _) = fold.advance(to: World.day + day) { _ in value }
      // Of the first value there is nothing to say.
      guard let evidence = batches.first?.evidence else { return nil }
      var findings = Detection.judge(evidence, notify: true)
      findings.inputs = evidence.inputs(ofRows: findings.findings.map(\.row))
      return findings
    }
  }

  private func usual(_ day: Int32) -> Double { 100 + Double(day * 7 % 11) }

  /// Judges seventy usual days and some others; the last batch comes back.
  @discardableResult
  private func judge(
    _ laboratory: Laboratory, _ values: [Double], change: (inout Detection.FindingsBatch) -> Void
  ) async throws -> Detection.FindingsBatch {
    var feed = Feed()
    var last: Detection.FindingsBatch?
    for day in 0..<70 + Int32(values.count) {
      let value = day < 70 ? usual(day) : values[Int(day) - 70]
      guard var findings = feed.judge(day, value) else { continue }
      change(&findings)
      // Over the wire, as it comes from the detector.
      let wire = FindingsContract.FindingsBatch(findings)
      findings = try Detection.FindingsBatch(
        FindingsContract.FindingsBatch(wireBytes: wire.wireBytes()))
      _ = try await laboratory.store.classify(try JudgedBatch(findings))
      last = findings
    }
    return try #require(last)
  }

  private func decision(
    _ house: House, of anomaly: AnomalyID, bucket: Int32? = nil
  ) async throws -> GetDecisionResponse {
    var request = GetDecisionRequest()
    request.anomalyID = anomaly.wireUUID.bytes
    if let bucket {
      request.hasBucket = true
      request.bucket = bucket
    }
    return try await house.client.getDecision(request)
  }

  @Test("the decision behind an anomaly is kept and made again to the byte")
  func again() async throws {
    try await Laboratory.with { laboratory in
      try await judge(laboratory, [25, 20, 1]) { _ in }
      let anomaly = try #require(try await laboratory.all().first)
      try await House.with(laboratory) { house in
        let kept = try await decision(house, of: anomaly.id)
        // One for each time that people heard of it, or of its getting worse.
        let heard = try await laboratory.heard()
        #expect(heard.count == kept.buckets.count && kept.buckets.count > 1, "\(heard)")
        #expect(kept.bucket == kept.buckets.last)
        for bucket in kept.buckets {
          let one = try await decision(house, of: anomaly.id, bucket: bucket)
          let inputs = try Baselines.EvidenceBatch(try #require(one.inputs))
          #expect(inputs.bucket.index == bucket && inputs.count == 1)
          #expect(one.metricID == World().metric.id.number)
          let record = decide(inputs, row: 0)
          #expect(record.evidenceHash == one.evidenceHash)
          #expect(record.scale == 1.25 && record.finding != nil)
          #expect(DecisionJSON.document(record).encoded() == one.record)
          let stored = try JSONValue(parsing: one.record)
          #expect(stored["record"]?["model_version"]?.stringValue == one.modelVersion)
          #expect(stored["record"]?["trials"]?.arrayValue?.isEmpty == false)
        }
        let evidence = try await house.client.getEvidence(
          {
            var request = GetEvidenceRequest()
            request.anomalyID = anomaly.id.wireUUID.bytes
            return request
          }())
        #expect(evidence.evidenceHash == kept.evidenceHash)
      }
    }
  }

  @Test("a batch that comes twice keeps the same decisions, and none without a finding")
  func repeats() async throws {
    try await Laboratory.with { laboratory in
      let last = try await judge(laboratory, [2]) { _ in }
      func rows() async throws -> [String] {
        try await laboratory.pool.query("SELECT decision::text FROM decision").map { $0.text(0) }
      }
      let before = try await rows()
      #expect(before.count == 1)
      _ = try await laboratory.store.classify(try JudgedBatch(last))
      #expect(try await rows() == before)
    }
  }

  @Test("of a detector of another release only the inputs are kept, of an older one nothing")
  func otherReleases() async throws {
    try await Laboratory.with { laboratory in
      try await judge(laboratory, [2]) { $0.inputs?.expected[0] += 1 }
      let anomaly = try #require(try await laboratory.all().first)
      try await House.with(laboratory) { house in
        let kept = try await decision(house, of: anomaly.id)
        #expect(kept.record.isEmpty && kept.inputs != nil)
      }
    }
    try await Laboratory.with { laboratory in
      try await judge(laboratory, [2]) { $0.inputs = nil }
      let anomaly = try #require(try await laboratory.all().first)
      try await House.with(laboratory) { house in
        let error = await #expect(throws: RPCError.self) {
          _ = try await decision(house, of: anomaly.id)
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("no decision is kept") == true)
      }
    }
  }

  @Test("a decision is kept while its anomaly lasts, and a while after its end")
  func expiry() async throws {
    try await Laboratory.with { laboratory in
      try await judge(laboratory, [2]) { _ in }
      let anomaly = try #require(try await laboratory.all().first)
      let store = laboratory.store
      #expect(try await store.removeDecisions(endedBeforeUnixMicroseconds: .max) == 0)
      laboratory.clock.advance(seconds: 86_400)
      let end = laboratory.clock.now
      _ = try await store.transition(
        TransitionWish(anomaly: anomaly.id, verb: .resolve, actor: StoreTests.person))
      #expect(try await store.removeDecisions(endedBeforeUnixMicroseconds: end) == 0)
      #expect(try await store.removeDecisions(endedBeforeUnixMicroseconds: end + 1) == 1)
      #expect(try await laboratory.all().map(\.id) == [anomaly.id])
      try await House.with(laboratory) { house in
        let error = await #expect(throws: RPCError.self) {
          _ = try await decision(house, of: anomaly.id)
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("older than the records") == true)
      }
    }
  }

  @Test("the service itself lets go of decisions, by its setting", arguments: [9, 11])
  func expiryOfTheService(days: Int) async throws {
    try await Laboratory.with { laboratory in
      var feed = Feed(customers: 2)
      for day in 0..<71 as Range<Int32> {
        guard let findings = feed.judge(day, day < 70 ? usual(day) : 1) else { continue }
        _ = try await laboratory.store.classify(try JudgedBatch(findings))
      }
      let anomalies = try await laboratory.all()
      for anomaly in anomalies {
        // The first one is over for twenty days when the service begins, the other one for ten.
        _ = try await laboratory.store.transition(
          TransitionWish(anomaly: anomaly.id, verb: .dismiss, actor: StoreTests.person))
        laboratory.clock.advance(seconds: 10 * 86_400)
      }
      let left = days < 10 ? 0 : 1
      try await House.with(laboratory, decisionDays: days) { _ in
        let deadline = Deadline.after(milliseconds: 30_000)
        while try await count(laboratory) > left, !deadline.hasPassed { await Task.yield() }
      }
      #expect(try await count(laboratory) == left)
    }
  }

  @Test("of very many decisions the newest are told")
  func many() async throws {
    try await Laboratory.with { laboratory in
      try await judge(laboratory, [2]) { _ in }
      let anomaly = try #require(try await laboratory.all().first)
      _ = try await laboratory.pool.query(
        """
        INSERT INTO decision
        SELECT customer_id, anomaly_id, bucket - number, revision, metric_id, model_version,
          evidence_hash, inputs, record
        FROM decision, generate_series(1, 1100) AS number
        """)
      try await House.with(laboratory) { house in
        let kept = try await decision(house, of: anomaly.id)
        let last = World.day + 70
        #expect(kept.bucket == last)
        #expect(kept.buckets == Array(last - 999...last))
      }
    }
  }

  private func count(_ laboratory: Laboratory) async throws -> Int {
    try await laboratory.pool.query("SELECT count(*) FROM decision").single.int(0)
  }

  @Test("series that are the same in every number keep their own decisions")
  func twins() async throws {
    try await Laboratory.with { laboratory in
      var feed = Feed(customers: 2)
      for day in 0..<71 as Range<Int32> {
        guard let findings = feed.judge(day, day < 70 ? usual(day) : 1) else { continue }
        _ = try await laboratory.store.classify(try JudgedBatch(findings))
      }
      let anomalies = try await laboratory.all()
      #expect(anomalies.count == 2)
      try await House.with(laboratory) { house in
        for anomaly in anomalies {
          let kept = try await decision(house, of: anomaly.id)
          #expect(kept.inputs?.customers.map(\.externalID) == [anomaly.customer.externalID])
          #expect(kept.record.contains("\"\(anomaly.customer.externalID)\""))
        }
      }
    }
  }

  @Test("an anomaly or a bucket that is not there is named")
  func unknown() async throws {
    try await Laboratory.with { laboratory in
      try await judge(laboratory, [2]) { _ in }
      let anomaly = try #require(try await laboratory.all().first)
      try await House.with(laboratory) { house in
        for (id, bucket) in [
          (AnomalyID(high: 1, low: 2), nil), (anomaly.id, Int32(7)),
        ] as [(AnomalyID, Int32?)] {
          let error = await #expect(throws: RPCError.self) {
            _ = try await decision(house, of: id, bucket: bucket)
          }
          #expect(error?.code == .notFound)
          #expect(error?.message.contains(id.wireUUID.text) == true)
        }
      }
    }
  }
}
