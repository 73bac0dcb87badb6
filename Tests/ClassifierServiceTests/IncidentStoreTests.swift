import Baselines
import Detection
import Postgres
import SeriesModel
import TestSupport
import Testing

@testable import Classification
@testable import ClassifierService

/// Customers with several metrics each.
private struct Fleet {
  static let day = World.day

  static func customer(_ number: Int) -> Customer {
    Customer(
      id: CustomerID(high: 0xabc0, low: UInt64(number)), externalID: "c-\(number)",
      name: "Customer \(number)", segment: "large", version: 1)
  }

  static let metrics = (1...5).map { number in
    Metric(
      id: MetricID(Int32(number)), name: number == 5 ? "events_total" : "feature_\(number)",
      granularity: .day, kind: .count, displayName: "Feature \(number)")
  }

  /// A batch of whole customers, in which series at these places are at 30 in the place of 100.
  static func batch(
    day: Int32, customers: [Int], out: Set<Int>, outageSince: Int32? = nil
  ) throws -> JudgedBatch {
    var batch = FindingsBatch(
      runID: ScanRunID(high: 1, low: 1), bucket: Bucket(.day, day), revision: 1,
      modelVersion: "test-1", notify: true, customers: customers.map(customer), metrics: metrics)
    batch.cohorts = [
      CohortRow(cohort: "", effect: -1, outageSince: outageSince, score: 2, members: 40)
    ]
    for customer in customers.indices {
      for metric in metrics.indices {
        let isOut = out.contains(metric + 1)
        let row = batch.count
        batch.customerIndex.append(UInt32(customer))
        batch.metricIndex.append(UInt32(metric))
        batch.flags.append([])
        batch.observed.append(isOut ? 30 : 100)
        batch.expected.append(100)
        batch.z.append(isOut ? -7 : 0)
        batch.evidenceHash.append(UInt64(day) << 20 ^ UInt64(row))
        guard isOut else { continue }
        batch.findings.append(
          Finding(
            row: row, kind: .drop, startBucket: day, endBucket: day, observed: 30, expected: 100,
            score: 1 + Double(metric) / 10, logRatio: -1.2))
      }
    }
    return try JudgedBatch(batch)
  }
}

extension Laboratory {
  fileprivate func judge(
    _ days: [Set<Int>], from day: Int32 = Fleet.day, outageSince: [Int32?] = []
  ) async throws {
    for (offset, out) in days.enumerated() {
      clock.advance(seconds: 1)
      _ = try await store.classify(
        try Fleet.batch(
          day: day + Int32(offset), customers: [1], out: out,
          outageSince: offset < outageSince.count ? outageSince[offset] : nil))
    }
  }
}

