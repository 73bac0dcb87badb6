import SeriesModel
import TestSupport
import Testing

@testable import Baselines

@Suite("Model of a sparse series")
struct SparseModelTests {
  /// A chance of three in five that a customer leaves or does less than half.
  private let likely = -naturalLogarithm(0.4)

  /// The evidence of every bucket of a history.
  private func evidence(
    of values: [Double], kind: MetricKind = .count, shifts: [Double] = []
  ) -> [SparseEvidence?] {
    var model = SparseModel(kind: kind)
    return values.enumerated().map { place, value in
      model.advance(value: value, shift: place < shifts.count ? shifts[place] : 0)
    }
  }

  /// A customer with an order every so many weeks.
  private func regular(every weeks: Int, for buckets: Int, silent: Int = 0) -> [Double] {
    (0..<buckets).map { $0 % weeks == 0 ? 1 : 0 } + Array(repeating: 0, count: silent)
  }

  /// A history with clumps, gaps, missing weeks, refunds and a long silence.
  private func eventful(seed: UInt64, buckets: Int) -> [Double] {
    var numbers = SeededNumbers(seed)
    return (0..<buckets).map { place in
      if numbers.share() < 0.05 { return .nan }
      if numbers.share() < 0.02 { return -3 }
      if place > buckets / 2, place < buckets * 3 / 4 { return 0 }
      return numbers.count(mean: 0.4) * (seed.isMultiple(of: 2) ? 1 : 17.25)
    }
  }

  private func bytes(_ model: SparseModel) -> [UInt8] {
    var writer = StateWriter(capacity: 512)
    model.encode(into: &writer)
    return writer.bytes
  }

