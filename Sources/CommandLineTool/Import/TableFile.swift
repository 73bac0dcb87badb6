/// A file of comma-separated values whose first record names its columns.
struct TableFile {
  /// One row by the names of its columns, or what is wrong with it.
  enum Row {
    /// A row with its line.
    case values(line: Int, TableRow)
    /// A row that cannot be read.
    case fault(line: Int, String)
  }

  private var reader: RecordReader
  private let columns: [String]

  /// Opens a file and reads its head.
  ///
  /// Throws ``CommandError`` when a needed column is missing, or one is not known or stands twice.
  init(path: String, needed: [String], optional: [String]) throws(CommandError) {
    reader = RecordReader(try ByteSource(path: path))
    switch try reader.next() {
    case nil: throw CommandError("\(path): is empty; its first line names the columns")
    case .fault(let line, let reason): throw CommandError("\(path):\(line): \(reason)")
    case .fields(_, let names):
      for (place, name) in names.enumerated() {
        guard needed.contains(name) || optional.contains(name) else {
          let known = (needed + optional).joined(separator: ", ")
          throw CommandError("\(path):1: there is no column \"\(name)\"; there are \(known)")
        }
        if names[..<place].contains(name) {
          throw CommandError("\(path):1: the column \"\(name)\" stands twice")
        }
      }
      for name in needed where !names.contains(name) {
        throw CommandError("\(path):1: the column \"\(name)\" is missing")
      }
      columns = names
    }
  }

  /// Bytes of the file that were taken so far.
  var bytesRead: Int64 { reader.bytesRead }

  /// Whether the head names a column.
  func has(_ column: String) -> Bool { columns.contains(column) }

  /// The next row, or nil at the end.
  mutating func next() throws(CommandError) -> Row? {
    switch try reader.next() {
    case nil: return nil
    case .fault(let line, let reason): return .fault(line: line, reason)
    case .fields(let line, let values):
      guard values.count == columns.count else {
        let reason = "has \(values.count) fields where the first line names \(columns.count)"
        return .fault(line: line, reason)
      }
      return .values(line: line, TableRow(columns: columns, values: values))
    }
  }
}

/// The fields of one row.
struct TableRow {
  fileprivate let columns: [String]
  fileprivate let values: [String]

  /// The text of a column; empty where the file has no such column.
  func text(_ column: String) -> String {
    // A handful of columns: a search is quicker than a dictionary.
    columns.firstIndex(of: column).map { values[$0] } ?? ""
  }

  /// The number of a column; nil where the text is none, 0 where it is empty.
  func number(_ column: String) -> Double? {
    let text = text(column)
    return text.isEmpty ? 0 : Double(text)
  }
}
