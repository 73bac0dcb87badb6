import Baselines
import Detection
import SeriesModel
import TestSupport
import Testing

@Suite("Judging streams")
struct StreamJudgeTests {
  private let week = 7 * 288

  /// A week of a gauge around 50, then what follows.
  private func batches(
    seed: UInt64 = 3, then values: (inout SeededNumbers) -> [Double]
  ) -> [EvidenceBatch] {
    var numbers = SeededNumbers(seed)
    let before = (0..<week).map { _ in 50 + numbers.normal() }
    return evidence(of: before + values(&numbers), kind: .gauge, granularity: .fiveMinutes)
  }

  /// What was found after the week, with the places counted from its end.
  private func findings(in batches: [EvidenceBatch]) -> [(place: Int, finding: Finding)] {
    batches.enumerated().flatMap { place, batch in
      judge(batch, notify: false).findings.map { (place - week, $0) }
    }.filter { $0.place >= 0 }
  }

  @Test("a departure is found at once, told once, to its side", arguments: [-12.0, 12])
  func departure(distance: Double) throws {
    let found = findings(
      in: batches { numbers in (0..<40).map { _ in 50 + distance + numbers.normal() } })
    let first = try #require(found.first)
    #expect(first.place == 0)
    #expect(first.finding.kind == (distance < 0 ? .drop : .spike))
    #expect((first.finding.logRatio < 0) == (distance < 0))
    #expect((first.finding.expected - 50).magnitude < 1)
    #expect((first.finding.observed - 50 - distance).magnitude < 4)
    #expect(first.finding.score > 1)
    #expect(first.finding.startBucket == first.finding.endBucket)
    #expect(first.finding.tests.contains { $0.test == .score && $0.fired })
    #expect(found.count == 1)
  }

  @Test func `a stream that slides to another level has a level, not a spike`() throws {
    let found = findings(
      in: batches { numbers in (0..<60).map { 50 + Double($0) * 0.05 + numbers.normal() } })
    let first = try #require(found.first)
    #expect(first.finding.kind == .levelUp)
    #expect(first.finding.startBucket < first.finding.endBucket - 20)
  }

  /// One of twenty is missed, as the tests of the model tell.
  @Test func `a stuck sensor is a plateau`() {
    var missed: [UInt64] = []
    for seed in 1...5 as ClosedRange<UInt64> {
      let found = findings(in: batches(seed: seed) { _ in Array(repeating: 50, count: 48) })
      guard let first = found.first else {
        missed.append(seed)
        continue
      }
      #expect(first.finding.kind == .plateau)
      #expect(first.finding.logRatio == 0)
    }
    #expect(missed.count <= 1, "\(missed)")
  }

  @Test func `sensitivity moves the threshold`() throws {
    var batch = batches { _ in [56] }[week]
    let score = try #require(judge(batch, notify: false).findings.first).score
    batch.sensitivity = [SensitivityRule(scope: .organisation, scale: score * 0.99)]
    #expect(judge(batch, notify: false).findings.count == 1)
    batch.sensitivity = [SensitivityRule(scope: .organisation, scale: score * 1.01)]
    #expect(judge(batch, notify: false).findings.isEmpty)
  }

  @Test func `while the service is down nothing is said of streams`() {
    var batch = batches { _ in [90] }[week]
    batch.flags[0].insert(.outage)
    #expect(judge(batch, notify: false).findings.isEmpty)
  }
}
