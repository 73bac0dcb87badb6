import SeriesModel
import SeriesStore
import Testing

@Suite("Point plan")
struct PointPlanTests {
  private func plan(
    _ points: [(bucket: Int32, value: Double)], mode: PointMode, places: Int = 0
  ) -> PointPlan {
    let metric = Metric(
      id: MetricID(1), name: "m", granularity: .day, kind: .count, decimalPlaces: places)
    var rows = PointRows(customers: [CustomerID(high: 0, low: 1)], metrics: [metric])
    for (number, point) in points.enumerated() {
      rows.append(
        customerIndex: 0, metricIndex: 0, bucket: point.bucket, value: point.value,
        row: UInt32(number))
    }
    return PointPlan(rows, mode: mode)
  }

  @Test func `the same point twice is one point, with another value it is a fault`() {
    let faults = plan([(1, 5), (1, 5), (1, 6), (2, 6)], mode: .set).faults
    #expect(faults.map(\.row) == [2] && faults.map(\.code) == [.duplicateRow])
  }

  @Test func `increments of one bucket in a batch are no duplicates`() {
    #expect(plan([(1, 5), (1, 5), (1, 6)], mode: .increment).faults.isEmpty)
  }

  @Test(arguments: [
    (0, 0.5, false), (2, 30.599999999999998, true), (2, 0.005, false), (6, 1e-6, true),
  ])
  func `an increment keeps to the decimals of its metric`(
    places: Int, value: Double, isKept: Bool
  ) {
    let faults = plan([(1, value)], mode: .increment, places: places).faults
    #expect(faults.map(\.code) == (isKept ? [] : [.tooPrecise]))
  }

  @Test func `an increment, or the sum of a batch, beyond 2 to the 51 is out of range`() {
    let most = Double(1 << 51)
    #expect(plan([(1, most)], mode: .increment).faults.isEmpty)
    #expect(plan([(1, most), (1, 1)], mode: .increment).faults.map(\.row) == [1])
    #expect(plan([(1, most * 2)], mode: .increment).faults.map(\.code) == [.outOfRange])
  }

  @Test func `of each series that is judged on arrival the latest value is kept`() {
    let metrics = (1...3).map { number in
      Metric(
        id: MetricID(Int32(number)), name: "m\(number)", granularity: .day, kind: .count,
        onArrival: number != 2)
    }
    let customers = [CustomerID(high: 2, low: 0), CustomerID(high: 1, low: 0)]
    var rows = PointRows(customers: customers, metrics: metrics)
    for (number, bucket) in [Int32(40), 5, 39].enumerated() {
      for metric in Int32(0)..<3 {
        for customer in Int32(0)..<2 {
          rows.append(
            customerIndex: customer, metricIndex: metric, bucket: bucket,
            value: Double(bucket) + Double(customer), row: UInt32(number))
        }
      }
    }
    let latest = PointPlan(rows, mode: .set).latestOnArrival
    #expect(latest.map(\.series.customer.high) == [1, 1, 2, 2])
    #expect(latest.map(\.series.metric.number) == [1, 3, 1, 3])
    #expect(latest.map(\.value) == [41, 41, 40, 40])
    #expect(latest.allSatisfy { $0.bucket.index == 40 })
    #expect(PointPlan(rows, mode: .increment).latestOnArrival.isEmpty)
  }
}
