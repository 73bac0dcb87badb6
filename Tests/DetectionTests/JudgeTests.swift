import Baselines
import Detection
import SeriesModel
import TestSupport
import Testing

@Suite("Judging histories")
struct JudgeTests {
  private func findings(
    of values: [Double], kind: MetricKind = .count, granularity: Granularity = .day
  ) -> [(place: Int, finding: Finding)] {
    evidence(of: values, kind: kind, granularity: granularity).enumerated().flatMap {
      place, batch in judge(batch, notify: false).findings.map { (place, $0) }
    }
  }

  @Test("a weekly pattern raises nothing in 52 weeks", arguments: [3.0, 20, 100, 5_000])
  func weeklyPattern(level: Double) {
    for seed in 1...10 as ClosedRange<UInt64> {
      let found = findings(of: workingWeek(days: 364, level: level, seed: seed))
      #expect(found.isEmpty, "level \(level), seed \(seed): \(found.map(\.place))")
    }
  }

  @Test("a constant series raises nothing", arguments: [0.0, 1, 80, 1e9], MetricKind.allCases)
  func constant(value: Double, kind: MetricKind) {
    #expect(findings(of: Array(repeating: value, count: 300), kind: kind).isEmpty)
  }

  @Test("small counts raise nothing", arguments: [0.05, 0.3, 1, 2])
  func smallCounts(mean: Double) {
    for seed in 1...10 as ClosedRange<UInt64> {
      var numbers = SeededNumbers(seed)
      let values = (0..<365).map { _ in numbers.count(mean: mean) }
      #expect(findings(of: values).isEmpty, "mean \(mean), seed \(seed)")
    }
  }

  @Test func `zeros that are common are no drop`() {
    for seed in 1...5 as ClosedRange<UInt64> {
      var numbers = SeededNumbers(seed)
      let values = (0..<400).map { _ in
        numbers.share() < 0.4 ? 0 : numbers.count(mean: 50)
      }
      let drops = findings(of: values).filter { !$0.finding.kind.isUp && $0.place > 60 }
      #expect(drops.isEmpty, "seed \(seed): \(drops.map(\.place))")
    }
  }

  @Test("an injected departure is found with its kind and its direction", arguments: [-1, 1])
  func injected(direction: Int) throws {
    var values = workingWeek(days: 200, level: 100, seed: 21)
    for day in 150..<152 { values[day] = direction < 0 ? 4 : values[day] * 4 }
    let found = findings(of: values)
    let first = try #require(found.first)
    #expect((150...151).contains(first.place))
    #expect(first.finding.kind == (direction < 0 ? .drop : .spike))
    #expect(first.finding.score >= 1)
    #expect((first.finding.logRatio < 0) == (direction < 0))
    #expect(found.allSatisfy { (150...160).contains($0.place) })
  }

  @Test("a level shift is found and then becomes the new normal", arguments: [0.5, 2.0])
  func levelShift(factor: Double) throws {
    var values = workingWeek(days: 300, level: 200, seed: 22)
    for day in 150..<300 { values[day] = (values[day] * factor).rounded() }
    let found = findings(of: values)
    let first = try #require(found.first)
    #expect((150...156).contains(first.place))
    #expect(found.allSatisfy { $0.finding.kind.isUp == (factor > 1) })
    #expect(found.contains { $0.finding.kind == (factor > 1 ? .levelUp : .levelDown) })
    #expect(found.allSatisfy { $0.place < 160 }, "\(found.map(\.place))")
  }

  @Test func `a finding tells its interval, its values and every test`() throws {
    var values = workingWeek(days: 200, level: 100, seed: 21)
    values[150] = 4
    let first = try #require(findings(of: values).first?.finding)
    #expect(first.endBucket == 154)
    #expect(first.startBucket == 154)
    #expect(first.observed == 4)
    #expect(first.expected > 60)
    #expect(first.ringObserved.count == 21)
    #expect(first.ringObserved[20] == 4)
    #expect(Set(first.tests.map(\.test)).isSuperset(of: [.score, .zScore, .interquartile, .ratio]))
    let deciding = try #require(first.tests.first { $0.test == .score && $0.window == 1 })
    #expect(deciding.fired)
    #expect(deciding.statistic < -deciding.threshold)
  }

  @Test func `a departure is told with its own days and not with the good ones before`() throws {
    var values = workingWeek(days: 200, level: 100, seed: 21)
    for day in 150...153 { values[day] = (values[day] * 0.35).rounded() }
    let found = findings(of: values).filter { $0.place <= 153 }
    let last = try #require(found.last)
    #expect(last.place == 153)
    #expect(last.finding.startBucket == 154)
    #expect(last.finding.endBucket == 157)
    let mean = values[150...153].reduce(0, +) / 4
    #expect((last.finding.observed - mean).magnitude < 1e-9)
    #expect((last.finding.logRatio + 1.05).magnitude < 0.2)
  }

  @Test("nothing is said on the days after it is over", arguments: [0.2, 3.0])
  func overIsOver(factor: Double) {
    var values = workingWeek(days: 200, level: 100, seed: 21)
    for day in 150...153 { values[day] = (values[day] * factor).rounded() }
    let after = findings(of: values).filter { $0.place > 154 }
    #expect(after.isEmpty, "\(after.map(\.place))")
  }

  @Test func `the same evidence gives the same findings, and each row a hash of its own`() {
    var values = workingWeek(days: 200, level: 100, seed: 21)
    values[150] = 4
    let batches = evidence(of: values)
    let first = batches.map { judge($0, notify: true) }
    let second = evidence(of: values).map { judge($0, notify: true) }
    #expect(first.map(\.evidenceHash) == second.map(\.evidenceHash))
    #expect(first[150].findings == second[150].findings)
    #expect(Set(first.flatMap(\.evidenceHash)).count == 199)
  }

  @Test func `a row on arrival has another hash than at the close`() {
    var batch = evidence(of: workingWeek(days: 60, level: 50, seed: 3))[59]
    let closed = judge(batch, notify: true).evidenceHash
    batch.revision = 0
    #expect(judge(batch, notify: true).evidenceHash != closed)
    batch.revision = 1
    batch.sensitivity = [SensitivityRule(scope: .organisation, scale: 2)]
    #expect(judge(batch, notify: true).evidenceHash != closed)
  }
}
