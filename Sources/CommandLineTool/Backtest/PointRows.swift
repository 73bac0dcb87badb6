import SeriesModel

/// The rows of a file of points as columns.
struct PointRows: Sendable {
  /// A series as the file names it.
  struct Name: Hashable, Sendable {
    let customer: String
    let metric: String

    /// As detections name it.
    var text: String { "\(customer)/\(metric)" }
  }

  /// The series, in the order of their first rows.
  private(set) var names: [Name] = []
  /// A row's place in ``names``.
  private(set) var series: [Int32] = []
  private(set) var buckets: [Int32] = []
  private(set) var values: [Double] = []
  /// A row's line in the file, from 1.
  private(set) var lines: [Int32] = []

  private let path: String
  let granularity: Granularity
  private var places: [Name: Int32] = [:]
  private var head = Head()
  // The fields that name the series of the row before: rows of one series mostly stand together.
  private var lastCustomer: [UInt8] = []
  private var lastMetric: [UInt8] = []
  private var lastPlace: Int32 = -1

  /// Where the columns stand.
  private struct Head {
    var customer: Int?
    var metric: Int?
    var series: Int?
    var moment = 0
    var value = 0
    var count = 0
  }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: A file with the columns `customer` and `metric`, or `series_id`; `date`, `timestamp`
  ///     or `time`; and `value`. Other columns are passed over.
  ///   - granularity: The length of the buckets that the moments lie in.
  /// - Throws: ``CommandError`` that names the line.
  init(path: String, granularity: Granularity) throws(CommandError) {
    self.path = path
    self.granularity = granularity
    let source = try ByteSource(path: path)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(source.bytesDue))
    while true {
      let piece = try source.next()
      if piece.isEmpty { break }
      bytes += piece
    }
    try bytes.withUnsafeBufferPointer { bytes throws(CommandError) in try read(bytes) }
    if series.isEmpty { throw CommandError("\(path): holds no point") }
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(CommandError) {
    guard let start = bytes.baseAddress else {
      throw CommandError("\(path): is empty; its first line names the columns")
    }
    let file = Field(start: start, count: bytes.count)
    var line: Int32 = 0
    var place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var fields = FieldCutter(file)
    while place < file.count {
      line += 1
      let end = file.place(of: UInt8(ascii: "\n"), from: place) ?? file.count
      let isReturned = end > place && file[end - 1] == UInt8(ascii: "\r")
      let text = Field(start: start + place, count: end - place - (isReturned ? 1 : 0))
      place = end + 1
      if text.count == 0 { continue }
      if let fault = fields.cut(text) { throw CommandError("\(path):\(line): \(fault)") }
      if head.count == 0 {
        try readHead(fields, line)
      } else {
        guard fields.count == head.count else {
          throw CommandError(
            "\(path):\(line): has \(fields.count) fields where the first line names \(head.count)")
        }
        try readRow(fields, line)
      }
    }
    if head.count == 0 { throw CommandError("\(path): is empty; its first line names the columns") }
  }

  private mutating func readHead(_ fields: FieldCutter, _ line: Int32) throws(CommandError) {
    let names = (0..<fields.count).map { fields[$0].text }
    head.customer = names.firstIndex(of: "customer")
    head.metric = names.firstIndex(of: "metric")
    head.series = names.firstIndex(of: "series_id")
    head.count = names.count
    guard head.series != nil || (head.customer != nil && head.metric != nil) else {
      throw CommandError(
        "\(path):\(line): the columns \"customer\" and \"metric\", or \"series_id\", are missing")
    }
    guard let moment = ["date", "timestamp", "time"].compactMap({ names.firstIndex(of: $0) }).first
    else {
      throw CommandError("\(path):\(line): the column \"date\" or \"timestamp\" is missing")
    }
    guard let value = names.firstIndex(of: "value") else {
      throw CommandError("\(path):\(line): the column \"value\" is missing")
    }
    head.moment = moment
    head.value = value
  }

  private mutating func readRow(_ fields: FieldCutter, _ line: Int32) throws(CommandError) {
    guard let bucket = bucket(fields[head.moment], granularity) else {
      throw CommandError(
        "\(path):\(line): \"\(fields[head.moment].text)\" is no moment for the granularity"
          + " \(granularity.name): 2013-02-08 is a day or week, 2013-02-08T13:05:00 any")
    }
    guard let value = number(fields[head.value]) else {
      throw CommandError("\(path):\(line): value \"\(fields[head.value].text)\" is no number")
    }
    guard value.isFinite else {
      throw CommandError("\(path):\(line): value \"\(fields[head.value].text)\" is not finite")
    }
    series.append(try place(fields, line))
    buckets.append(bucket)
    values.append(value)
    lines.append(line)
  }

  private mutating func place(_ fields: FieldCutter, _ line: Int32) throws(CommandError) -> Int32 {
    let first = head.customer ?? head.series ?? 0
    let second = head.customer == nil ? first : head.metric ?? first
    let (customer, metric) = (fields[first], fields[second])
    if lastPlace >= 0, metric.equals(lastMetric), customer.equals(lastCustomer) {
      return lastPlace
    }
    let name = try name(fields, line)
    if let known = places[name] {
      lastPlace = known
    } else {
      lastPlace = Int32(names.count)
      places[name] = lastPlace
      names.append(name)
    }
    lastCustomer = customer.bytes
    lastMetric = metric.bytes
    return lastPlace
  }

  private func name(_ fields: FieldCutter, _ line: Int32) throws(CommandError) -> Name {
    let name: Name
    if let customer = head.customer, let metric = head.metric {
      name = Name(customer: fields[customer].text, metric: fields[metric].text)
    } else {
      let text = fields[head.series ?? 0].text
      let slash = text.firstIndex(of: "/") ?? text.endIndex
      name = Name(
        customer: String(text[..<slash]),
        metric: slash == text.endIndex ? "" : String(text[text.index(after: slash)...]))
    }
    guard !name.customer.isEmpty, !name.metric.isEmpty else {
      throw CommandError("\(path):\(line): names no customer or no metric")
    }
    guard fields.isText else { throw CommandError("\(path):\(line): is not UTF-8") }
    return name
  }
}
