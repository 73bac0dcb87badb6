import Baselines
import EvidenceContract
import FindingsContract
import Locking
import Postgres
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@Suite(
  "The calendar in scans", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct CalendarScanTests {
  /// A holiday of a region, by the place of its day.
  private func holiday(_ bucket: Int32, region: String) -> EvidenceContract.CalendarEntry {
    EvidenceContract.CalendarEntry(
      SeriesModel.CalendarEntry(holiday: CivilDate(dayIndex: Int(bucket)), region: region))
  }

  private func put(
    _ entries: [EvidenceContract.CalendarEntry], _ client: BaselineClient
  ) async throws {
    var request = PutCalendarRequest()
    request.entries = entries
    _ = try await client.putCalendar(request)
  }

  /// The buckets of a customer's series that were shown as holidays, by the metric's name: as they
  /// were shown first, or last.
  private func flagged(_ house: BaselineHouse, isLast: Bool = false) throws -> [String: Set<Int32>]
  {
    var found: [String: Set<Int32>] = [:]
    let shown = house.detector.seen.withLock { seen in
      seen.requests.values.compactMap { isLast ? $0.last : $0.first }
    }
    for bytes in shown {
      guard let evidence = try JudgeRequest(wireBytes: bytes).evidence else { continue }
      for row in evidence.flags.indices
      where EvidenceFlags(rawValue: evidence.flags[row]).contains(.holiday) {
        let customer = evidence.customers[Int(evidence.customerIndex[row])].externalID
        let metric = evidence.metrics[Int(evidence.metricIndex[row])].name
        found["\(customer)/\(metric)", default: []].insert(evidence.bucket)
      }
    }
    return found
  }

  private func place(_ house: BaselineHouse, _ customer: Int, region: String) async throws {
    let id = house.customers[customer]
    _ = try await house.ingest.query(
      "UPDATE customer SET region = $2 WHERE customer_id = $1",
      [.uuid(high: id.high, low: id.low), .text(region)])
  }

  @Test func `a stored holiday flags the evidence of its region and of nobody else`() async throws {
    try await BaselineHouse.with(customers: 2) { house in
      try await place(house, 0, region: "EU")
      try await house.fill(100...139)
      try await house.close(through: 139)
      try await house.serving { client in
        var campaign = EvidenceContract.CalendarEntry.fixture(
          "campaign", first: "\(CivilDate(dayIndex: 130))", last: "\(CivilDate(dayIndex: 131))")
        campaign.scope = .customer
        campaign.scopeValue = "c2"
        campaign.metric = "logins"
        try await put([holiday(120, region: "EU"), holiday(125, region: "US"), campaign], client)
        try await house.scan(client)
      }
      #expect(
        try flagged(house) == [
          "c1/calls": [120], "c1/logins": [120], "c2/logins": [130, 131],
        ])
    }
  }

  @Test func `a change during a run is not seen by that run, but by the next one`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await place(house, 0, region: "EU")
      try await house.fill(100...199)
      try await house.close(through: 199)
      // The first block of buckets is committed, then the detector is away.
      house.detector.seen.withLock { $0.refusesFrom = 40 }
      try await house.serving { client in
        try await put([holiday(120, region: "EU"), holiday(180, region: "EU")], client)
        _ = try await client.startScan(BaselineHouse.scanRequest)
        for await _ in house.detector.refusals { break }
        try await put([holiday(190, region: "EU"), holiday(200, region: "EU")], client)
        var remove = RemoveCalendarEntriesRequest()
        remove.ids = [holiday(180, region: "EU").id]
        _ = try await client.removeCalendarEntries(remove)
      }
      // Another process goes on with the same run.
      house.detector.seen.withLock { $0.refusesFrom = .max }
      try await house.serving(replica: 1) { client in
        let run = try await client.startScan(BaselineHouse.scanRequest)
        #expect(run.alreadyKnown)
        #expect(try await house.finished(run.runID, client).state == .completed)
        #expect(try flagged(house)["c1/calls"] == [120, 180])
        try await house.fill(200...200)
        try await house.close(through: 200)
        try await house.scan(client)
        #expect(try flagged(house)["c1/calls"] == [120, 180, 200])
        // What was judged by then was judged again, and what is said of it now counts.
        #expect(try flagged(house, isLast: true)["c1/calls"] == [120, 190, 200])
        let closed = house.detector.seen.withLock { $0.closed.filter { !$0.customers.isEmpty } }
        #expect(closed.map(\.revision) == [2])
        #expect(closed.first?.customers.map(\.fromBucket) == [180])
        #expect(closed.first?.throughBucket == 199)
      }
    }
  }

  @Test func `an earlier release of a stage is waited for, and judges no part of a review`()
    async throws
  {
    try await BaselineHouse.with(customers: 1) { house in
      try await place(house, 0, region: "EU")
      try await house.fill(100...199)
      try await house.close(through: 199)
      try await house.serving { client in
        try await house.scan(client)
        let before = house.detector.seen.withLock { seen in
          seen.knowsNoReviews = true
          return seen.calls
        }
        try await put([holiday(190, region: "EU")], client)
        for await _ in house.detector.refusals { break }
        #expect(house.detector.seen.withLock { $0.calls } == before)
        house.detector.seen.withLock { $0.knowsNoReviews = false }
        try await house.scan(client)
        let (calls, closed) = house.detector.seen.withLock { ($0.calls, $0.closed) }
        // One for the events of cohorts, one for the customer; each says how much it handed over.
        #expect(closed.map(\.customers.count) == [0, 1])
        #expect(closed.map(\.batches).reduce(0, +) == UInt32(calls - before))
        #expect(closed.allSatisfy { $0.batches == 10 })
      }
    }
  }

  @Test func `a point on arrival knows the calendar of the moment`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await place(house, 0, region: "EU")
      try await house.fill(100...159)
      try await house.close(through: 159)
      try await house.serving { client in
        try await house.scan(client)
        try await put([holiday(160, region: "EU")], client)
        var request = ObserveRequest()
        request.customer = "c1"
        request.metric = "calls"
        request.bucket = 160
        request.value = 3
        #expect(try await client.observe(request).judged)
        #expect(try flagged(house) == ["c1/calls": [160]])
      }
    }
  }
}
