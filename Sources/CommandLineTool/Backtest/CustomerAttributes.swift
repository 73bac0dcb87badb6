import JSON
import SeriesModel

/// What is known of customers beside their points, from a file of the backtest.
struct CustomerAttributes: Sendable {
  /// By external id.
  private(set) var customers: [String: Customer] = [:]
  /// The holidays that the same file told.
  private(set) var holidays: BusinessCalendar?

  /// Knows nothing.
  init() {}

  /// Reads a table with the column `customer` or `external_id` and any of `name`, `segment` and
  /// `region`, or an object of JSON with the members `customers` and `holidays`.
  ///
  /// Where no segment is told, customers are compared with those of their region, and where neither
  /// is told of anyone, with nobody.
  init(path: String) throws(CommandError) {
    if path.hasSuffix(".json") {
      try readObject(path)
    } else {
      try readTable(path)
    }
  }

  private mutating func add(
    _ id: String, name: String, segment: String, region: String, at place: String
  ) throws(CommandError) {
    guard !id.isEmpty else { throw CommandError("\(place): names no customer") }
    guard customers[id] == nil else {
      throw CommandError("\(place): the customer \"\(id)\" stands twice")
    }
    customers[id] = Customer(
      id: CustomerID(high: 0, low: 0), externalID: id, name: name,
      segment: segment, region: region)
  }

  private mutating func readTable(_ path: String) throws(CommandError) {
    var reader = RecordReader(try ByteSource(path: path))
    var columns: [String: Int] = [:]
    while let record = try reader.next() {
      switch record {
      case .fault(let line, let reason): throw CommandError("\(path):\(line): \(reason)")
      case .fields(let line, let fields):
        guard !columns.isEmpty else {
          for (place, name) in fields.enumerated() { columns[name] = place }
          if columns["customer"] == nil, columns["external_id"] == nil {
            throw CommandError("\(path):\(line): the column \"customer\" is missing")
          }
          continue
        }
        func text(_ column: String) -> String {
          columns[column].flatMap { $0 < fields.count ? fields[$0] : nil } ?? ""
        }
        let id = columns["customer"] == nil ? text("external_id") : text("customer")
        try add(
          id, name: text("name"), segment: text("segment"), region: text("region"),
          at: "\(path):\(line)")
      }
    }
  }

  private mutating func readObject(_ path: String) throws(CommandError) {
    let object = try BacktestJSON.object(path)
    guard let list = object["customers"]?.arrayValue else {
      throw CommandError("\(path): has no list \"customers\"")
    }
    for (place, entry) in list.enumerated() {
      try add(
        entry["customer"]?.stringValue ?? "", name: entry["name"]?.stringValue ?? "",
        segment: entry["segment"]?.stringValue ?? "", region: entry["region"]?.stringValue ?? "",
        at: "\(path): customers[\(place)]")
    }
    if object["holidays"] != nil { holidays = try HolidayFile.calendar(object, path) }
  }
}

/// The file of holidays and known events.
enum HolidayFile {
  /// Reads a table that `tidemark calendar import` takes, or an object of JSON whose member
  /// `holidays`, or which itself, has a list of dates for each region.
  static func calendar(path: String) throws(CommandError) -> BusinessCalendar {
    if path.hasSuffix(".json") { return try calendar(try BacktestJSON.object(path), path) }
    return BusinessCalendar(try CalendarTableFile.entries(path: path))
  }

  /// The holidays of an object of JSON.
  static func calendar(
    _ object: JSONValue, _ path: String
  ) throws(CommandError) -> BusinessCalendar {
    var entries: [CalendarEntry] = []
    let regions = (object["holidays"] ?? object).objectValue ?? JSONObject()
    for region in regions.members {
      for entry in region.value.arrayValue ?? [] {
        guard let date = CivilDate(entry.stringValue ?? "") else {
          throw CommandError(
            "\(path): a holiday of \"\(region.key)\" is no date such as \"2013-02-08\"")
        }
        entries.append(CalendarEntry(holiday: date, region: region.key))
      }
    }
    return BusinessCalendar(entries)
  }
}

/// Objects of JSON from the files of the backtest.
enum BacktestJSON {
  /// A whole file as one object.
  static func object(_ path: String) throws(CommandError) -> JSONValue {
    let text = try SmallFiles.text(path)
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: text)
    } catch {
      throw CommandError("\(path): \(error)")
    }
    guard value.objectValue != nil else { throw CommandError("\(path): is no JSON object") }
    return value
  }
}
