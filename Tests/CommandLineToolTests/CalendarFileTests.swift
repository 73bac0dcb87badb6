import SeriesModel
import Testing

@testable import CommandLineTool

@Suite("Files of the calendar")
struct CalendarFileTests {
  private func table(_ text: String, region: String = "") throws -> [CalendarEntry] {
    var found: [CalendarEntry] = []
    try withFolder { folder in
      found = try CalendarTableFile.entries(path: folder.file("c.csv", text), region: region)
    }
    return found
  }

  private func calendar(
    _ event: String, years: ClosedRange<Int>? = nil, scope: CalendarScope = .organisation
  ) throws -> [CalendarEntry] {
    let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n\(event)END:VCALENDAR\r\n"
    var settings = InternetCalendar.Settings(zones: { $0 == "Somewhere" ? .utc : nil })
    settings.years = years
    settings.scope = scope
    return try InternetCalendar(path: "x.ics", settings: settings)
      .entries(try ContentLines.parse(Array(text.utf8), path: "x.ics"))
  }

  private func event(_ lines: String...) -> String {
    (["BEGIN:VEVENT", "UID:u1"] + lines + ["END:VEVENT"]).map { $0 + "\r\n" }.joined()
  }

  @Test func `a bare table holds holidays of regions`() throws {
    let found = try table(
      "region,date,name\nDE,2008-05-01,Labour Day\nDE,2008-05-01,Ascension Day\n,2009-01-01,New\n",
      region: "AT")
    #expect(found.map(\.id) == ["holiday/region=DE/2008-05-01", "holiday/region=AT/2009-01-01"])
    #expect(found[0].name == "Labour Day")
    #expect(found[0].kind == .holiday && found[0].scope == .region("DE"))
    #expect(found[1].scope == .region("AT"))
  }

  @Test func `a table tells known events with what is expected`() throws {
    let found = try table(
      "date,through,kind,customer,metric,expect,tolerance,id,name\n"
        + "2026-11-27,2026-11-30,campaign,acme,orders,+150%,20%,,Black Friday\n"
        + "2026-12-01T08:00:00Z,2026-12-01T09:30:00+01:00,maintenance,,,,,m1,Move\n")
    #expect(found.count == 2)
    #expect(found[0].id == "campaign/customer=acme/metric=orders/2026-11-27")
    #expect(found[0].change?.ratio == 2.5)
    #expect(abs((found[0].change?.tolerance ?? 0) - 0.182_321_556_793_955) < 1e-12)
    #expect(found[1].scope == .organisation && found[1].change == nil)
    #expect(found[1].span == .instants(1_796_112_000..<1_796_113_800))
  }