  @Test(
    "a state written and read between buckets equals one kept in memory, bit for bit",
    arguments: [MetricKind.count, .money])
  func incremental(kind: MetricKind) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      var kept = SparseModel(kind: kind)
      var stored = bytes(kept)
      for value in eventful(seed: seed, buckets: 150) {
        var read = SparseModel(kind: kind)
        var reader = StateReader(stored)
        try read.decode(from: &reader)
        #expect(reader.isAtEnd)
        let shift = value > 0 ? 0.25 : -0.5
        #expect(
          read.advance(value: value, shift: shift) == kept.advance(value: value, shift: shift))
        stored = bytes(read)
        #expect(stored == bytes(kept))
      }
      #expect(stored.count <= 512)
    }
  }

  @Test func `a state with a count below zero is refused`() {
    var writer = StateWriter(capacity: 512)
    writer.write(Int32(-1))
    for _ in 0..<400 { writer.write(UInt8(0)) }
    #expect(throws: BaselineError.self) {
      var reader = StateReader(writer.bytes)
      var model = SparseModel(kind: .count)
      try model.decode(from: &reader)
    }
  }

  @Test(
    "every number of the evidence is finite", arguments: [MetricKind.count, .money],
    [-100.0, 0, 100])
  func finite(kind: MetricKind, shift: Double) {
    let histories: [[Double]] = [
      Array(repeating: 1, count: 80), Array(repeating: 4e15, count: 80),
      [1e-9] + Array(repeating: 0, count: 200), Array(repeating: 0, count: 60),
      Array(repeating: .nan, count: 60), [3], [-5, 2, -1e12, 0, 0, 7],
      regular(every: 26, for: 300), (0..<90).map { $0 % 9 == 0 ? 1e15 : 1e-9 },
      eventful(seed: 5, buckets: 200),
    ]
    for values in histories {
      for case let found? in evidence(
        of: values, kind: kind, shifts: Array(repeating: shift, count: values.count))
      {
        #expect(found.expected.isFinite && found.expected >= 0)
        #expect(found.deviation.isFinite && found.deviation > 0)
        #expect(found.silence.isFinite && found.silence >= 0)
        #expect(found.risk.isFinite && found.risk >= 0)
      }
    }
  }

  @Test func `nothing is said before a first order, of a first order and of missing weeks`() {
    let found = evidence(of: [0, .nan, 0, 2, .nan, 0])
    #expect(found.map { $0 != nil } == [false, false, false, false, false, true])
  }

  @Test func `a customer with few orders or few weeks is not judged`() {
    #expect(evidence(of: regular(every: 2, for: 12)).allSatisfy { $0?.risk ?? 0 == 0 })
    #expect(evidence(of: regular(every: 9, for: 40, silent: 12)).allSatisfy { $0?.risk ?? 0 == 0 })
  }

  @Test("a customer that orders like clockwork and stops is found in time", arguments: [1, 2, 4])
  func stops(weeks: Int) throws {
    let ordering = evidence(of: regular(every: weeks, for: 104)).suffix(40)
    #expect(ordering.allSatisfy { ($0?.risk ?? 0) < likely / 2 })
    let silent = evidence(of: regular(every: weeks, for: 104, silent: 12))
    let found = silent.suffix(12).firstIndex { ($0?.risk ?? 0) > likely }
    let place = try #require(found)
    #expect(silent[place]?.silentBuckets ?? 99 <= 3 * weeks + 3)
  }

  @Test func `the more often a customer orders, the sooner its silence tells`() throws {
    let risks = try [1, 2, 4].map { weeks in
      let last = evidence(of: regular(every: weeks, for: 56, silent: 5)).last
      return try #require(last ?? nil).risk
    }
    #expect(risks[0] > risks[1] && risks[1] > risks[2])
  }

  @Test func `a customer that comes now and then says less by its silence than a regular one`()
    throws
  {
    // The same number of orders in two years, but in clumps.
    let clumps = (0..<104).map { [9, 10, 11, 12].contains($0 % 13) ? 1.0 : 0 }
    let even = (0..<104).map { $0 % 13 % 3 == 0 && $0 % 13 < 12 ? 1.0 : 0 }
    let silence = Array(repeating: 0.0, count: 7)
    let erratic = try #require(evidence(of: clumps + silence).last ?? nil)
    let regular = try #require(evidence(of: even + silence).last ?? nil)
    #expect(erratic.risk < likely)
    #expect(erratic.risk < regular.risk)
    #expect(erratic.silence < regular.silence)
  }

  @Test func `weeks in which nobody orders say nothing`() throws {
    let before = regular(every: 2, for: 60)
    let pause = Array(repeating: 0.0, count: 4)
    let shifts = Array(repeating: 0.0, count: 60) + Array(repeating: -5.0, count: 4)
    let known = try #require(evidence(of: before).last ?? nil)
    let paused = try #require(evidence(of: before + pause, shifts: shifts).last ?? nil)
    let silent = try #require(evidence(of: before + pause).last ?? nil)
    #expect(paused.silence < known.silence + 0.1)
    #expect(paused.risk < silent.risk / 2)
    #expect(paused.risk < likely / 2)
  }

  @Test func `what was found of a silence stands until it ends`() throws {
    var values = regular(every: 1, for: 60)
    values += Array(repeating: 0, count: 60)
    let found = evidence(of: values).suffix(60).compactMap { $0 }
    let first = try #require(found.firstIndex { $0.risk > likely })
    #expect(found[first...].allSatisfy { $0.risk > likely })
    #expect(found.allSatisfy { $0.expected == found[0].expected })
    let after = try #require(evidence(of: values + [1, 1, 0]).last ?? nil)
    #expect(after.silentBuckets == 1 && after.expected < found[0].expected)
  }

  @Test func `a rule asks for less the longer the silence lasts`() {
    let rule = LeavingRule.week
    let thresholds = [0, 2, 3, 11, 12, 99].map { rule.threshold(silentBuckets: $0, scale: 2) }
    #expect(thresholds == [.infinity, .infinity, 1.832, 1.832, 0.862, 0.862])
  }

  @Test func `a series is sparse when it is mostly without activity`() {
    for (weeks, isSparse) in [(1, false), (2, true), (4, true)] {
      var model = SparseModel(kind: .count)
      for value in regular(every: weeks, for: 40) { _ = model.advance(value: value, shift: 0) }
      #expect(model.isSparse == isSparse)
    }
  }

  @Test func `a size common to all values changes nothing of an amount`() throws {
    let values = eventful(seed: 2, buckets: 120).map { $0 < 0 ? 0 : $0 }
    let small = evidence(of: values, kind: .money)
    let large = evidence(of: values.map { $0 * 1_024 }, kind: .money)
    for case (let left?, let right?) in zip(small, large) {
      #expect((left.risk - right.risk).magnitude < 1e-9)
      #expect((left.expected * 1_024 - right.expected).magnitude <= 1e-9 * right.expected)
    }
  }

  @Test func `what a customer says of its cohort is what came beside what was expected`() throws {
    var model = SparseModel(kind: .count)
    #expect(model.cohortShare(of: 1) == nil)
    for value in regular(every: 2, for: 80) { _ = model.advance(value: value, shift: 0) }
    let share = try #require(model.cohortShare(of: 1))
    #expect(share.seen == 1)
    #expect(share.expected > 0.35 && share.expected < 0.55)
    #expect(model.cohortShare(of: .nan) == nil)
  }
}
