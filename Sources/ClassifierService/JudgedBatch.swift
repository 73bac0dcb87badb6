internal import Baselines
internal import Classification
internal import Detection
internal import FindingsContract
internal import RPC
internal import SeriesModel

/// A findings batch made ready to be merged: checked, its rows in the order of their series.
struct JudgedBatch: Sendable {
  /// The most rows a batch may hold.
  static let rowsLimit = 5_000

  let findings: Detection.FindingsBatch
  /// Rows by rising series, which is the order of locks.
  let order: [Int]
  /// The place in `findings.findings` of the finding that speaks of a row.
  let findingOfRow: [Int: Int]
  private let movements: SharedMovements

  /// Checks a batch.
  ///
  /// - Throws: ``ClassifierError`` with `badRequest` that names the field or the series.
  init(_ findings: Detection.FindingsBatch) throws(ClassifierError) {
    guard findings.count <= Self.rowsLimit else {
      throw ClassifierError(
        .badRequest, field: "findings.customer_index",
        "a batch may hold \(Self.rowsLimit) rows and has \(findings.count)")
    }
    if let place = findings.metrics.firstIndex(
      where: { $0.granularity != findings.bucket.granularity })
    {
      throw ClassifierError(
        .badRequest, field: "findings.metrics[\(place)].granularity",
        "metric \(findings.metrics[place].key) is not of the batch's granularity")
    }
    let keys = (0..<findings.count).map { findings.series(ofRow: $0) }
    let order = keys.indices.sorted { keys[$0] < keys[$1] }
    for (row, next) in zip(order, order.dropFirst()) where keys[row] == keys[next] {
      throw ClassifierError(
        .badRequest, field: "findings.customer_index[\(next)]",
        "series \(Self.name(findings, row)) stands twice")
    }
    var findingOfRow: [Int: Int] = [:]
    for (place, finding) in findings.findings.enumerated() {
      guard finding.row >= 0, finding.row < findings.count,
        findingOfRow.updateValue(place, forKey: finding.row) == nil
      else {
        throw ClassifierError(
          .badRequest, field: "findings.findings[\(place)].row",
          "finding \(place) speaks of row \(finding.row), which is not there or was spoken of")
      }
    }
    self.findings = findings
    self.order = order
    self.findingOfRow = findingOfRow
    movements = SharedMovements(findings)
  }

  var bucket: Int32 { findings.bucket.index }

  func customer(_ row: Int) -> Customer { findings.customers[Int(findings.customerIndex[row])] }

  func metric(_ row: Int) -> Metric { findings.metrics[Int(findings.metricIndex[row])] }

  /// The finding of a row as the contract writes it, or nothing where none fired.
  func encodedFinding(_ row: Int) throws(WireError) -> [UInt8] {
    guard let place = findingOfRow[row] else { return [] }
    // The row is a place in this batch, which is gone once it is merged.
    var finding = findings.findings[place]
    finding.row = 0
    return try FindingsContract.Finding(finding).wireBytes()
  }

  /// What people call the series: the customer's own key and the metric's.
  func name(_ row: Int) -> String { Self.name(findings, row) }

  func sharedMovement(_ row: Int, _ direction: Direction) -> SharedMovement {
    movements.movement(of: customer(row), metric(row), direction)
  }

  private static func name(_ findings: Detection.FindingsBatch, _ row: Int) -> String {
    let customer = findings.customers[Int(findings.customerIndex[row])]
    return "\(customer.externalID)/\(findings.metrics[Int(findings.metricIndex[row])].key)"
  }
}
