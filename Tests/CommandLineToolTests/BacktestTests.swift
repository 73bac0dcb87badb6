import Glibc
import SeriesModel
import Testing

@testable import CommandLineTool

@Suite("Backtest")
struct BacktestTests {
  @Test func `a fall is one row with its series, type and day`() async throws {
    try await withFolder { folder in
      let detections = try await folder.detections(Sample.rows())
      let rows = detections.split(separator: "\n").map { $0.split(separator: ",") }
      #expect(rows.first?.joined(separator: ",") == DetectionFile.head)
      let found = rows.dropFirst().filter { $0[0] == "c3/api_calls" }
      try #require(found.count == 1)
      #expect(found[0][1] == "2023-04-12")
      #expect(found[0][3] == "drop")
      #expect(["info", "warning", "critical"].contains(found[0][4]))
      #expect(try #require(Double(found[0][5])) > 1)
      #expect(found[0][6] == "2023-04-12")
    }
  }

  @Test func `several scales are judged in one walk, each as it would be alone`() async throws {
    try await withFolder { folder in
      let text = "customer,metric,date,value\n" + Sample.rows().map { $0.text + "\n" }.joined()
      let (code, screen) = try await folder.run(text: text, ["--sensitivity"])
      #expect(code == 0, "\(screen.aside)")
      let lines = screen.output.split(separator: "\n").map {
        $0.split(separator: " ").map(String.init)
      }
      let rows = lines.filter { $0.count > 5 && Double($0[0]) != nil }
      #expect(rows.map(\.[0]) == ["0.8", "0.9", "1.0", "1.1", "1.25", "1.5", "2.0"])
      let counts = try rows.map { try #require(Int($0[1])) }
      #expect(counts == counts.sorted(by: >))
      let nominal = try SmallFiles.text(folder.out).split(separator: "\n").count - 1
      #expect(counts[2] == nominal)
      #expect(rows[2][4...5] == ["0", "0"])
    }
  }

  @Test func `a backtest of which nobody would see anything is refused`() async throws {
    try await withFolder { folder in
      let points = try folder.file("points.csv", "customer,metric,date,value\na,b,2023-01-02,1\n")
      let screen = Screen()
      let code = await CommandLineMain.run(
        ["backtest", "--points", points], environment: [:], terminal: screen.terminal)
      #expect(code == 2, "\(screen.aside)")
    }
  }

  @Test("the same bytes for any number of threads", arguments: [2, 3, 16])
  func threads(count: Int) async throws {
    try await withFolder { folder in
      let one = try await folder.detections(Sample.rows(), "--threads", "1")
      let many = try await folder.detections(Sample.rows(), "--threads", "\(count)")
      #expect(one.split(separator: "\n").count > 1)
      #expect(many == one)
    }
  }

  @Test func `the same bytes for any order of the rows`() async throws {
    try await withFolder { folder in
      let rows = Sample.rows()
      let ordered = try await folder.detections(rows)
      // Day by day through all series: each one still goes forward in time.
      let byDay = rows.sorted { $0.day < $1.day }
      #expect(try await folder.detections(byDay) == ordered)
      var state: UInt64 = 7
      var shuffled = rows
      for place in shuffled.indices.reversed() {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        shuffled.swapAt(place, Int(state >> 33) % (place + 1))
      }
      #expect(try await folder.detections(shuffled, "--unordered") == ordered)
    }
  }

  @Test func `a file by series_id and instants gives the moments of its hours`() async throws {
    try await withFolder { folder in
      var text = "value,timestamp,series_id\n"
      for hour in 0..<24 * 28 {
        let isGap = (24 * 25 + 9..<24 * 25 + 14).contains(hour)
        let date = CivilDate(dayIndex: 19_359 + hour / 24)
        let value = isGap ? 0 : 400 + (hour * 37) % 23 + 200 * (hour % 24 / 12)
        text += "\(value),\(date)T\(hour % 24 < 10 ? "0" : "")\(hour % 24):00:00,h1/logins\n"
      }
      let found = try await folder.detections(text: text, "--granularity", "hour")
      let rows = found.split(separator: "\n").dropFirst()
      #expect(rows.first?.hasPrefix("h1/logins,2023-01-27T09:00:00,") == true, "\(found)")
    }
  }

  @Test(
    "what is wrong with a file is told with its line",
    arguments: [
      ("", [], "is empty"),
      ("customer,metric,date\n", [], "the column \"value\" is missing"),
      ("customer,date,value\n", [], "\"series_id\", are missing"),
      ("customer,metric,value\n", [], "\"timestamp\" is missing"),
      ("customer,metric,date,value\n", [], "holds no point"),
      ("customer,metric,date,value\na,b,2023-01-02,1,9\n", [], "points.csv:2: has 5 fields"),
      ("customer,metric,date,value\na,b,2023-01-02,many\n", [], "\"many\" is no number"),
      ("customer,metric,date,value\na,b,2023-01-02,\n", [], "\"\" is no number"),
      ("customer,metric,date,value\na,b,2023-01-02,nan\n", [], "points.csv:2: value \"nan\""),
      ("customer,metric,date,value\na,b,2023-01-02,1e999\n", [], "is not finite"),
      ("customer,metric,date,value\na,b,2023-02-30,1\n", [], "\"2023-02-30\" is no moment"),
      ("customer,metric,date,value\n\na,\"b,2023-01-02,1\n", [], ":3: a quotation mark"),
      (
        "customer,metric,date,value\na,b,2023-01-02,1\na,b,2023-01-02,1\n", [],
        "points.csv:3: a/b has a second value for the day 2023-01-02"
      ),
      (
        "customer,metric,date,value\na,b,2023-01-03,1\na,b,2023-01-02,1\n", [],
        "points.csv:3: a/b goes back in time to 2023-01-02"
      ),
      (
        "customer,metric,date,value\na,b,2023-01-02,1\n", ["--granularity", "hour"],
        "is no moment for the granularity hour"
      ),
      (
        "customer,metric,date,value\na,b,2023-01-02,1\n", ["--granularity", "month"],
        "must be day, hour, week or 5min"
      ),
      (
        "customer,metric,date,value\na,b,2023-01-02,1\n", ["--customers", "/nowhere.json"],
        "/nowhere.json"
      ),
    ] as [(String, [String], String)])
  func faults(text: String, flags: [String], reason: String) async throws {
    try await withFolder { folder in
      let (code, screen) = try await folder.run(text: text, flags)
      #expect(code != 0)
      #expect(screen.aside.contains(reason), "\(screen.aside)")
      #expect(!SmallFiles.exists(folder.out))
    }
  }

  @Test func `a file that is not there is named`() async {
    let screen = Screen()
    let code = await CommandLineMain.run(
      ["backtest", "--points", "/nowhere.csv", "--out", "/tmp/none"], environment: [:],
      terminal: screen.terminal)
    #expect(code == 1)
    #expect(screen.aside.contains("/nowhere.csv"))
  }

  @Test func `customers come as a table or as JSON, with holidays`() throws {
    try withFolder { folder in
      let table = try folder.file("c.csv", "customer,region,size\na,EU,3\nb,US,\n")
      let read = try CustomerAttributes(path: table)
      #expect(read.customers["a"]?.region == "EU")
      #expect(read.customers["a"]?.segment == "")
      #expect(read.holidays == nil)
      let object = try folder.file(
        "meta.json",
        #"{"customers": [{"customer": "a", "region": "EU", "segment": "s"}],"#
          + #" "holidays": {"EU": ["2023-05-01"]}}"#)
      let meta = try CustomerAttributes(path: object)
      #expect(meta.customers["a"]?.segment == "s")
      let day = try #require(CivilDate(year: 2023, month: 5, day: 1))
      let bucket = Bucket(.day, Int32(day.dayIndex))
      #expect(meta.holidays?.isHoliday(bucket, region: "EU") == true)
      #expect(meta.holidays?.isHoliday(bucket, region: "US") == false)
      let twice = try folder.file("twice.csv", "customer\na\na\n")
      #expect(throws: CommandError.self) { _ = try CustomerAttributes(path: twice) }
      let bad = try folder.file("holidays.csv", "region,date\nEU,1 May\n")
      #expect(throws: CommandError.self) { _ = try HolidayFile.calendar(path: bad) }
    }
  }

  @Test func `a known event is no alarm for whom it holds, and one for everybody else`()
    async throws
  {
    try await withFolder { folder in
      let event = "date,through,customer,metric,kind,name\n2023-04-12,2023-04-14,c3,"
      let own = try folder.file("own.csv", event + "api_calls,migration,Move\n")
      let other = try folder.file("other.csv", event + "logins,migration,Move\n")
      func fell(_ calendar: String) async throws -> Bool {
        try await folder.detections(Sample.rows(), "--holidays", calendar)
          .contains("c3/api_calls,2023-04-12,")
      }
      #expect(try await fell(other))
      #expect(try await !fell(own))
    }
  }

  @Test func `a catalogue tells what names do not`() async throws {
    try await withFolder { folder in
      let catalogue = try folder.file(
        "metrics.csv",
        "metric,granularity,kind\napi_calls,day,gauge\nlogins,day,count\nhealth_score,day,gauge\n")
      let row = "c3/api_calls,2023-04-12,"
      #expect(try await folder.detections(Sample.rows()).contains(row))
      // A level has no weekends, so that a fall to what they are like says nothing.
      #expect(
        try await !folder.detections(Sample.rows(), "--metrics", catalogue).contains(row))
    }
  }

  @Test func `only customers that are told of are compared with each other`() async throws {
    try await withFolder { folder in
      let head = "customer,metric,date,value\n"
      let text =
        head
        + (1...14).map { Sample.text(customer: $0, falls: 100..<102) }.joined()
      let names = (1...14).map { "c\($0),EU\n" }.joined()
      let alone = try await folder.detections(text: text)
      #expect(alone.contains("c7/api_calls,2023-04-12,"))
      #expect(!alone.contains("platform_outage"))
      let bare = try folder.file("bare.csv", "customer,region\n" + names.replacing("EU", with: ""))
      #expect(
        try await folder.detections(text: text, "--customers", bare)
          .contains(",platform_outage,"))
      let regions = try folder.file("regions.csv", "customer,region\n" + names)
      let compared = try await folder.detections(text: text, "--customers", regions)
      #expect(compared.contains(",platform_outage,"))
      #expect(!compared.contains("c7/api_calls,2023-04-12,"))
    }
  }

