import Baselines
import Classification
import Replay
import SeriesModel
import Testing

@Suite("Verdicts in a replay")
struct VerdictTests {
  /// 2023-01-02, a Monday.
  private static let start: Int32 = 19_359

  /// A rule that lets nothing through that is like something dismissed.
  private static let strict = MergeRules(
    dismissal: DismissalRule(scoreFactor: 50, scoreFactorMax: 50))

  /// So many customers with some base metrics each.
  private static func replay(customers: Int = 1, metrics count: Int = 1) -> HistoryReplay {
    let metrics = (0..<count).map {
      Metric(
        id: MetricID(Int32($0) + 1), name: "feature_\($0)", granularity: .day, kind: .count)
    }
    return HistoryReplay(
      granularity: .day,
      customers: (0..<customers).map {
        Customer(
          id: CustomerID(high: 0, low: UInt64($0) + 1), externalID: "c\($0)", segment: "small")
      }, metrics: metrics,
      members: (0..<customers * count).map {
        HistoryReplay.Member(customer: $0 / count, metric: $0 % count)
      }, rules: strict)
  }

  /// A working week around 200, down to a tenth on some days.
  private static func value(_ place: Int, _ day: Int, gaps: [Range<Int>]) -> Double {
    let rhythm = [1.0, 1.05, 1.02, 1, 0.9, 0.4, 0.35][day % 7]
    let level = (200 * rhythm + Double((day * 37 + place * 101) % 17) - 8).rounded()
    return gaps.contains { $0.contains(day) } ? (level / 10).rounded() : level
  }

  /// The days on which people would be alarmed, with a verdict on the day after one of them.
  private static func alarms(
    metrics count: Int, gaps: [Range<Int>], of gapped: Range<Int>,
    verdict: (day: Int, of: ReplayedVerdict)? = nil
  ) -> [Int] {
    var replay = replay(metrics: count)
    var days: [Int] = []
    for day in 0..<200 {
      if let verdict, verdict.day == day {
        let isHeard = replay.dismiss(verdict.of)
        #expect(isHeard)
      }
      let changes = replay.advance(to: start + Int32(day)) { place in
        value(place, day, gaps: gapped.contains(place) ? gaps : [])
      }
      if changes.contains(where: { $0.kind == .opened }) { days.append(day) }
    }
    return days
  }

  private static func buckets(_ days: ClosedRange<Int>) -> ClosedRange<Int32> {
    start + Int32(days.lowerBound)...start + Int32(days.upperBound)
  }

  @Test func `what was dismissed of a customer as a whole counts for each of its parts`() {
    let gaps = [100..<101, 150..<151]
    #expect(Self.alarms(metrics: 3, gaps: gaps, of: 0..<3) == [100, 150])
    let wide = ReplayedVerdict(scope: .customer(0), buckets: Self.buckets(100...100))
    let taught = Self.alarms(metrics: 3, gaps: gaps, of: 0..<3, verdict: (102, wide))
    #expect(taught == [100])
    // The verdict on the whole holds where later one part alone falls.
    let fallen = Self.alarms(metrics: 3, gaps: [100..<101], of: 0..<3)
    #expect(fallen == [100])
  }

  @Test func `a verdict weeks later speaks of what was there then`() {
    let gaps = [100..<101, 130..<131, 160..<161]
    #expect(Self.alarms(metrics: 1, gaps: gaps, of: 0..<1) == [100, 130, 160])
    let first = ReplayedVerdict(scope: .series(0), buckets: Self.buckets(100...100))
    let taught = Self.alarms(metrics: 1, gaps: gaps, of: 0..<1, verdict: (140, first))
    #expect(taught == [100, 130])
  }

  @Test(
    "a verdict that speaks of nothing known changes nothing",
    arguments: [
      ReplayedVerdict(scope: .series(0), buckets: Self.buckets(90...99)),
      ReplayedVerdict(scope: .series(0), buckets: Self.buckets(100...100), direction: .up),
      ReplayedVerdict(scope: .customer(0), buckets: Self.buckets(100...100)),
      ReplayedVerdict(scope: .cohort(""), buckets: Self.buckets(100...100)),
    ])
  func unmet(verdict: ReplayedVerdict) {
    var replay = Self.replay()
    for day in 0..<110 {
      _ = replay.advance(to: Self.start + Int32(day)) { _ in
        Self.value(0, day, gaps: [100..<101])
      }
    }
    let known = ReplayedVerdict(scope: .series(0), buckets: Self.buckets(100...100))
    let isHeard = [replay.dismiss(verdict), replay.dismiss(known)]
    #expect(isHeard == [false, true])
  }

  @Test func `a platform event can be dismissed by the name of its cohort`() {
    var replay = Self.replay(customers: 8)
    let day = Self.start + 80
    for day in 0..<80 {
      _ = replay.advance(to: Self.start + Int32(day)) { Self.value($0, day, gaps: []) }
    }
    var row = CohortRow(cohort: "", members: 8)
    row.outageSince = day
    row.effect = -2
    row.score = 3
    let changes = replay.advance(
      to: day, values: { Self.value($0, 80, gaps: [80..<81]) }, cohorts: [row])
    #expect(changes.map(\.scope) == [.cohort("")])
    let isHeard = ["", "small"].map { name in
      replay.dismiss(ReplayedVerdict(scope: .cohort(name), buckets: day...day))
    }
    #expect(isHeard == [true, false])
  }
}
