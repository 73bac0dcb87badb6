import Classification
import Replay
import SeriesModel
import Testing

@Suite("Replay of a history")
struct HistoryReplayTests {
  /// 2023-01-02, a Monday.
  private static let start: Int32 = 19_359

  private static let metric = Metric(
    id: MetricID(1), name: "api_calls", granularity: .day, kind: .count)

  private static func customer(_ number: Int) -> Customer {
    Customer(
      id: CustomerID(high: 0, low: UInt64(number)), externalID: "c\(number)",
      region: number.isMultiple(of: 2) ? "EU" : "US")
  }

  /// A quiet week's rhythm around 200, with a fall to a tenth on the days of the gap.
  private static func value(_ series: Int, _ day: Int, gap: Range<Int>) -> Double {
    let rhythm = [1.0, 1.05, 1.02, 1, 0.9, 0.4, 0.35][day % 7]
    let noise = Double((day * 37 + series * 101) % 17) - 8
    let level = (200 * rhythm + noise).rounded()
    return gap.contains(day) ? (level / 10).rounded() : level
  }

  private static func changes(
    _ customers: [Int], days: Int = 120, gap: Range<Int>, only: Int? = nil
  ) -> [ReplayedChange] {
    var replay = HistoryReplay(
      granularity: .day, customers: customers.map(customer), metrics: [metric],
      members: customers.indices.map { HistoryReplay.Member(customer: $0, metric: 0) })
    var changes: [ReplayedChange] = []
    for day in 0..<days {
      changes += replay.advance(to: start + Int32(day)) { place in
        let gap = only == nil || customers[place] == only ? gap : 0..<0
        return value(customers[place], day, gap: gap)
      }
    }
    return changes
  }

  @Test func `a fall opens one anomaly on its first day and ends it when it is over`() throws {
    let changes = Self.changes([1], gap: 100..<103)
    let opened = try #require(changes.first)
    #expect(opened.kind == .opened)
    #expect(opened.bucket == Bucket(.day, Self.start + 100))
    #expect(opened.episode.startBucket == Self.start + 100)
    #expect(opened.episode.direction == .down)
    #expect(changes.filter { $0.kind == .opened }.count == 1)
    #expect(changes.last?.kind == .resolved)
  }

  @Test func `a verdict raises the bar for what is like it`() throws {
    var values = [(0..<200).map { Self.value(1, $0, gap: 100..<101) }]
    for day in 150..<151 { values[0][day] = Self.value(1, day, gap: 150..<151) }
    func opened(dismissing: Bool) -> [Int32] {
      var replay = HistoryReplay(
        granularity: .day, customers: [Self.customer(1)], metrics: [Self.metric],
        members: [HistoryReplay.Member(customer: 0, metric: 0)],
        rules: MergeRules(dismissal: DismissalRule(scoreFactor: 50, scoreFactorMax: 50)))
      var found: [Int32] = []
      for day in 0..<200 {
        for change in replay.advance(to: Self.start + Int32(day), values: { values[$0][day] })
        where change.kind == .opened {
          found.append(Int32(day))
          if dismissing {
            let day = Self.start + Int32(day)
            let isFound = replay.dismiss(
              ReplayedVerdict(scope: .series(0), buckets: day...day, direction: .down))
            #expect(isFound)
          }
        }
      }
      return found
    }
    #expect(opened(dismissing: false) == [100, 150])
    #expect(opened(dismissing: true) == [100])
  }

  @Test func `a history without anything in it changes nothing`() {
    #expect(Self.changes([1, 2, 3], gap: 0..<0).isEmpty)
  }

  @Test func `what is found of a customer does not depend on who is beside it`() {
    let alone = Self.changes([2], gap: 100..<103)
    let beside = Self.changes([1, 2, 3], gap: 100..<103, only: 2)
    #expect(!alone.isEmpty)
    #expect(beside.map(\.episode) == alone.map(\.episode))
    #expect(beside.allSatisfy { $0.series == 1 })
  }

  @Test func `a bucket is judged by what came before it`() {
    // The same past with another future: what was found until then is the same.
    let short = Self.changes([1], days: 104, gap: 100..<103)
    let long = Self.changes([1], days: 120, gap: 100..<103)
    #expect(!short.isEmpty)
    #expect(Array(long.prefix(short.count)) == short)
  }

  @Test func `a series that begins late or has no value is passed over`() {
    var replay = HistoryReplay(
      granularity: .day, customers: [Self.customer(1)], metrics: [Self.metric],
      members: [HistoryReplay.Member(customer: 0, metric: 0)])
    for day in 0..<40 {
      let changes = replay.advance(to: Self.start + Int32(day)) { _ in day < 20 ? .nan : 100 }
      #expect(changes.isEmpty)
    }
  }
}