  @Test(
    "several values in one bucket are averaged by 5 minutes, added up when told so",
    arguments: [(RepeatedValues.usual(.fiveMinutes), 4.0), (.sum, 12), (.mean, 4)])
  func repeated(_ repeated: RepeatedValues, expected: Double) throws {
    try withFolder { folder in
      let head = "customer,metric,timestamp,value\n"
      let path = try folder.file(
        "points.csv",
        head + "a,b,2023-01-02T00:00:10,7\na,b,2023-01-02T00:02:00,2\na,b,2023-01-02T00:04:59,3\n")
      let rows = try PointRows(path: path, granularity: .fiveMinutes)
      let history = try History(
        rows, path: path, granularity: .fiveMinutes, attributes: [:], catalogue: [:],
        isUnordered: false, repeated: repeated)
      #expect(history.buckets.count == 1)
      #expect(history.value(0, history.buckets.lowerBound) == expected)
      #expect(RepeatedValues.usual(.day) == .refuse)
      #expect(RepeatedValues.usual(.hour) == .refuse)
    }
  }
}

/// Seven customers by day; the third falls to a tenth for three days.
private enum Sample {
  /// The rows of one customer that falls to a tenth on some days.
  static func text(customer: Int, falls: Range<Int>) -> String {
    (0..<120).map { day in
      let noise = (day * 37 + customer * 101) % 17 - 8
      let level = day % 7 < 5 ? 200 + noise : 80 + noise / 2
      let value = falls.contains(day) ? level / 10 : level
      return "c\(customer),api_calls,\(CivilDate(dayIndex: 19_359 + day)),\(value)\n"
    }.joined()
  }

