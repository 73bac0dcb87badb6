import Baselines
import Detection
import EvidenceContract
import FindingsContract
import JSON
import Locking
import Postgres
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@Suite(
  "Explaining what is stored", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct ExplainCallTests {
  private func explain(
    _ client: BaselineClient, _ bucket: Int32, _ customer: String = "c1"
  ) async throws -> ExplainResponse {
    try await explain(client, customer, "calls", "\(CivilDate(dayIndex: Int(bucket)))")
  }

  private func explain(
    _ client: BaselineClient, _ customer: String, _ metric: String, _ moment: String
  ) async throws -> ExplainResponse {
    var request = ExplainRequest()
    request.customer = customer
    request.metric = metric
    request.moment = moment
    return try await client.explain(request)
  }

  /// Hashes of what was judged, by bucket and series.
  private func judged(_ house: BaselineHouse) throws -> [String: UInt64] {
    var found: [String: UInt64] = [:]
    for bytes in house.detector.seen.withLock({ $0.requests.values.joined() }) {
      guard let wire = try JudgeRequest(wireBytes: bytes).evidence else { continue }
      let batch = Detection.judge(try Baselines.EvidenceBatch(wire), notify: true)
      for (row, hash) in batch.evidenceHash.enumerated() {
        let customer = batch.customers[Int(batch.customerIndex[row])].externalID
        let metric = batch.metrics[Int(batch.metricIndex[row])].name
        found["\(batch.bucket.index)/\(customer)/\(metric)"] = hash
      }
    }
    return found
  }

  private func hash(_ answer: ExplainResponse) throws -> UInt64? {
    try JSONValue(parsing: answer.record)["record"]?["evidence_hash"]?.stringValue
      .flatMap { UInt64($0, radix: 16) }
  }

  @Test func `what is explained is what was judged, run by run and setting by setting`()
    async throws
  {
    try await BaselineHouse.with(customers: 3) { house in
      try await house.fill(100...179)
      try await house.set([(customer: 0, metric: 0, bucket: 175, value: 1)])
      try await house.close(through: 150)
      try await house.serving { client in
        var calendar = PutCalendarRequest()
        calendar.entries = [
          .fixture("day", first: "\(CivilDate(dayIndex: 160))")
        ]
        _ = try await client.putCalendar(calendar)
        try await house.scan(client)
        // Two more runs, each with settings of its own.
        for (sequence, through) in [(Int64(1), Int32(170)), (2, 179)] {
          _ = try await client.takeSettings(
            TakeSettingsRequest(
              JudgementSettings(
                sequence: sequence,
                sensitivity: [
                  Baselines.SensitivityRule(
                    scope: .customer("c1"), scale: 2.5 - Double(sequence) / 2)
                ])))
          try await house.close(through: through)
          try await house.scan(client)
        }
        let hashes = try judged(house)
        for bucket in [102, 140, 150, 151, 160, 170, 171, 175, 176, 179] as [Int32] {
          for customer in ["c1", "c3"] {
            let answer = try await explain(client, bucket, customer)
            let live = try #require(hashes["\(bucket)/\(customer)/calls"])
            #expect(try hash(answer) == live, "\(bucket) \(customer)")
          }
        }
        let raised = try await explain(client, 175)
        #expect(raised.bucket == 175 && raised.granularity == .day)
        #expect(raised.lines[0].hasPrefix("Raised: "), "\(raised.lines[0])")
        #expect(raised.lines.contains { $0.contains("1.5 (set for customer:c1)") })
        let early = try await explain(client, 165)
        #expect(early.lines.contains { $0.contains("2 (set for customer:c1)") })
        #expect(early.runID != raised.runID)
        let quiet = try await explain(client, 175, "c2")
        #expect(quiet.lines[0].hasPrefix("Nothing was raised: "), "\(quiet.lines[0])")
        #expect(quiet.lines.contains { $0.contains("1 (nobody set another)") })
        let holiday = try await explain(client, 160)
        #expect(holiday.lines[0].contains("holiday"), "\(holiday.lines[0])")
      }
    }
  }

  @Test func `a gap, youth, the first value and what is before it are told`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(110...130)
      try await house.fill(132...180)
      try await house.close(through: 180)
      try await house.serving { client in
        try await house.scan(client)
        for (bucket, words) in [
          (Int32(131), "there is no value for this day"), (110, "it is the first value"),
          (115, "too young, 5 days learned from"), (105, "the series has not begun"),
        ] {
          let answer = try await explain(client, bucket)
          #expect(answer.lines[0].contains(words), "\(answer.lines[0])")
        }
        let learning = try await explain(client, 132)
        #expect(
          learning.lines.contains { $0.contains("of the 56 days that full judgement needs") },
          "\(learning.lines)")
      }
    }
  }

  @Test func `a day on which all fall is a platform event`() async throws {
    try await BaselineHouse.with(customers: 14) { house in
      try await house.fill(100...169)
      try await house.set(
        house.customers.indices.flatMap { customer in
          [0, 1].map { (customer: customer, metric: $0, bucket: 165, value: 3) }
        })
      try await house.close(through: 169)
      try await house.serving { client in
        try await house.scan(client)
        let answer = try await explain(client, 165)
        #expect(answer.lines[0].contains("the whole cohort was down"), "\(answer.lines[0])")
        #expect(answer.lines.contains { $0.contains("a platform event since") })
      }
    }
  }

  @Test func `what cannot be explained is refused with the reason`() async throws {
    try await BaselineHouse.with(customers: 2) { house in
      try await house.fill(100...130, customers: 0..<1)
      try await house.serving { client in
        func refusal(
          _ customer: String, _ metric: String, _ moment: String
        ) async -> String {
          do {
            return try await explain(client, customer, metric, moment).lines[0]
          } catch {
            return "\((error as? RPCError)?.code.name ?? "") \(error)"
          }
        }
        let day = "1970-04-21"
        #expect(await refusal("c1", "calls", day).contains("no day is closed yet"))
        try await house.close(through: 120)
        #expect(await refusal("c1", "calls", day).contains("no scan has judged \(day) yet"))
        try await house.scan(client)
        #expect(await refusal("c1", "calls", day).hasPrefix("Nothing was raised"))
        for (words, expected) in [
          (("c9", "calls", day), "customer: no customer c9"),
          (("c1", "visits", day), "metric: no metric visits"),
          (("c2", "calls", day), "metric: c2 has no points of calls"),
          (("c1", "calls", "2199-01-01"), "is not closed yet; the last day that is closed is 1970"),
          (("c1", "calls", "soon"), "written like 2026-12-24"), (("", "calls", day), "customer is"),
        ] {
          let said = await refusal(words.0, words.1, words.2)
          #expect(said.contains(expected), "\(said)")
        }
      }
    }
  }

  @Test func `a correction that came after the run is not in its explanation`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...160)
      try await house.close(through: 160)
      try await house.serving { client in
        try await house.scan(client)
        let before = try await explain(client, 160)
        try await house.set([(customer: 0, metric: 0, bucket: 150, value: 900)])
        #expect(try await explain(client, 160) == before)
      }
    }
  }
}
