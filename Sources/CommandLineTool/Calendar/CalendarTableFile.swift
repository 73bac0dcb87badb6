import SeriesModel

/// A file of the calendar as comma-separated values.
enum CalendarTableFile {
  /// The columns beside `date`, for help.
  static let optional = [
    "region", "name", "through", "segment", "customer", "metric", "kind", "expect", "tolerance",
    "id",
  ]

  /// Reads entries; a file with a fault is refused whole, by line.
  ///
  /// A row without a kind is a holiday. A day is a holiday once, however many names it has: of rows
  /// without an id the first one counts.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - region: Of rows that name neither a region nor a segment nor a customer; empty leaves them
  ///     to the whole organisation.
  /// - Returns: The entries in the order of their rows.
  /// - Throws: ``CommandError`` that names the line.
  static func entries(path: String, region: String = "") throws(CommandError) -> [CalendarEntry] {
    var table = try TableFile(path: path, needed: ["date"], optional: optional)
    var entries: [CalendarEntry] = []
    var lines: [String: Int] = [:]
    while let row = try table.next() {
      switch row {
      case .fault(let line, let reason): throw CommandError("\(path):\(line): \(reason)")
      case .values(let line, let values):
        let entry = try entry(values, region, at: "\(path):\(line)")
        if let known = lines[entry.id] {
          if values.text("id").isEmpty, entry.kind == .holiday { continue }
          throw CommandError(
            "\(path):\(line): \"\(entry.id)\" stands in line \(known) already; the column id tells"
              + " entries apart")
        }
        lines[entry.id] = line
        entries.append(entry)
      }
    }
    return entries
  }

  private static func entry(
    _ values: TableRow, _ region: String, at place: String
  ) throws(CommandError) -> CalendarEntry {
    let (segment, customer) = (values.text("segment"), values.text("customer"))
    var own = values.text("region")
    if own.isEmpty, segment.isEmpty, customer.isEmpty { own = region }
    let word = values.text("kind")
    let kind = try word.isEmpty ? .holiday : CalendarWords.kind(word, at: place)
    let scope = try CalendarWords.scope(
      region: own, segment: segment, customer: customer, at: place)
    let (metric, from, id) = (values.text("metric"), values.text("date"), values.text("id"))
    return CalendarEntry(
      id: id.isEmpty ? CalendarWords.id(kind, scope, metric, from) : id, kind: kind,
      name: values.text("name"), scope: scope, metric: metric,
      span: try CalendarWords.span(from: from, through: values.text("through"), at: place),
      change: try CalendarWords.change(
        expect: values.text("expect"), tolerance: values.text("tolerance"), at: place))
  }
}
