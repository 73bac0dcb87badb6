internal import Baselines
public import Detection
public import SeriesModel

/// Who moved together in one batch, counted once for all its findings.
public struct SharedMovements: Sendable {
  private struct Cohort: Hashable {
    var segment: String
    var metricName: String
  }

  private var seriesJudged: [CustomerID: Int] = [:]
  private var seriesMoved: [Direction: [CustomerID: Int]] = [:]
  private var customersJudged: [Cohort: Set<CustomerID>] = [:]
  private var customersMoved: [Direction: [Cohort: Set<CustomerID>]] = [:]

  /// Counts the rows and the findings of a batch.
  public init(_ batch: FindingsBatch) {
    if batch.findings.isEmpty { return }
    for row in 0..<batch.count where !batch.flags[row].contains(.missing) {
      let (customer, cohort) = Self.place(batch, row)
      seriesJudged[customer, default: 0] += 1
      customersJudged[cohort, default: []].insert(customer)
    }
    for finding in batch.findings where finding.row >= 0 && finding.row < batch.count {
      let direction = AnomalyType(finding.kind).direction
      let (customer, cohort) = Self.place(batch, finding.row)
      seriesMoved[direction, default: [:]][customer, default: 0] += 1
      customersMoved[direction, default: [:]][cohort, default: []].insert(customer)
    }
  }

  private static func place(_ batch: FindingsBatch, _ row: Int) -> (CustomerID, Cohort) {
    let customer = batch.customers[Int(batch.customerIndex[row])]
    let metric = batch.metrics[Int(batch.metricIndex[row])]
    return (customer.id, Cohort(segment: customer.segment, metricName: metric.name))
  }

  /// How far a change of one series to a side is shared.
  public func movement(
    of customer: Customer, _ metric: Metric, _ direction: Direction
  ) -> SharedMovement {
    let cohort = Cohort(segment: customer.segment, metricName: metric.name)
    return SharedMovement(
      seriesMoved: seriesMoved[direction]?[customer.id] ?? 0,
      seriesJudged: seriesJudged[customer.id] ?? 0,
      customersMoved: customersMoved[direction]?[cohort]?.count ?? 0,
      customersJudged: customersJudged[cohort]?.count ?? 0, segment: customer.segment)
  }
}
