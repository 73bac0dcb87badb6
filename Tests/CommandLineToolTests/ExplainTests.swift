import JSON
import SeriesModel
import Testing

@testable import CommandLineTool

@Suite("Explaining")
struct ExplainTests {
  @Test func `what was raised is told with the test that decided`() async throws {
    let lines = try await explain("c3", "api_calls", "2023-04-12")
    #expect(lines[0].hasPrefix("Raised: 90% drop in api calls (critical): 1 day: "), "\(lines[0])")
    #expect(lines.contains { $0.contains("1 day ") && $0.hasSuffix(": FIRED") })
    #expect(lines.contains { $0.contains("opened: drop, critical, from 2023-04-12 to 2023-04-12") })
  }

  @Test func `what was not raised is told with what held it back`() async throws {
    let lines = try await explain("c4", "api_calls", "2023-04-10")
    #expect(lines[0].hasPrefix("Nothing was raised: "), "\(lines[0])")
    #expect(lines[0].contains("Mondays vary ("), "\(lines[0])")
    #expect(lines.contains { $0.contains("not far enough") })
    #expect(lines.contains { $0.contains("not compared with others") })
    #expect(!lines.contains { $0.contains("FIRED") })
  }

  @Test(
    "the first sentence says why nothing could be raised",
    arguments: [
      ("2023-01-08", [], "too young, 6 days learned from"),
      ("2023-01-02", [], "it is the first value of the series"),
      ("2023-04-12", ["--scale", "10"], "Nothing was raised: the drop of "),
      ("2023-04-13", [], "Nothing new was raised: the anomaly since 2023-04-12 "),
    ] as [(String, [String], String)])
  func reasons(date: String, flags: [String], words: String) async throws {
    let lines = try await explain("c3", "api_calls", date, flags)
    #expect(lines[0].contains(words), "\(lines[0])")
  }

  @Test func `a known event, a gap and a platform event are named`() async throws {
    try await withFolder { folder in
      let event = try folder.file(
        "own.csv", "date,customer,metric,kind,name\n2023-04-12,c3,api_calls,migration,Move\n")
      let lines = try await explain(
        "c3", "api_calls", "2023-04-12", ["--holidays", event])
      #expect(lines[0].contains("holiday or part of a known event"), "\(lines[0])")
      #expect(lines.contains("  FAILS  no holiday and no known event"))
    }
    let gap = try await explain("c3", "api_calls", "2023-04-14", without: "2023-04-14")
    #expect(gap[0].contains("there is no value for this day"), "\(gap[0])")
    try await withFolder { folder in
      let regions = try folder.file(
        "regions.csv", "customer,region\n" + (1...14).map { "c\($0),EU\n" }.joined())
      let lines = try await explain(
        "c2", "api_calls", "2023-04-12", ["--customers", regions], everybodyFalls: true)
      #expect(lines[0].contains("the whole cohort was down"), "\(lines[0])")
      let cohort = "all customers, 14 members: a platform event since 2023-04-12"
      #expect(lines.contains { $0.contains(cohort) })
    }
  }

  @Test("the record is the same bytes for any number of threads", arguments: [1, 2, 5])
  func bytes(threads: Int) async throws {
    let one = try await explain("c3", "api_calls", "2023-04-12", ["--json", "--threads", "1"])
    let many = try await explain(
      "c3", "api_calls", "2023-04-12", ["--json", "--threads", "\(threads)"])
    #expect(one == many)
    let value = try JSONValue(parsing: one.joined(separator: "\n"))
    #expect(value["record"]?["finding"]?["kind"]?.stringValue == "drop")
    #expect(value["record"]?["evidence_hash"]?.stringValue?.count == 16)
    #expect(value["record"]?["trials"]?.arrayValue?.count ?? 0 >= 8)
    #expect(value["merge"]?[0]?["outcome"]?.stringValue == "opened")
  }

  @Test("a record is made again from the same points, and not from others", arguments: [1, 1.5])
  func replayed(scale: Double) async throws {
    let flags = ["--json", "--scale", "\(scale)"]
    let record = try await explain("c3", "api_calls", "2023-04-12", flags)
    try await withFolder { folder in
      let path = try folder.file("record.json", record.joined(separator: "\n"))
      let points = try folder.file("points.csv", text(customers: 1...4))
      let others = try folder.file("others.csv", text(customers: 1...4, without: "2023-02-01"))
      for (file, expected) in [(points, "the same decision"), (others, "another decision")] {
        let screen = Screen()
        let code = await CommandLineMain.run(
          ["replay", path, "--points", file], environment: [:], terminal: screen.terminal)
        #expect(code == (file == points ? 0 : 1), "\(screen.aside)")
        #expect(screen.output.hasPrefix(expected), "\(screen.output)")
        #expect(screen.output.contains("input_hash: was") == (file == others))
      }
    }
  }

  @Test(
    "what cannot be explained is told",
    arguments: [
      (["c9", "api_calls", "2023-04-12"], "the file holds no customer \"c9\""),
      (["c3", "calls", "2023-04-12"], "c3 has no metric \"calls\"; it has api_calls"),
      (["c3", "api_calls", "12 April"], "\"12 April\" is no moment"),
      (["c3", "api_calls", "2024-04-12"], "the file reaches from 2023-01-02 to 2023-05-01"),
    ] as [([String], String)])
  func faults(words: [String], reason: String) async throws {
    let (code, screen) = try await run(words, [], text(customers: 1...4))
    #expect(code != 0)
    #expect(screen.aside.contains(reason), "\(screen.aside)")
  }

  private func text(
    customers: ClosedRange<Int>, everybodyFalls: Bool = false, without: String = ""
  ) -> String {
    var text = "customer,metric,date,value\n"
    for customer in customers {
      for day in 0..<120 {
        let date = CivilDate(dayIndex: 19_359 + day).description
        if customer == 3, date == without { continue }
        let noise = (day * 37 + customer * 101) % 17 - 8
        let level = day % 7 < 5 ? 200 + noise : 80 + noise / 2
        let falls = (customer == 3 || everybodyFalls) && (100..<103).contains(day)
        text += "c\(customer),api_calls,\(date),\(falls ? level / 10 : level)\n"
      }
    }
    return text
  }

  private func run(
    _ words: [String], _ flags: [String], _ text: String
  ) async throws -> (Int32, Screen) {
    let screen = Screen()
    var code: Int32 = 1
    try await withFolder { folder in
      let points = try folder.file("points.csv", text)
      code = await CommandLineMain.run(
        ["explain"] + words + ["--points", points] + flags, environment: [:],
        terminal: screen.terminal)
    }
    return (code, screen)
  }

  private func explain(
    _ customer: String, _ metric: String, _ date: String, _ flags: [String] = [],
    everybodyFalls: Bool = false, without: String = ""
  ) async throws -> [String] {
    let (code, screen) = try await run(
      [customer, metric, date], flags,
      text(
        customers: everybodyFalls ? 1...14 : 1...4, everybodyFalls: everybodyFalls,
        without: without))
    #expect(code == 0, "\(screen.aside)")
    return screen.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
