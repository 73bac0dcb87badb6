import JSON
import SeriesModel

/// One point of a file.
struct FilePoint: Equatable {
  /// When it was.
  enum Moment: Equatable {
    /// Within the bucket of that index.
    case bucket(Int32)
    /// At that instant, in microseconds since 1970.
    case instant(Int64)
  }

  let line: Int
  let customer: String
  let metric: String
  let moment: Moment
  let value: Double
}

/// A file of points: comma-separated with the columns customer, metric, date or time, value; or one
/// JSON object a line with members of those names.
struct PointFile {
  /// One point, or what is wrong with a row.
  enum Row: Equatable {
    case point(FilePoint)
    case fault(line: Int, String)
  }

  private enum Form {
    case table(TableFile)
    case lines(LineReader)
  }

  private var form: Form
  private let granularityOf: (String) -> Granularity?
  private let isCount: (String) -> Bool

  /// The size of the file, or 0 where it has none.
  let bytesDue: Int64

  /// Opens a file; its name tells its form: `.ndjson` and `.jsonl` are lines of JSON.
  ///
  /// A date is a day or week by the granularity of the metric, which the first closure knows; the
  /// second one knows whether its values are counts, of which none is below zero.
  init(
    path: String, isCount: @escaping (String) -> Bool = { _ in false },
    granularityOf: @escaping (String) -> Granularity?
  ) throws(CommandError) {
    self.granularityOf = granularityOf
    self.isCount = isCount
    bytesDue = try ByteSource(path: path).bytesDue
    if path.hasSuffix(".ndjson") || path.hasSuffix(".jsonl") {
      form = .lines(LineReader(try ByteSource(path: path)))
    } else {
      let table = try TableFile(
        path: path, needed: ["customer", "metric", "value"], optional: ["date", "time"])
      guard table.has("date") != table.has("time") else {
        throw CommandError("\(path):1: one of the columns \"date\" and \"time\" must be there")
      }
      form = .table(table)
    }
  }

  /// Bytes of the file that were taken so far.
  var bytesRead: Int64 {
    switch form {
    case .table(let table): table.bytesRead
    case .lines(let lines): lines.bytesRead
    }
  }

  /// The next row, or nil at the end.
  mutating func next() throws(CommandError) -> Row? {
    switch form {
    case .table(var table):
      // Taken out while it is changed: a second owner would copy what was read.
      form = .lines(LineReader.empty)
      defer { form = .table(table) }
      switch try table.next() {
      case nil: return nil
      case .fault(let line, let reason): return .fault(line: line, reason)
      case .values(let line, let values):
        guard let value = Double(values.text("value")) else {
          return .fault(line: line, "value \"\(values.text("value"))\" is no number")
        }
        return point(
          line, customer: values.text("customer"), metric: values.text("metric"),
          date: values.text("date"), time: values.text("time"), value: value)
      }
    case .lines(var lines):
      form = .lines(LineReader.empty)
      defer { form = .lines(lines) }
      guard let (line, bytes) = try lines.next() else { return nil }
      return object(line, bytes)
    }
  }

  private func object(_ line: Int, _ bytes: [UInt8]) -> Row {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      return .fault(line: line, error.description)
    }
    guard let members = value.objectValue else { return .fault(line: line, "is no JSON object") }
    let known: Set = ["customer", "metric", "date", "time", "value"]
    if let unknown = members.keys.first(where: { !known.contains($0) }) {
      return .fault(line: line, "there is no member \"\(unknown)\"")
    }
    guard let number = value["value"]?.doubleValue else {
      return .fault(line: line, "value is no number")
    }
    return point(
      line, customer: value["customer"]?.stringValue ?? "",
      metric: value["metric"]?.stringValue ?? "", date: value["date"]?.stringValue ?? "",
      time: value["time"]?.stringValue ?? "", value: number)
  }

  private func point(
    _ line: Int, customer: String, metric: String, date: String, time: String, value: Double
  ) -> Row {
    guard !customer.isEmpty else { return .fault(line: line, "customer is empty") }
    guard !metric.isEmpty else { return .fault(line: line, "metric is empty") }
    guard value.isFinite else { return .fault(line: line, "value is not finite") }
    guard value >= 0 || !isCount(metric) else {
      return .fault(
        line: line,
        "value \(value) is negative, and \"\(metric)\" is a count; one whose kind is gauge or money"
          + " may be")
    }
    let moment: FilePoint.Moment
    if !time.isEmpty {
      guard let instant = unixMicroseconds(ofInternetTime: time) else {
        return .fault(
          line: line, "time \"\(time)\" is not written like 2013-02-08T13:05:00Z")
      }
      moment = .instant(instant)
    } else {
      guard let granularity = granularityOf(metric) else {
        return .fault(
          line: line, "metric \"\(metric)\" is not known; --metrics brings a file of them")
      }
      guard let day = CivilDate(date) else {
        return .fault(line: line, "date \"\(date)\" is not written like 2013-02-08")
      }
      switch granularity {
      case .day: moment = .bucket(Int32(day.dayIndex))
      case .week: moment = .bucket(Int32(day.weekIndex))
      case .hour, .fiveMinutes:
        return .fault(line: line, "\"\(metric)\" has buckets within a day: its points need a time")
      }
    }
    return .point(
      FilePoint(line: line, customer: customer, metric: metric, moment: moment, value: value))
  }
}

