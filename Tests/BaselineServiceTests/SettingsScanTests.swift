import Baselines
import EvidenceContract
import FindingsContract
import Locking
import RPC
import SeriesContract
import SeriesModel
import TestSupport
import Testing

@Suite(
  "Settings in scans", .enabled(if: TestDatabase.isAvailable), .timeLimit(.minutes(3)))
struct SettingsScanTests {
  private func settings(
    _ sequence: Int64, _ scales: [String: Double], rules: [String] = []
  ) -> TakeSettingsRequest {
    TakeSettingsRequest(
      JudgementSettings(
        sequence: sequence,
        sensitivity: scales.sorted { $0.key < $1.key }.compactMap { text, scale in
          Scope(text).map { Baselines.SensitivityRule(scope: $0, scale: scale) }
        },
        rules: rules.map {
          Baselines.StaticRule(name: $0, metric: "calls", comparison: .below, threshold: 5)
        }))
  }

  /// What evidence of each bucket said of sensitivities and rules, in the order of buckets.
  private func seen(_ house: BaselineHouse) throws -> [Int32: String] {
    var found: [Int32: Set<String>] = [:]
    for bytes in house.detector.seen.withLock({ $0.requests.values.joined() }) {
      guard let evidence = try JudgeRequest(wireBytes: bytes).evidence else { continue }
      let words =
        evidence.sensitivity.map { "\($0.scope)=\($0.scale)" }
        + evidence.rules.filter { $0.metric == "calls" }.map(\.name)
      found[evidence.bucket, default: []].insert(words.joined(separator: " "))
    }
    return found.mapValues { $0.sorted().joined(separator: " | ") }
  }

  @Test func `evidence carries what was set for those whom it speaks of`() async throws {
    try await BaselineHouse.with(customers: 2) { house in
      try await house.fill(100...110)
      try await house.close(through: 110)
      try await house.serving { client in
        let taken = try await client.takeSettings(
          settings(
            4,
            [
              "": 2, "segment:large": 1.5, "segment:none": 3, "customer:c1": 0.5,
              "customer:c9": 3, "metric:calls": 1.25, "metric:other": 3,
            ], rules: ["low"]))
        #expect(taken.sequence == 4)
        try await house.scan(client)
      }
      let words = try Set(seen(house).values)
      #expect(words == ["=2.0 customer:c1=0.5 metric:calls=1.25 segment:large=1.5 low"])
    }
  }

  @Test func `other settings under a number that is known are refused, and an earlier one named`()
    async throws
  {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.serving { client in
        let held = settings(4, ["": 2, "customer:c1": 3], rules: ["low"])
        for known in [held, held, settings(3, [:])] {
          let answer = try await client.takeSettings(known)
          #expect(answer.sequence == 4)
        }
        for other in [
          settings(4, ["": 2, "customer:c1": 3]), settings(4, ["": 2], rules: ["low"]),
          settings(4, ["": 2, "customer:c1": 2], rules: ["low"]),
          settings(4, ["": 2, "customer:c1": 3, "customer:c2": 1], rules: ["low"]),
        ] {
          let error = await #expect(throws: RPCError.self) {
            _ = try await client.takeSettings(other)
          }
          #expect(error?.details.first?.code == "other_settings")
        }
      }
    }
  }

  @Test func `a change during a run is not seen by that run, also after a crash`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...199)
      try await house.close(through: 199)
      // The first block of buckets is committed, then the detector is away.
      house.detector.seen.withLock { $0.refusesFrom = 40 }
      try await house.serving { client in
        _ = try await client.takeSettings(settings(1, ["customer:c1": 2]))
        _ = try await client.startScan(BaselineHouse.scanRequest)
        for await _ in house.detector.refusals { break }
        _ = try await client.takeSettings(settings(2, ["": 3], rules: ["low"]))
        // An earlier change that comes late is dropped.
        #expect(try await client.takeSettings(settings(1, [:])).sequence == 2)
      }
      house.detector.seen.withLock { $0.refusesFrom = .max }
      try await house.serving(replica: 1) { client in
        let run = try await client.startScan(BaselineHouse.scanRequest)
        #expect(run.alreadyKnown)
        #expect(try await house.finished(run.runID, client).state == .completed)
        #expect(try Set(seen(house).values) == ["customer:c1=2.0"])
        try await house.fill(200...200)
        try await house.close(through: 200)
        try await house.scan(client)
        let words = try seen(house)
        #expect(words[199] == "customer:c1=2.0")
        #expect(words[200] == "=3.0 low")
      }
      // What was judged twice had the same bytes both times.
      let requests = house.detector.seen.withLock { $0.requests }
      #expect(requests.values.contains { $0.count > 1 })
      #expect(requests.values.allSatisfy { Set($0).count == 1 })
    }
  }

  @Test func `a run that failed is repeated with the settings that it began with`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...103)
      try await house.close(through: 103)
      try await house.serving { client in
        _ = try await client.takeSettings(settings(1, ["": 2]))
        house.detector.seen.withLock {
          $0.refusesFrom = 2
          $0.refusal = RPCError(.internal, "cannot be judged")
        }
        let failed = try await house.scan(client)
        #expect(failed.state == .completedWithFailures)
        _ = try await client.takeSettings(settings(2, ["": 3]))
        house.detector.seen.withLock { $0.refusesFrom = .max }
        #expect(try await house.scan(client).state == .completed)
      }
      #expect(try Set(seen(house).values) == ["=2.0"])
    }
  }

  @Test func `a point on arrival is judged by the settings of the moment`() async throws {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.fill(100...159)
      try await house.close(through: 159)
      try await house.serving { client in
        try await house.scan(client)
        _ = try await client.takeSettings(settings(1, ["metric:calls": 2]))
        var request = ObserveRequest()
        request.customer = "c1"
        request.metric = "calls"
        request.bucket = 160
        request.value = 3
        #expect(try await client.observe(request).judged)
      }
      #expect(try seen(house)[160] == "metric:calls=2.0")
    }
  }

  @Test func `settings that break their contract are refused by the name of the field`()
    async throws
  {
    try await BaselineHouse.with(customers: 1) { house in
      try await house.serving { client in
        func refusal(_ change: (inout TakeSettingsRequest) -> Void) async -> String {
          var request = settings(1, ["": 2], rules: ["low"])
          change(&request)
          do {
            return "taken: \(try await client.takeSettings(request).sequence)"
          } catch {
            return error.code == .invalidArgument ? error.message : "\(error)"
          }
        }
        let said = [
          await refusal { $0.sensitivity[0].scale = 11 },
          await refusal { $0.sensitivity.append($0.sensitivity[0]) },
          await refusal { $0.rules[0].window = 21 },
          await refusal { $0.rules.append($0.rules[0]) },
          await refusal { $0.sequence = -1 },
        ]
        let fields = [
          "sensitivity[0].scale", "sensitivity[1].scope", "rules[0].window", "rules[1].name",
          "sequence",
        ]
        for (words, field) in zip(said, fields) { #expect(words.contains(field), "\(words)") }
      }
    }
  }
}