@Suite("Incidents at rest", .enabled(if: TestDatabase.isAvailable))
struct IncidentStoreTests {
  @Test("a customer whose metrics fall at once has one anomaly, and its parts on request")
  func wide() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([[1, 2, 3, 5]])
      let shown = try await laboratory.all()
      let anomaly = try #require(shown.first)
      #expect(shown.count == 1)
      #expect(anomaly.reach.scope == .customer)
      #expect(anomaly.reach.memberCount == 4 && anomaly.reach.seriesCount == 5)
      #expect(anomaly.reach.members.contains("feature 2"))
      #expect(anomaly.summary == "70% drop in 4 of 5 metrics")
      #expect(try await laboratory.heard() == ["1 of revision 1"])
      let parts = try await laboratory.all(AnomalyFilter(membersOf: anomaly.id))
      #expect(parts.map(\.metric.id.number).sorted() == [1, 2, 3, 5])
      #expect(parts.allSatisfy { $0.reach.leader == anomaly.id })
      #expect(try await laboratory.all(AnomalyFilter(includesMembers: true)).count == 5)
    }
  }

  @Test("what grows goes on in the thread of the first, told once as changed")
  func grows() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([[1]])
      let first = try #require(try await laboratory.all().first)
      try await laboratory.judge([[1, 2, 3], [1, 2, 3, 4]], from: Fleet.day + 1)
      let shown = try await laboratory.all()
      #expect(shown.map(\.id) == [first.id])
      #expect(shown.first?.reach.scope == .customer)
      #expect(shown.first?.startBucket == Fleet.day)
      let parts = try await laboratory.all(AnomalyFilter(membersOf: first.id))
      #expect(parts.map(\.metric.id.number).sorted() == [1, 2, 3, 4])
      #expect(try await laboratory.heard().filter { $0.hasPrefix("1 ") }.count == 1)
      try await laboratory.judge([[], [], []], from: Fleet.day + 3)
      let states = try await laboratory.all(AnomalyFilter(includesMembers: true)).map(\.state)
      #expect(states.allSatisfy { $0 == .resolved } && states.count == 5)
    }
  }

  @Test("a repeat of every batch changes nothing")
  func repeats() async throws {
    try await Laboratory.with { laboratory in
      let days: [Set<Int>] = [[1], [1, 2, 3, 5], [2, 3], [], [4]]
      let outages: [Int32?] = [nil, nil, nil, nil, Fleet.day + 4]
      try await laboratory.judge(days, outageSince: outages)
      let before = try await laboratory.contents()
      try await laboratory.judge(days, outageSince: outages)
      #expect(try await laboratory.contents() == before)
    }
  }

  @Test("a dismissed anomaly of the customer as a whole stays silent while it goes on")
  func dismissed() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([[1, 2, 3]])
      let anomaly = try #require(try await laboratory.all().first)
      _ = try await laboratory.store.transition(
        TransitionWish(anomaly: anomaly.id, verb: .dismiss, actor: StoreTests.person))
      try await laboratory.judge([[1, 2, 3, 4], [1, 2, 3, 4]], from: Fleet.day + 1)
      #expect(try await laboratory.heard() == ["1 of revision 1", "4 of revision 2"])
      #expect(try await laboratory.all().map(\.state) == [.dismissed])
    }
  }

  @Test("of many batches side by side exactly one opens the platform event, and all hold")
  func platform() async throws {
    try await Laboratory.with { laboratory in
      let store = laboratory.store
      try await withThrowingDiscardingTaskGroup { group in
        for number in 1...8 {
          group.addTask {
            _ = try await store.classify(
              try Fleet.batch(
                day: Fleet.day, customers: [number], out: [1, 2, 3], outageSince: Fleet.day))
          }
        }
      }
      let shown = try await laboratory.all()
      let event = try #require(shown.first)
      #expect(shown.count == 1)
      #expect(event.type == .platformOutage && event.reach.scope == .cohort(""))
      #expect(event.reach.seriesCount == 40 && event.intent == .risk)
      #expect(try await laboratory.heard() == ["1 of revision 1"])
      let held = try await laboratory.all(AnomalyFilter(membersOf: event.id))
      #expect(held.count == 24)
      #expect(held.allSatisfy { $0.reach.leader == event.id })
    }
  }

  @Test("what outlasts a platform event is raised, and the event ends")
  func outlasts() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge(
        [[1, 2], [1], [1], [1]], outageSince: [Fleet.day, nil, nil, nil])
      let shown = try await laboratory.all()
      let states = Dictionary(uniqueKeysWithValues: shown.map { ($0.type, $0.state) })
      #expect(states == [.platformOutage: .resolved, .drop: .open])
      #expect(shown.first { $0.type == .drop }?.reach.leader == nil)
      #expect(
        try await laboratory.heard()
          == ["1 of revision 1", "1 of revision 1", "3 of revision 2"])
    }
  }

  @Test("what is no clearer than what was dismissed with its customer opens nothing")
  func verdicts() async throws {
    try await Laboratory.with { laboratory in
      try await laboratory.judge([[1, 2, 3]])
      let anomaly = try #require(try await laboratory.all().first)
      _ = try await laboratory.store.transition(
        TransitionWish(anomaly: anomaly.id, verb: .dismiss, actor: StoreTests.person))
      try await laboratory.judge(Array(repeating: [], count: 20), from: Fleet.day + 1)
      // The fourth metric was no part of it.
      try await laboratory.judge([[1, 2, 3, 4]], from: Fleet.day + 21)
      let open = try await laboratory.all(AnomalyFilter(states: [.open]))
      #expect(open.map(\.metric.id.number) == [4])
    }
  }
}
