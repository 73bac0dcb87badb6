import Baselines
import Detection
import SeriesModel
import TestSupport
import Testing

@Suite("Decision record")
struct DecisionRecordTests {
  /// A history of one kind of trouble, as its seed has it.
  private func history(_ seed: UInt64) -> [Double] {
    var numbers = SeededNumbers(seed)
    let level = [0.4, 3, 20, 100, 3_000][Int(seed % 5)]
    var values = workingWeek(days: 260, level: level, seed: seed)
    let start = 40 + Int(numbers.share() * 180)
    let end = min(values.count, start + 1 + Int(numbers.share() * 40))
    switch seed % 8 {
    case 0: for day in start..<end { values[day] = 0 }
    case 1: for day in start..<end { values[day] = (values[day] * 0.4).rounded() }
    case 2: for day in start..<end { values[day] *= 3 }
    case 3: for day in start..<end { values[day] = .nan }
    case 4: for day in start..<values.count { values[day] = values[start] }
    case 5:
      for day in start..<values.count {
        let left = max(0.2, 1 - Double(day - start) / 60)
        values[day] = (values[day] * left).rounded()
      }
    case 6: for day in 0..<start { values[day] = 0 }
    default: for day in start..<end { values[day] = values[(day + 3) % 7] }
    }
    return values
  }

  @Test(
    "a finding is there if and only if the record says so",
    arguments: [(Granularity.day, 16), (.week, 8), (.hour, 2), (.fiveMinutes, 2)]
      as [(Granularity, UInt64)])
  func same(granularity: Granularity, histories: UInt64) {
    var found = 0
    for seed in 1...histories {
      var values = history(seed)
      // Hours and 5 minutes need more of them before they are judged.
      if granularity == .hour || granularity == .fiveMinutes {
        values = workingWeek(days: 400, level: 80, seed: seed) + values
      }
      for (place, batch) in evidence(of: values, granularity: granularity).enumerated() {
        guard batch.count == 1 else { continue }
        var batch = batch
        if seed.isMultiple(of: 3), place.isMultiple(of: 9) { batch.flags[0].insert(.holiday) }
        if seed.isMultiple(of: 4), place.isMultiple(of: 7) { batch.flags[0].insert(.outage) }
        let scale = [0.5, 1, 2][Int(seed % 3)]
        batch.sensitivity = [SensitivityRule(scope: .metric("calls"), scale: scale)]
        let judged = judge(batch, notify: false)
        let record = decide(batch, row: 0)
        let isSame =
          record.finding == judged.findings.first && record.isFired == (record.finding != nil)
          && record.evidenceHash == judged.evidenceHash[0] && record.scale == scale
          && record.scope == .metric("calls")
        if !isSame { Issue.record("seed \(seed), bucket \(place): \(record)") }
        // As text, since what is no number is not equal to itself.
        let isRepeated = !place.isMultiple(of: 50) || "\(record)" == "\(decide(batch, row: 0))"
        #expect(isRepeated)
        found += judged.findings.count
      }
    }
    #expect(found > 0 || histories < 8)
  }

  @Test func `what held a departure back is told with its numbers`() throws {
    var values = workingWeek(days: 200, level: 100, seed: 21)
    values[150] = (values[150] * 0.75).rounded()
    let record = decide(evidence(of: values)[150], row: 0)
    #expect(record.finding == nil)
    #expect(record.deciding == nil)
    let alone = try #require(record.trials.first { $0.name == .window && $0.window == 1 })
    #expect(!alone.isFired)
    #expect(alone.statistic < 0)
    let effect = try #require(alone.gates.first { $0.name == .largeEffect })
    #expect(!effect.isPassed)
    #expect(effect.value < effect.needed)
    #expect(record.trials.count(where: { $0.name == .window }) == 8)
  }

  @Test func `the trial that decided is the one that the finding tells of`() throws {
    var values = workingWeek(days: 200, level: 100, seed: 21)
    values[150] = 4
    let record = decide(evidence(of: values)[150], row: 0)
    let deciding = try #require(record.deciding)
    #expect(deciding.name == .window)
    #expect(try #require(record.finding).score == deciding.ratio)
  }

  @Test func `a window that could not be judged says why`() throws {
    let young = decide(evidence(of: workingWeek(days: 12, level: 50, seed: 3))[11], row: 0)
    let reasons = young.trials.compactMap { $0.gates.first { $0.name == .judged }?.reason }
    #expect(reasons.contains(.tooYoung))
    #expect(young.flags.contains(.learning))
    #expect(young.age == 11)
    #expect(young.ageNeeded == 56)
    var gaps = workingWeek(days: 120, level: 50, seed: 3)
    for day in 112..<118 { gaps[day] = .nan }
    let sparse = decide(evidence(of: gaps)[119], row: 0)
    let week = try #require(sparse.trials.first { $0.name == .window && $0.window == 7 })
    #expect(week.gates.first { $0.name == .judged }?.reason == .tooFewValues)
  }
}
