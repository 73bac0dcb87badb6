import Baselines
import Classification
import Detection
import Postgres
import RPC
import SeriesModel
import TestSupport
import Testing

@testable import ClassifierService

@Suite("Classifying batches", .enabled(if: TestDatabase.isAvailable))
struct ClassifyTests {
  @Test("one drop over days is one anomaly, and people hear of its changes only")
  func oneAnomaly() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([98, 30, 30, 30, 30, 30, 99, 101, 100, 98])
      let anomalies = try await laboratory.all()
      let anomaly = try #require(anomalies.first)
      #expect(anomalies.count == 1)
      #expect(anomaly.state == .resolved)
      #expect(anomaly.severity == .critical)
      #expect(anomaly.startBucket == World.day + 1)
      #expect(anomaly.durationBuckets == 5)
      #expect(anomaly.summary == "70% drop in API calls at JFK")
      #expect(anomaly.revision == 3)
      // Opened, changed to critical, resolved.
      #expect(
        try await laboratory.heard() == ["1 of revision 1", "2 of revision 2", "3 of revision 3"])
      #expect(try await laboratory.jobCount() == 3)
    }
  }

  @Test("the same batches again change nothing, down to the row")
  func repeats() async throws {
    try await Laboratory.with { laboratory in
      let days: [Double] = [98, 30, 30, 99, 250, 100, 100]
      try await laboratory.judge(days)
      let before = try await laboratory.contents()
      laboratory.clock.advance(seconds: 3_600)
      try await laboratory.judge(days)
      #expect(try await laboratory.contents() == before)
      let summary = try await laboratory.store.classify(
        try World().batch(day: World.day + 6, [100]))
      #expect(summary == ClassifySummary(alreadyKnown: 1))
    }
  }

  @Test("two replicas at once make what one makes")
  func replicas() async throws {
    try await Laboratory.with { laboratory in
      let other = ClassifierStore(
        pool: try laboratory.database.pool(.classifier), rules: MergeRules(calmDays: 3)
      ) { 1 }
      var opened: Int64 = 0
      for offset in 0..<8 {
        let values = [30.0, offset < 4 ? 100 : 300, offset % 2 == 0 ? 20 : 100]
        let batch = try World().batch(day: World.day + Int32(offset), values)
        async let left = laboratory.store.classify(batch)
        async let right = other.classify(batch)
        let (one, two) = try await (left, right)
        opened += one.opened + two.opened
        #expect(one.alreadyKnown + two.alreadyKnown == 3)
      }
      let anomalies = try await laboratory.all()
      #expect(Int(opened) == anomalies.count)
      #expect(Set(anomalies.map(\.id)).count == 3)
    }
  }

  @Test("the same judgement with other evidence is refused whole, named and set aside")
  func conflict() async throws {
    try await Laboratory.with { laboratory in
      let world = World()
      _ = try await laboratory.store.classify(try world.batch(day: World.day, [100, 100, 100]))
      let before = try await laboratory.contents()
      let error = await #expect(throws: ClassifierError.self) {
        _ = try await laboratory.store.classify(try world.batch(day: World.day, [100, 30, 100]))
      }
      #expect(error?.code == .evidenceConflict)
      #expect(error?.detail.contains("c-2/api_calls{origin=JFK}") == true)
      #expect(error?.rpcError.code == .internal)
      #expect(try await laboratory.contents() == before)
      let conflicts = try await laboratory.pool.query("SELECT count(*) FROM evidence_conflict")
      #expect(conflicts.single.int(0) == 1)
      // The service goes on.
      _ = try await laboratory.store.classify(try world.batch(day: World.day + 1, [100, 30, 100]))
      #expect(try await laboratory.all().count == 1)
    }
  }

  @Test("a lower revision is dropped, a higher one withdraws what it takes the ground from")
  func revisions() async throws {
    try await Laboratory.with { laboratory in
      let world = World()
      _ = try await laboratory.store.classify(
        try world.batch(day: World.day, [30], revision: 0))
      _ = try await laboratory.store.classify(
        try world.batch(day: World.day, [99], revision: 1))
      #expect(try await laboratory.all().map(\.state) == [.withdrawn])
      let late = try await laboratory.store.classify(
        try world.batch(day: World.day, [20], revision: 0, salt: 9))
      #expect(late == ClassifySummary(alreadyKnown: 1))
      #expect(try await laboratory.heard() == ["1 of revision 1", "5 of revision 2"])
      let shown = try await laboratory.pool.query("SELECT 1 FROM usage_anomalies")
      #expect(shown.isEmpty)
    }
  }

  @Test("a value that changes on arrival updates its anomaly")
  func arrivals() async throws {
    try await Laboratory.with { laboratory in
      for value in [50.0, 20, 5] {
        _ = try await laboratory.store.classify(
          try World().batch(day: World.day, [value], revision: 0))
      }
      let anomalies = try await laboratory.all()
      #expect(anomalies.map(\.actualValue) == [5])
      #expect(anomalies.map(\.severity) == [.critical])
    }
  }

  @Test("history is kept and nobody hears of it, also when it ends before their eyes")
  func history() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([30, 30, 100, 100, 100, 100], notify: false)
      try await laboratory.judge([40], from: World.day + 20, notify: false)
      try await laboratory.judge([100, 100, 100], from: World.day + 21)
      #expect(try await laboratory.all().map(\.state) == [.resolved, .resolved])
      #expect(try await laboratory.heard().isEmpty)
      #expect(try await laboratory.jobCount() == 0)
    }
  }

  @Test("what began in history and gets worse before their eyes is told as opened")
  func historyGetsWorse() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([30], notify: false)
      try await laboratory.judge([30, 1, 1], from: World.day + 1)
      #expect(try await laboratory.heard() == ["1 of revision 2"])
    }
  }

  @Test("an anomaly has the same identity wherever and whenever it is found")
  func identity() async throws {
    func ids() async throws -> [AnomalyID] {
      try await Laboratory.with { laboratory in
        laboratory.clock.advance(seconds: .random(in: 1...9))
        _ = try await laboratory.store.classify(
          try World().batch(day: World.day, [30, 300, 20]))
        return try await laboratory.all().map(\.id).sorted()
      }
    }
    let first = try await ids()
    #expect(try await ids() == first)
    #expect(Set(first).count == 3)
    #expect(first.allSatisfy { $0.high >> 12 & 0xf == 8 && $0.low >> 62 == 2 })
  }

  @Test("customers of a segment that move together are named with their numbers")
  func sharedCause() async throws {
    try await Laboratory.with { laboratory in
      var world = World()
      world.customers += (4...5).map {
        Customer(id: CustomerID(high: 1, low: $0), externalID: "d-\($0)", segment: "large")
      }
      _ = try await laboratory.store.classify(
        try world.batch(day: World.day, [30, 20, 25, 100, .nan]))
      let causes = Set(try await laboratory.all().map(\.possibleCause))
      #expect(
        causes == [
          "Shared cause: 3 of 4 customers of segment large went down at the same time"
        ])
    }
  }

  @Test("a batch that contradicts itself is refused by the name of what is wrong")
  func badBatches() throws {
    var twice = FindingsBatch(
      runID: ScanRunID(high: 1, low: 1), bucket: Bucket(.day, 1), revision: 1, modelVersion: "t",
      notify: true, customers: World().customers, metrics: [World().metric])
    twice.customerIndex = [0, 0]
    twice.metricIndex = [0, 0]
    let double = #expect(throws: ClassifierError.self) {
      _ = try JudgedBatch(twice)
    }
    #expect(double?.detail == "series c-1/api_calls{origin=JFK} stands twice")
    var foreign = twice
    foreign.customerIndex = []
    foreign.metricIndex = []
    foreign.metrics[0].granularity = .week
    let granularity = #expect(throws: ClassifierError.self) {
      _ = try JudgedBatch(foreign)
    }
    #expect(granularity?.field == "findings.metrics[0].granularity")
  }
}
