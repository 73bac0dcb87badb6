import Baselines
import Classification
import Replay
import SeriesModel
import Testing

@Suite("Replay of customers that act now and then")
struct SparseReplayTests {
  /// 2023-01-02, a Monday.
  private static let start: Int32 = 2_766

  /// An order every two, three or four weeks.
  private static func isActive(_ customer: Int, _ week: Int) -> Bool {
    (week + customer) % (2 + customer % 3) == 0
  }

  private static func changes(
    customers: Int, weeks: Int, value: (Int, Int) -> Double
  ) -> [ReplayedChange] {
    var replay = HistoryReplay(
      granularity: .week,
      customers: (0..<customers).map {
        Customer(
          id: CustomerID(high: 0, low: UInt64($0) + 1), externalID: "c\($0)", region: "EU")
      },
      metrics: [
        Metric(id: MetricID(1), name: "orders", granularity: .week, kind: .count)
      ], members: (0..<customers).map { HistoryReplay.Member(customer: $0, metric: 0) })
    var cohorts = CohortHistory(granularity: .week)
    var changes: [ReplayedChange] = []
    for week in 0..<weeks {
      let bucket = start + Int32(week)
      let tally = replay.tally(of: bucket) { value($0, week) }
      changes += replay.advance(
        to: bucket, values: { value($0, week) }, cohorts: cohorts.rows(of: bucket, tally))
    }
    return changes
  }

  @Test func `a customer that stops is told of once, as gone since its last order`() throws {
    let changes = Self.changes(customers: 30, weeks: 100) { customer, week in
      customer == 4 && week >= 80 ? 0 : Self.isActive(customer, week) ? 1 : 0
    }
    let opened = changes.filter { $0.kind == .opened || $0.kind == .reopened }
    #expect(opened.map(\.series) == [4])
    let found = try #require(opened.first)
    #expect(found.episode.type == .abandonment)
    #expect(found.bucket.index < Self.start + 92)
    #expect(found.episode.startBucket >= Self.start + 77)
    #expect(found.episode.startBucket <= Self.start + 80)
  }

  @Test func `weeks in which no customer orders alarm nobody`() {
    let changes = Self.changes(customers: 30, weeks: 100) { customer, week in
      (80..<84).contains(week) || !Self.isActive(customer, week) ? 0 : 1
    }
    #expect(changes.isEmpty)
  }

  @Test func `the same weeks of silence of one customer alone do alarm`() {
    let changes = Self.changes(customers: 30, weeks: 100) { customer, week in
      customer == 6 && (80..<88).contains(week) || !Self.isActive(customer, week) ? 0 : 1
    }
    #expect(changes.filter { $0.kind == .opened }.map(\.series) == [6])
    #expect(changes.last?.kind == .resolved)
  }
}