  @Test(
    "what is wrong with a table is told with its line",
    arguments: [
      ("region,date\nDE,1 May\n", "c.csv:2: \"1 May\""),
      ("name\nx\n", "the column \"date\" is missing"),
      ("date,colour\n", "there is no column \"colour\""),
      ("date,kind\n2026-01-01,party\n", "c.csv:2: kind \"party\""),
      ("date,region,segment\n2026-01-01,a,b\n", "c.csv:2: names more than one"),
      ("date,through\n2026-01-02,2026-01-01\n", "ends on 2026-01-01, before it begins"),
      ("date,through\n2026-01-02,2026-01-03T00:00:00Z\n", "begins with a date"),
      ("date,through\n2026-01-02T00:00:00Z,\n", "ends with one"),
      ("date,expect\n2026-01-02,-100%\n", "leave it out"),
      ("date,expect\n2026-01-02,much\n", "not \"much\""),
      ("date,tolerance\n2026-01-02,5%\n", "belongs to an expected change"),
      ("date,expect,tolerance\n2026-01-02,5%,0\n", "a tolerance is"),
      ("date,id\n2026-01-02,x\n2026-01-03,x\n", "c.csv:3: \"x\" stands in line 2"),
      ("date\n2026-01-02,x\n", "has 2 fields"),
    ])
  func tableFaults(text: String, reason: String) {
    let error = #expect(throws: CommandError.self) { _ = try table(text) }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }

  @Test func `whole days end before DTEND, and one day needs none`() throws {
    let two = try calendar(
      event("DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261227", "SUMMARY:Feast"))
    #expect(two.map(\.id) == ["u1"])
    #expect(two[0].kind == .holiday && two[0].name == "Feast")
    #expect(two[0].span.days.lowerBound.description == "2026-12-25")
    #expect(two[0].span.days.upperBound.description == "2026-12-26")
    let one = try calendar(event("DTSTART;VALUE=DATE:20261225"), scope: .region("DE"))
    #expect(one.map(\.id) == ["DE/u1"])
    #expect(one[0].span.days.upperBound.description == "2026-12-25")
  }

  @Test func `times are instants, by UTC or by the zone that is named`() throws {
    let timed = try calendar(
      event("DTSTART:20261201T080000Z", "DTEND;TZID=\"Somewhere\":20261201T093000"))
    #expect(timed[0].span == .instants(1_796_112_000..<1_796_117_400))
    #expect(timed[0].kind == .other)
  }

  @Test func `folded lines, escapes, alarms and other parts are read as they are meant`() throws {
    // The fold stands within the two bytes of the letter.
    var bytes = Array(
      ("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\n"
        + "BEGIN:VEVENT\r\nUID:u1\r\nDTSTART:2026\r\n 1225\r\nSUMMARY:One\\, two\\;").utf8)
    bytes += [0xC3, 13, 10, 32, 0xA4]
    bytes += Array(
      ("\\nthree\r\nBEGIN:VALARM\r\nDURATION:PT5M\r\nSUMMARY:wake\r\nEND:VALARM\r\n"
        + "END:VEVENT\r\nEND:VCALENDAR\r\n").utf8)
    let found = try InternetCalendar(path: "x", settings: .init(zones: { _ in nil }))
      .entries(try ContentLines.parse(bytes, path: "x"))
    #expect(found.map(\.name) == ["One, two;ä three"])
  }

  @Test(
    "a yearly event is told for the years that are asked for",
    arguments: [
      ("20240229", "FREQ=YEARLY", 2024...2032, [2024, 2028, 2032]),
      ("20200501", "FREQ=YEARLY", 2026...2028, [2026, 2027, 2028]),
      ("20270501", "FREQ=YEARLY", 2026...2028, [2027, 2028]),
      ("20200501", "FREQ=YEARLY;INTERVAL=2", 2026...2029, [2026, 2028]),
      ("20200501", "FREQ=YEARLY;COUNT=7", 2025...2030, [2025, 2026]),
      ("20200501", "FREQ=YEARLY;UNTIL=20270501T000000Z", 2026...2030, [2026, 2027]),
    ] as [(String, String, ClosedRange<Int>, [Int])])
  func yearly(start: String, rule: String, years: ClosedRange<Int>, expected: [Int]) throws {
    let found = try calendar(event("DTSTART:\(start)", "RRULE:\(rule)"), years: years)
    #expect(found.map(\.id) == expected.map { "u1/\($0)" })
    #expect(found.map { $0.span.days.lowerBound.year } == expected)
  }

  @Test func `an event without a UID is known by its beginning and its name`() throws {
    func bare(_ lines: String...) -> String {
      (["BEGIN:VEVENT"] + lines + ["END:VEVENT"]).map { $0 + "\r\n" }.joined()
    }
    let labour = bare("DTSTART:20200501", "SUMMARY:Labour Day", "RRULE:FREQ=YEARLY")
    let move = bare("DTSTART:20260101T100000Z", "DTEND:20260101T120000Z", "SUMMARY:Move")
    let found = try calendar(labour + move + bare("DTSTART:20260101"), years: 2026...2027)
    #expect(
      found.map(\.id) == [
        "2020-05-01/Labour Day/2026", "2020-05-01/Labour Day/2027", "2026-01-01/1767261600/Move",
        "2026-01-01",
      ])
    #expect(try calendar(labour, years: 2026...2026).map(\.id) == [found[0].id])
    let error = #expect(throws: CommandError.self) { _ = try calendar(move + move) }
    #expect(error?.description.contains("x.ics:8: the event of line 3 stands here again") == true)
    let long = try calendar(
      bare("DTSTART:20260101", "SUMMARY:" + String(repeating: "é", count: 300)))
    #expect(long.map { $0.id.utf8.count <= 200 } == [true])
  }

  @Test func `what is cancelled is left out`() throws {
    #expect(try calendar(event("DTSTART:20261225", "STATUS:CANCELLED")).isEmpty)
  }

  @Test(
    "what is not understood is told with its line",
    arguments: [
      ("BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\n", "x.ics:3: the event has no DTSTART"),
      ("BEGIN:VEVENT\r\nUID:a\r\nDTSTART:2026010\r\nEND:VEVENT\r\n", "x.ics:5: DTSTART"),
      ("BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260230\r\nEND:VEVENT\r\n", "x.ics:5: DTSTART"),
      ("BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260101T250000Z\r\nEND:VEVENT\r\n", "x.ics:5: DTSTART"),
      ("BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260101T10000\r\nEND:VEVENT\r\n", "x.ics:5: DTSTART"),
      ("BEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=Mars:20260101T100000\r\n", "x.ics:5: no time zone"),
      ("BEGIN:VEVENT\r\nDURATION:PT1H\r\n", "x.ics:4: DURATION is not understood"),
      ("BEGIN:VEVENT\r\nUID:a\r\n", "x.ics:5: END:VCALENDAR ends"),
      ("nonsense\r\n", "x.ics:3: is no line of iCalendar"),
    ])
  func calendarFaults(event: String, reason: String) {
    let error = #expect(throws: CommandError.self) { _ = try calendar(event) }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }

  @Test(
    "rules beyond yearly ones are refused by line",
    arguments: [
      "FREQ=WEEKLY", "FREQ=YEARLY;BYDAY=4TH", "FREQ=YEARLY;COUNT=0", "FREQ=YEARLY;UNTIL=never",
      "INTERVAL=2",
    ])
  func rules(rule: String) {
    let text = event("DTSTART:20260101", "RRULE:\(rule)")
    let error = #expect(throws: CommandError.self) {
      _ = try calendar(text, years: 2026...2027)
    }
    #expect(error?.description.hasPrefix("x.ics:6: RRULE") == true, "\(String(describing: error))")
  }

  @Test func `without years a yearly event is refused`() {
    let text = event("DTSTART:20260101", "RRULE:FREQ=YEARLY")
    let error = #expect(throws: CommandError.self) { _ = try calendar(text) }
    #expect(error?.description.contains("x.ics:6: the event comes every year") == true)
  }
}
