import Baselines
import SeriesModel
import TestSupport
import Testing

@testable import Detection

/// Rows that show their newest bucket alone must be those in which nothing would be found.
@Suite("Rows without detail")
struct EvidenceDetailTests {
  /// A history with a bit of everything that can be found, at another place for each seed.
  private func history(_ seed: UInt64, _ kind: MetricKind) -> [Double] {
    var numbers = SeededNumbers(seed &* 7_919)
    let level = [4.0, 40, 400][Int(seed % 3)]
    var values = workingWeek(days: 420, level: level, seed: seed &* 104_729)
    let day = { 80 + Int(numbers.share() * 40) }
    let (spike, fall) = (day(), day() + 50)
    values[spike] *= 6
    for place in fall..<fall + 9 { values[place] *= 0.15 }
    for place in 220..<300 { values[place] *= max(0.2, 1 - Double(place - 220) / 80) }
    let still = values[300]
    for place in 300..<320 { values[place] = still }
    for place in 345..<372 { values[place] = values[372 - (place - 345) % 7] * 1.4 }
    for place in 385..<410 { values[place] = 0 }
    if seed % 4 == 0 { for place in 30..<40 { values[place] = .nan } }
    return kind == .gauge ? values.map { 40 + 20 * $0 / level } : values
  }

  private func findings(
    _ values: [Double], _ kind: MetricKind, _ scale: Double, _ detail: EvidenceDetail
  ) -> (findings: [Finding], hashes: [UInt64], detailed: Int) {
    var model = SeriesBaseline(kind: kind, granularity: .day)
    var findings: [Finding] = []
    var hashes: [UInt64] = []
    var detailed = 0
    for (place, value) in values.enumerated() {
      var batch = EvidenceBatch.fixture(bucket: Bucket(.day, 4 + Int32(place)), kind: kind)
      batch.sensitivity = [SensitivityRule(scope: .organisation, scale: scale)]
      _ = model.advance(
        to: batch.bucket.index, value: value, customerIndex: 0, metricIndex: 0, detail: detail,
        into: &batch)
      detailed += batch.detailed.count
      let found = judge(batch, notify: false)
      findings += found.findings
      hashes += found.evidenceHash
    }
    return (findings, hashes, detailed)
  }

  @Test(
    "what is found is what all rows in full would show",
    arguments: [MetricKind.count, .money, .gauge], [0.5, 1, 1.7])
  func complete(kind: MetricKind, scale: Double) {
    var found = 0
    for seed in UInt64(1)...12 {
      let values = history(seed, kind)
      let all = findings(values, kind, scale, .everywhere)
      let settings = [SensitivityRule(scope: .organisation, scale: scale)]
      let some = findings(values, kind, scale, EvidenceDetail(settings))
      // As texts, since the missing values of a ring are not even equal to themselves.
      #expect(some.findings.map { "\($0)" } == all.findings.map { "\($0)" })
      #expect(some.hashes == all.hashes)
      #expect(some.detailed < all.detailed)
      found += all.findings.count
    }
    #expect(found > 0)
  }

  @Test func `an ordinary year shows hardly any row in full`() {
    let values = workingWeek(days: 365, level: 120, seed: 77)
    let seen = findings(values, .count, 1, .notable(scale: 1))
    #expect(seen.detailed < 15)
  }
}
