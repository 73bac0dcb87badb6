public import RPC
internal import SeriesContract

extension PointBatch {
  /// The most rows of a batch.
  public static let rowsLimit = 200_000

  /// The most customers, and the most metrics, of a batch.
  public static let dictionaryLimit = 100_000

  /// Refuses a batch whose columns do not fit together.
  ///
  /// What is wrong with single rows is for the service to say, because it may skip them.
  ///
  /// - Throws: INVALID_ARGUMENT that names the column.
  public func checkShape() throws(RPCError) {
    let rows = value.count
    guard rows <= Self.rowsLimit else {
      throw refusal("value", "too_many", "has \(rows) rows and may have \(Self.rowsLimit)")
    }
    try checkDictionary(customers, "customers")
    try checkDictionary(metrics, "metrics")
    try checkIndex(customerIndex, of: customers.count, "customer_index")
    try checkIndex(metricIndex, of: metrics.count, "metric_index")
    guard bucket.isEmpty != timeUnixUs.isEmpty || rows == 0 else {
      throw refusal(
        "bucket", "one_of", "either bucket or time_unix_us must be filled, and not both")
    }
    if !bucket.isEmpty { try checkLength(bucket.count, "bucket") }
    if !timeUnixUs.isEmpty { try checkLength(timeUnixUs.count, "time_unix_us") }
  }

  private func checkDictionary(_ words: [String], _ column: String) throws(RPCError) {
    guard words.count <= Self.dictionaryLimit else {
      throw refusal(
        column, "too_many", "has \(words.count) entries and may have \(Self.dictionaryLimit)")
    }
  }

  private func checkIndex(
    _ index: [UInt32], of count: Int, _ column: String
  ) throws(RPCError) {
    try checkLength(index.count, column)
    guard let largest = index.max() else { return }
    guard largest < count else {
      let row = index.firstIndex { $0 >= count } ?? 0
      throw refusal(
        column, "bad_index", "row \(row) names entry \(index[row]) of \(count) in the dictionary")
    }
  }

  private func checkLength(_ count: Int, _ column: String) throws(RPCError) {
    guard count == value.count else {
      throw refusal(
        column, "wrong_length", "has \(count) rows where value has \(value.count)")
    }
  }

  private func refusal(_ column: String, _ reason: String, _ words: String) -> RPCError {
    RPCError(
      .invalidArgument, field: "points.\(column)", reason: reason, "points.\(column) \(words)")
  }
}
