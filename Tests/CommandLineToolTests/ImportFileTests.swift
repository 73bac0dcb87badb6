import Glibc
import RPC
import SeriesModel
import Testing

@testable import CommandLineTool

@Suite("Files of comma-separated values")
struct RecordReaderTests {
  @Test(
    "records are read as RFC 4180 has them",
    arguments: [
      ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
      ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
      ("\"a,b\",c\n", [["a,b", "c"]]),
      ("\"say \"\"hi\"\"\",\n", [["say \"hi\"", ""]]),
      ("\"two\nlines\",x\n", [["two\nlines", "x"]]),
      ("\u{FEFF}a,b\n", [["a", "b"]]),
      ("a\n\n\r\nb\n", [["a"], ["b"]]),
      ("\"\"\n", [[""]]),
      (",\n", [["", ""]]),
      ("", []),
    ])
  func records(text: String, expected: [[String]]) throws {
    let records = try read(text)
    #expect(
      records.map { record -> [String] in
        guard case .fields(_, let fields) = record else { return ["fault"] }
        return fields
      } == expected)
  }

  @Test func `a broken record is told by its line, and the next one is read`() throws {
    let records = try read("a,b\n1,\"x\"y\n3,4\n")
    #expect(
      records == [
        .fields(line: 1, ["a", "b"]),
        .fault(line: 2, "something follows a closing quotation mark"),
        .fields(line: 3, ["3", "4"]),
      ])
  }

  @Test func `the line of a record after one of two lines is right`() throws {
    #expect(try read("\"a\nb\"\nc\n").last == .fields(line: 3, ["c"]))
  }

  @Test func `a quotation mark that is never closed is told`() throws {
    #expect(try read("a\n\"b\n") == [.fields(line: 1, ["a"]), .fault(line: 2, unclosed)])
  }

  @Test func `bytes that are no UTF-8 and NUL are told by field`() throws {
    let records = try read(bytes: Array("a,".utf8) + [0xFF, 0x0A] + Array("b,c\0\n".utf8))
    #expect(
      records == [
        .fault(line: 1, "field 2 is not UTF-8"), .fault(line: 2, "field 2 holds a NUL byte"),
      ])
  }

  @Test func `a record without an end does not fill the memory`() throws {
    let long = String(repeating: "x", count: RecordReader.recordBytesLimit + 1)
    let records = try read("\"" + long + "\na,b\n")
    guard case .fault(let line, let reason) = try #require(records.first) else {
      Issue.record("the long record was taken")
      return
    }
    #expect(line == 1 && reason.contains("longer than"))
    #expect(records.last == .fields(line: 2, ["a", "b"]))
  }

  private let unclosed = "a quotation mark is not closed"
}

@Suite("Files of points")
struct PointFileTests {
  @Test func `a day and a week become buckets by the metric's granularity`() throws {
    let rows = try points(
      "customer,metric,date,value\nEV,daily,2013-02-08,12\nEV,weekly,2013-02-08,-0.5\n")
    #expect(
      rows == [
        .point(
          FilePoint(
            line: 2, customer: "EV", metric: "daily", moment: .bucket(15_744), value: 12)),
        .point(
          FilePoint(
            line: 3, customer: "EV", metric: "weekly", moment: .bucket(2_249), value: -0.5)),
      ])
  }

  @Test func `a negative count is refused by line, and what may be negative is taken`() throws {
    try withFolder { folder in
      let path = try folder.file(
        "points.csv",
        "customer,metric,date,value\nEV,calls,2013-02-08,-3\nEV,margin,2013-02-08,-3\n"
          + "EV,calls,2013-02-09,-0\n")
      var file = try PointFile(path: path, isCount: { $0 == "calls" }, granularityOf: { _ in .day })
      let first = try file.next()
      guard case .fault(let line, let reason) = first else {
        Issue.record("\(first as Any) was taken")
        return
      }
      #expect(line == 2)
      #expect(reason.hasPrefix("value -3.0 is negative, and \"calls\" is a count"))
      for _ in 0..<2 {
        guard case .point = try file.next() else {
          Issue.record("a row that is right was refused")
          return
        }
      }
    }
  }

  @Test(
    "a bad row is refused by line and reason, and the others are read",
    arguments: [
      ("EV,daily,2013-02-30,1", "date \"2013-02-30\""),
      ("EV,daily,yesterday,1", "date \"yesterday\""),
      ("EV,daily,2013-02-08,many", "value \"many\" is no number"),
      ("EV,daily,2013-02-08,nan", "value is not finite"),
      ("EV,daily,2013-02-08,1e999", "value is not finite"),
      (
        "EV,nothing,2013-02-08,1",
        "metric \"nothing\" is not known; --metrics brings a file of them"
      ),
      ("EV,hourly,2013-02-08,1", "need a time"),
      (",daily,2013-02-08,1", "customer is empty"),
      ("EV,,2013-02-08,1", "metric is empty"),
      ("EV,daily,2013-02-08", "has 3 fields where the first line names 4"),
    ])
  func badRow(row: String, reason: String) throws {
    let rows = try points("customer,metric,date,value\n\(row)\nEV,daily,2013-02-08,1\n")
    guard case .fault(let line, let told) = try #require(rows.first) else {
      Issue.record("\(row) was taken")
      return
    }
    #expect(line == 2)
    #expect(told.contains(reason), "\(told)")
    #expect(rows.count == 2)
  }

  @Test(
    "a head that cannot be right refuses the file by name",
    arguments: [
      ("", "is empty"), ("customer,metric,value\n", "\"date\" and \"time\""),
      ("customer,metric,date,time,value\n", "\"date\" and \"time\""),
      ("customer,metric,date\n", "\"value\" is missing"),
      ("customer,metric,date,value,mood\n", "no column \"mood\""),
      ("customer,metric,date,value,value\n", "stands twice"),
    ])
  func badHead(text: String, reason: String) throws {
    let error = #expect(throws: CommandError.self) { try points(text) }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    #expect(error?.description.contains("points.csv") == true)
  }

  @Test func `a file that is not there is named`() {
    let error = #expect(throws: CommandError.self) {
      _ = try PointFile(path: "/nowhere/points.csv") { _ in .day }
    }
    #expect(error?.description == "/nowhere/points.csv: No such file or directory")
  }

  @Test func `lines of JSON are read, and a broken one is told`() throws {
    let text = """
      {"customer": "EV", "metric": "hourly", "time": "2013-02-08T13:05:00Z", "value": 3}

      {"customer": "EV"
      {"customer": "EV", "metric": "daily", "date": "2013-02-08", "value": "3"}
      {"customer": "EV", "metric": "daily", "date": "2013-02-08", "value": 3, "mood": 1}
      [1]
      """
    let rows = try points(text, name: "points.ndjson")
    #expect(rows.count == 5)
    #expect(
      rows.first
        == .point(
          FilePoint(
            line: 1, customer: "EV", metric: "hourly",
            moment: .instant(1_360_328_700_000_000), value: 3)))
    let lines = rows.dropFirst().map { row -> Int in
      guard case .fault(let line, _) = row else { return 0 }
      return line
    }
    #expect(lines == [3, 4, 5, 6])
  }

  @Test(
    "instants are read with fractions and offsets, to the microsecond",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.5Z", 500_000),
      ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T23:59:59.999999Z", -1),
      ("1970-01-01T00:00:00-00:30", 1_800_000_000),
    ] as [(String, Int64)])
  func instants(text: String, micros: Int64) {
    #expect(unixMicroseconds(ofInternetTime: text) == micros)
  }

  @Test(
    "what is no instant is none",
    arguments: [
      "", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-01-01T24:00:00Z",
      "1970-13-01T00:00:00Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00+1:00",
      "1970-01-01T00:00:00ZZ",
    ])
  func notInstants(text: String) {
    #expect(unixMicroseconds(ofInternetTime: text) == nil)
  }
}

