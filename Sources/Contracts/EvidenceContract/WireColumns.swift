public import RPC

/// Checks of columns, each refused with the name of the field.
public enum WireColumns {
  /// Refuses a column that is shorter or longer than the batch has rows.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public static func length(_ count: Int, _ expected: Int, _ field: String) throws(RPCError) {
    guard count != expected else { return }
    throw RPCError(
      .invalidArgument, field: field, reason: "column_length",
      "\(field) must hold \(expected) entries and holds \(count)")
  }

  /// Refuses more rows than a batch may hold.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field.
  public static func rows(_ count: Int, limit: Int, _ field: String) throws(RPCError) {
    guard count > limit else { return }
    throw RPCError(
      .invalidArgument, field: field, reason: "too_many",
      "\(field) may hold \(limit) rows and holds \(count)")
  }

  /// Refuses a column of another length, or with an index beyond its dictionary.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field and the row.
  public static func indices(
    _ column: [UInt32], rows: Int, dictionary: Int, _ field: String
  ) throws(RPCError) {
    try length(column.count, rows, field)
    for (row, index) in column.enumerated() where Int(index) >= dictionary {
      throw RPCError(
        .invalidArgument, field: "\(field)[\(row)]", reason: "out_of_range",
        "\(field)[\(row)] is \(index), and the dictionary has \(dictionary) entries")
    }
  }

  /// Refuses places of rows that do not rise or lie beyond the rows.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field and the place.
  public static func rising(_ places: [UInt32], below rows: Int, _ field: String) throws(RPCError) {
    var least: UInt32 = 0
    for (place, row) in places.enumerated() {
      guard row >= least, Int(row) < rows else {
        throw RPCError(
          .invalidArgument, field: "\(field)[\(place)]", reason: "out_of_order",
          "\(field)[\(place)] is \(row); rows must rise and be below \(rows)")
      }
      least = row + 1
    }
  }

  /// Refuses a column of another length, or with an entry that is infinite or none.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field and the row.
  public static func finite(
    _ column: [Double], rows: Int, _ field: String
  ) throws(RPCError) {
    try length(column.count, rows, field)
    for (row, value) in column.enumerated() where !value.isFinite {
      throw RPCError(
        .invalidArgument, field: "\(field)[\(row)]", reason: "not_finite",
        "\(field)[\(row)] must be a finite number")
    }
  }

  /// Refuses a column of another length, or with an entry that is not finite or below zero.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field and the row.
  public static func notNegative(
    _ column: [Double], rows: Int, _ field: String
  ) throws(RPCError) {
    try finite(column, rows: rows, field)
    for (row, value) in column.enumerated() where value < 0 {
      throw RPCError(
        .invalidArgument, field: "\(field)[\(row)]", reason: "negative",
        "\(field)[\(row)] must not be below zero")
    }
  }

  /// Refuses a column of another length, or with an infinite entry; missing ones are NaN.
  ///
  /// - Throws: INVALID_ARGUMENT that names the field and the row.
  public static func finiteOrMissing(
    _ column: [Double], rows: Int, _ field: String
  ) throws(RPCError) {
    try length(column.count, rows, field)
    for (row, value) in column.enumerated() where value.isInfinite {
      throw RPCError(
        .invalidArgument, field: "\(field)[\(row)]", reason: "infinite",
        "\(field)[\(row)] must not be infinite")
    }
  }
}
