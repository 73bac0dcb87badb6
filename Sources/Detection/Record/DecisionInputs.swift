public import Baselines
public import SeriesModel

extension EvidenceBatch {
  /// All that judging some rows again needs: the rows, and where their rules look at what the
  /// customer does beside them, the customer's other rows.
  ///
  /// - Parameter rows: Places of rows.
  /// - Returns: A batch with the rows, or nil for none.
  public func inputs(ofRows rows: [Int]) -> EvidenceBatch? {
    if rows.isEmpty { return nil }
    let wide = Set(
      rows.filter { row in
        let metric = metrics[Int(metricIndex[row])]
        return rules.contains { $0.looksAround && $0.speaks(of: metric) }
      }.map { customerIndex[$0] })
    let wanted = Set(rows)
    return excerpt(
      ofRows: customerIndex.indices.filter {
        wanted.contains($0) || wide.contains(customerIndex[$0])
      })
  }

  /// The row of a series, or nil.
  public func row(of series: SeriesKey) -> Int? {
    customerIndex.indices.first {
      customers[Int(customerIndex[$0])].id == series.customer
        && metrics[Int(metricIndex[$0])].id == series.metric
    }
  }
}

extension StaticRule {
  /// Whether it looks at other series of the customer.
  fileprivate var looksAround: Bool {
    switch comparison {
    case .variance, .rate, .mixShift: true
    case .dropPoints, .risePoints, .dropPercent, .risePercent, .below, .above, .abovePercent,
      .plateau, .recovery, .mute:
      false
    }
  }
}