@Suite("Files of the catalogue")
struct CatalogueFileTests {
  @Test func `a metric's dimensions are sorted by name`() {
    let series = CatalogueFiles.series("calls{region=eu,app=web}")
    #expect(series?.0 == "calls")
    #expect(series?.1.map(\.name) == ["app", "region"])
  }

  @Test("what is no metric is none", arguments: ["", "{a=b}", "calls{a}", "calls{a=b", "c{=b}"])
  func notMetrics(text: String) {
    #expect(CatalogueFiles.series(text) == nil)
  }

  @Test(
    "a bad metric refuses the file by line and column",
    arguments: [
      ("calls,year,count,up", "granularity"), ("calls,day,apples,up", "kind"),
      ("calls,day,count,sideways", "polarity"), ("calls{,day,count,up", "written name"),
    ])
  func badMetric(row: String, column: String) throws {
    let error = #expect(throws: CommandError.self) {
      try withFile("metric,granularity,kind,polarity\n\(row)\n", name: "metrics.csv") {
        _ = try CatalogueFiles.metrics(path: $0)
      }
    }
    #expect(error?.description.contains("metrics.csv:2") == true)
    #expect(error?.description.contains(column) == true)
  }
}

private func withFile<Result>(
  _ text: String, name: String, _ body: (String) throws -> Result
) throws -> Result {
  try withFile(bytes: Array(text.utf8), name: name, body)
}

private func withFile<Result>(
  bytes: [UInt8], name: String, _ body: (String) throws -> Result
) throws -> Result {
  var template = Array("/tmp/tidemark-import-XXXXXX\0".utf8CString)
  let folder = String(cString: try #require(mkdtemp(&template)))
  let path = "\(folder)/\(name)"
  defer { rmdir(folder) }
  defer { unlink(path) }
  let file = open(path, O_WRONLY | O_CREAT, 0o600)
  try #require(write(file, bytes, bytes.count) == bytes.count)
  close(file)
  return try body(path)
}

private func read(_ text: String) throws -> [FileRecord] { try read(bytes: Array(text.utf8)) }

private func read(bytes: [UInt8]) throws -> [FileRecord] {
  try withFile(bytes: bytes, name: "table.csv") { path in
    var reader = RecordReader(try ByteSource(path: path))
    var records: [FileRecord] = []
    while let record = try reader.next() { records.append(record) }
    return records
  }
}

@discardableResult
private func points(_ text: String, name: String = "points.csv") throws -> [PointFile.Row] {
  try withFile(text, name: name) { path in
    var file = try PointFile(path: path) { metric in
      ["daily": .day, "weekly": .week, "hourly": .hour][metric]
    }
    var rows: [PointFile.Row] = []
    while let row = try file.next() { rows.append(row) }
    return rows
  }
}
