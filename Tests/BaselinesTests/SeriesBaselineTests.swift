import Baselines
import SeriesModel
import TestSupport
import Testing

@Suite("Model of a series")
struct SeriesBaselineTests {
  /// A history with gaps, zeros, an outlier, a level shift and a long silence.
  private func eventful(seed: UInt64, buckets: Int) -> [Double] {
    var numbers = SeededNumbers(seed)
    let scale = 1 + numbers.share() * 300
    return (0..<buckets).map { place in
      if numbers.share() < 0.05 { return .nan }
      if numbers.share() < 0.03 { return 0 }
      if numbers.share() < 0.01 { return scale * 40 }
      let level = place > buckets / 2 ? scale / 3 : scale
      if place > buckets * 4 / 5, place < buckets * 9 / 10 { return .nan }
      return numbers.count(mean: level)
    }
  }

  @Test(
    "a state written and read between buckets equals one kept in memory, bit for bit",
    arguments: MetricKind.allCases, Granularity.allCases)
  func incremental(kind: MetricKind, granularity: Granularity) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      var kept = SeriesBaseline(kind: kind, granularity: granularity)
      var stored = kept.encoded
      for (place, value) in eventful(seed: seed, buckets: 400).enumerated() {
        var read = try SeriesBaseline(decoding: stored)
        var first = EvidenceBatch.fixture(bucket: Bucket(granularity, Int32(place)), kind: kind)
        var second = first
        let left = kept.advance(
          to: Int32(place), value: value, customerIndex: 0, metricIndex: 0, into: &first)
        let right = read.advance(
          to: Int32(place), value: value, customerIndex: 0, metricIndex: 0, into: &second)
        stored = read.encoded
        #expect(left == right)
        #expect(first.inputHash == second.inputHash)
        #expect(first.windowDeviation.map(\.bitPattern) == second.windowDeviation.map(\.bitPattern))
        guard stored == kept.encoded else {
          Issue.record("state differs at bucket \(place) of seed \(seed)")
          return
        }
      }
    }
  }

  @Test("the state of a series stays small", arguments: Granularity.allCases)
  func stateSize(granularity: Granularity) {
    var model = SeriesBaseline(kind: .count, granularity: granularity)
    for place in 0..<200 { model.advance(to: Int32(place), value: 5) }
    // Hours look back a week by the hour.
    let limit = granularity == .hour || granularity == .fiveMinutes ? 7_168 : 3_072
    #expect(model.encoded.count <= limit)
  }

  @Test(
    "no number of the evidence is infinite or undefined where it must not be",
    arguments: MetricKind.allCases)
  func finite(kind: MetricKind) {
    let constant = Array(repeating: 4.0, count: 100)
    let nothing = Array(repeating: 0.0, count: 100)
    let extremes = (0..<100).map { $0 % 9 == 0 ? 1e15 : $0 % 5 == 0 ? -1e12 : 1e-9 }
    for values in [constant, nothing, extremes, eventful(seed: 77, buckets: 300)] {
      for batch in evidence(of: values, kind: kind) where batch.count == 1 {
        #expect(batch.expected[0].isFinite)
        #expect(batch.deviation[0].isFinite && batch.deviation[0] > 0)
        #expect(batch.z[0].isFinite)
        #expect(batch.windowSum.allSatisfy { $0.isFinite })
        #expect(batch.windowExpected.allSatisfy { $0.isFinite })
        #expect(batch.windowDeviation.allSatisfy { $0.isFinite && $0 >= 0 })
        #expect(batch.mean[0].isFinite)
      }
    }
  }

  @Test func `missing buckets give no row and leave the level alone`() {
    var model = SeriesBaseline(kind: .count, granularity: .day)
    var batch = EvidenceBatch.fixture(bucket: Bucket(.day, 0))
    #expect(
      model.advance(to: 0, value: .nan, customerIndex: 0, metricIndex: 0, into: &batch)
        == .notStarted)
    #expect(
      model.advance(to: 1, value: 5, customerIndex: 0, metricIndex: 0, into: &batch)
        == .firstValue)
    for bucket in 2...30 as ClosedRange<Int32> {
      #expect(
        model.advance(to: bucket, value: .nan, customerIndex: 0, metricIndex: 0, into: &batch)
          == .missing)
    }
    #expect(batch.count == 0)
    #expect(model.level == 5)
    #expect(model.age == 1)
  }

  @Test func `one gross value hardly moves the level, a lasting one becomes the normal`() {
    var model = SeriesBaseline(kind: .count, granularity: .day)
    var bucket: Int32 = 4
    for value in workingWeek(days: 140, level: 100, seed: 5) {
      model.advance(to: bucket, value: value)
      bucket += 1
    }
    let before = model.level
    model.advance(to: bucket, value: 5_000)
    #expect((model.level / before - 1).magnitude < 0.01)
    for value in workingWeek(days: 21, level: 20, seed: 6) {
      bucket += 1
      model.advance(to: bucket, value: value)
    }
    #expect((model.level / 20 - 1).magnitude < 0.25)
  }

  @Test func `the profile finds the working week and has a mean of one`() throws {
    var model = SeriesBaseline(kind: .count, granularity: .day)
    for (place, value) in workingWeek(days: 140, level: 100, seed: 9).enumerated() {
      model.advance(to: Int32(4 + place), value: value)
    }
    let summary = try #require(model.summary)
    #expect((summary.profile.reduce(0, +) / 7 - 1).magnitude < 1e-6)
    #expect((summary.profile[2] - 1.3).magnitude < 0.1)
    #expect((summary.profile[6] - 0.45).magnitude < 0.1)
    #expect(summary.lower < summary.expected && summary.expected < summary.upper)
    #expect(summary.sampleSize == 140)
    #expect(summary.window == 56)
  }

  @Test func `the band holds about ninety-five of a hundred values`() throws {
    var model = SeriesBaseline(kind: .count, granularity: .day)
    var held = 0
    let values = workingWeek(days: 700, level: 60, seed: 12)
    for (place, value) in values.enumerated() {
      if place >= 100, let summary = model.summary, (summary.lower...summary.upper).contains(value)
      {
        held += 1
      }
      model.advance(to: Int32(4 + place), value: value)
    }
    let share = Double(held) / 600
    #expect(share > 0.92 && share < 0.99)
  }

  @Test func `bytes of another version, cut bytes and longer bytes are refused by name`() {
    var model = SeriesBaseline(kind: .count, granularity: .day)
    for place in 0..<80 { model.advance(to: Int32(place), value: 5) }
    let bytes = model.encoded
    var other = bytes
    other[0] = 200
    func code(_ bytes: [UInt8]) -> BaselineError.Code? {
      do {
        _ = try SeriesBaseline(decoding: bytes)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(code(bytes) == nil)
    #expect(code(other) == .otherVersion)
    #expect(code([]) == .damaged)
    #expect(code(Array(bytes.dropLast())) == .damaged)
    #expect(code(bytes + [0]) == .damaged)
    for length in 1..<bytes.count { #expect(code(Array(bytes.prefix(length))) == .damaged) }
  }
}