  struct Row {
    let day: Int
    let text: String
  }

  static func rows() -> [Row] {
    var rows: [Row] = []
    for customer in 1...7 {
      for metric in ["api_calls", "logins", "health_score"] {
        for day in 0..<120 {
          let falls = customer == 3 && metric == "api_calls" && (100..<103).contains(day)
          let noise = (day * 37 + customer * 101 + metric.utf8.count * 13) % 17 - 8
          let level = day % 7 < 5 ? 200 + noise : 80 + noise / 2
          let date = CivilDate(dayIndex: 19_359 + day)
          rows.append(
            Row(day: day, text: "c\(customer),\(metric),\(date),\(falls ? level / 10 : level)"))
        }
      }
    }
    return rows
  }
}

extension Folder {
  func run(text: String, _ flags: [String]) async throws -> (Int32, Screen) {
    let points = try file("points.csv", text)
    let screen = Screen()
    let code = await CommandLineMain.run(
      ["backtest", "--points", points, "--out", out] + flags, environment: [:],
      terminal: screen.terminal)
    return (code, screen)
  }

  func detections(text: String, _ flags: String...) async throws -> String {
    let (code, screen) = try await run(text: text, flags)
    #expect(code == 0, "\(screen.aside)")
    return try SmallFiles.text(out)
  }

  fileprivate func detections(_ rows: [Sample.Row], _ flags: String...) async throws -> String {
    let text = "customer,metric,date,value\n" + rows.map { $0.text + "\n" }.joined()
    let (code, screen) = try await run(text: text, flags)
    #expect(code == 0, "\(screen.aside)")
    return try SmallFiles.text(out)
  }
}