/// Reads lines that end with a line feed; empty ones are passed over.
struct LineReader {
  /// The longest line, in bytes.
  static let lineBytesLimit = 65_536

  /// A reader without anything to read.
  static var empty: LineReader { LineReader(nil) }

  private let source: ByteSource?
  private var rest: ArraySlice<UInt8> = []
  private var line = 0
  private var isAtEnd = false

  /// Reads what a source gives.
  init(_ source: ByteSource?) { self.source = source }

  /// Bytes of the file that were taken so far.
  var bytesRead: Int64 { (source?.bytesRead ?? 0) - Int64(rest.count) }

  /// The next line with its number, or nil at the end; a line that is too long comes cut.
  mutating func next() throws(CommandError) -> (Int, [UInt8])? {
    while true {
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        line += 1
        let found = Array(rest[..<end])
        rest = rest[(end + 1)...]
        if !found.allSatisfy({ $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: " ") }) {
          return (line, found)
        }
        continue
      }
      if isAtEnd {
        guard !rest.isEmpty else { return nil }
        line += 1
        defer { rest = [] }
        return (line, Array(rest))
      }
      let piece = try source?.next() ?? []
      isAtEnd = piece.isEmpty
      rest = ArraySlice(rest.prefix(Self.lineBytesLimit) + piece)
    }
  }
}

/// The instant of a text such as `2013-02-08T13:05:00Z`, with or without a fraction or an offset.
func unixMicroseconds(ofInternetTime text: String) -> Int64? {
  let bytes = Array(text.utf8)
  guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
    bytes[16] == UInt8(ascii: ":"),
    let day = CivilDate(String(decoding: bytes[..<10], as: UTF8.self)),
    let hour = digits(bytes[11..<13]), hour < 24, let minute = digits(bytes[14..<16]), minute < 60,
    let second = digits(bytes[17..<19]), second < 60
  else { return nil }
  var place = 19
  var micros = 0
  if bytes[place] == UInt8(ascii: ".") {
    let fraction = bytes[(place + 1)...].prefix { (48...57).contains($0) }
    guard (1...9).contains(fraction.count) else { return nil }
    let six = (fraction.prefix(6) + Array(repeating: 48, count: 6)).prefix(6)
    micros = digits(ArraySlice(six)) ?? 0
    place += 1 + fraction.count
  }
  guard place < bytes.count else { return nil }
  var offsetMinutes = 0
  let zone = bytes[place...]
  if zone.elementsEqual([UInt8(ascii: "Z")]) {
    offsetMinutes = 0
  } else if zone.count == 6, bytes[place + 3] == UInt8(ascii: ":"),
    let hours = digits(bytes[(place + 1)..<(place + 3)]), hours < 24,
    let minutes = digits(bytes[(place + 4)..<(place + 6)]), minutes < 60,
    bytes[place] == UInt8(ascii: "+") || bytes[place] == UInt8(ascii: "-")
  {
    offsetMinutes = (hours * 60 + minutes) * (bytes[place] == UInt8(ascii: "-") ? -1 : 1)
  } else {
    return nil
  }
  let seconds = day.dayIndex * 86_400 + hour * 3_600 + (minute - offsetMinutes) * 60 + second
  return Int64(seconds) * 1_000_000 + Int64(micros)
}

private func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
  var number = 0
  for byte in bytes {
    guard (48...57).contains(byte) else { return nil }
    number = number * 10 + Int(byte - 48)
  }
  return number
}
