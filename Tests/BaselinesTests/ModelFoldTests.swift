import SeriesModel
import Testing

@testable import Baselines

@Suite("Folding many series")
struct ModelFoldTests {
  @Test func `a batch ends with its last customer, so that nobody is judged in two parts`() {
    let perCustomer = 7
    let customers = 150
    var fold = ModelFold(
      runID: ScanRunID(high: 0, low: 0), granularity: .day, ingestSequence: 0,
      customers: (0..<customers).map {
        Customer(id: CustomerID(high: 0, low: UInt64($0)), externalID: "c\($0)")
      },
      metrics: (0..<perCustomer).map {
        Metric(id: MetricID(Int32($0) + 1), name: "m\($0)", granularity: .day, kind: .count)
      },
      members: (0..<customers * perCustomer).map {
        ModelFold.Member(
          customer: $0 / perCustomer, metric: $0 % perCustomer,
          model: SeriesBaseline(kind: .count, granularity: .day), through: .min,
          silentThrough: .min)
      })
    _ = fold.advance(to: 100, values: { _ in 50 })
    let (batches, _) = fold.advance(to: 101, values: { _ in 51 })
    #expect(batches.map(\.evidence.count) == [994, 56])
    #expect(batches.allSatisfy { $0.members.count % perCustomer == 0 })
  }

  @Test func `evidence holds no more rows of cohorts than a batch may, platform events first`() {
    let count = ModelFold.batchRows
    var fold = ModelFold(
      runID: ScanRunID(high: 0, low: 0), granularity: .day, ingestSequence: 0,
      customers: (0..<count).map {
        Customer(
          id: CustomerID(high: 0, low: UInt64($0)), externalID: "c\($0)", segment: "s\($0)")
      },
      metrics: [Metric(id: MetricID(1), name: "calls", granularity: .day, kind: .count)],
      members: (0..<count).map {
        ModelFold.Member(
          customer: $0, metric: 0, model: SeriesBaseline(kind: .count, granularity: .day),
          through: .min, silentThrough: .min)
      })
    let rows =
      [CohortRow(cohort: "")]
      + (0..<count).map { CohortRow(cohort: "s\($0)", outageSince: $0 % 2 == 0 ? 101 : nil) }
    _ = fold.advance(to: 100, values: { _ in 50 }, cohorts: rows)
    let (batches, walked) = fold.advance(to: 101, values: { _ in 51 }, cohorts: rows)
    #expect(walked == Int64(count))
    let shown = batches.flatMap(\.evidence.cohorts)
    #expect(shown.count == count)
    #expect(shown.first?.cohort == "")
    #expect(shown.count { $0.outageSince != nil } == count / 2)
    #expect(batches.allSatisfy { $0.evidence.flags[0].contains(.outage) })
  }
}
