import SeriesModel
import Testing

@testable import Alerting

@Suite("Time schedules")
struct TimeScheduleTests {
  private func schedule(_ spans: TimeSpan...) -> TimeSchedule {
    TimeSchedule(name: "s", spans: spans)
  }

  /// Conditions, and moments in UTC inside and outside of them.
  struct Case: Sendable, CustomTestStringConvertible {
    var times: [(start: String, end: String)] = []
    var weekdays: [String] = []
    var days: [String] = []
    var months: [String] = []
    var years: [String] = []
    let inside: [String]
    let outside: [String]
    var testDescription: String { "\(times)\(weekdays)\(days)\(months)\(years)" }
  }

  static let cases = [
    Case(inside: ["2006-01-02 15:04", "2007-01-03 10:04"], outside: []),
    Case(
      times: [("09:00", "17:00")], weekdays: ["monday:friday"],
      inside: ["2020-05-04 15:04", "2020-05-05 09:00", "2020-07-08 16:59:59"],
      outside: ["2020-05-03 15:04", "2020-05-04 08:59:59", "2020-07-08 17:00"]),
    Case(
      days: ["4:6"], months: ["april"], years: ["2020"],
      inside: ["2020-04-04 15:04", "2020-04-05 00:00", "2020-04-06 23:59:59"],
      outside: ["2018-05-03 15:04", "2020-04-03 23:59", "2019-04-06 23:59", "2020-04-07 00:00"]),
    Case(
      days: ["-3:-1"],
      inside: ["2020-01-29 15:04", "2020-01-31 15:04", "2020-06-30 00:00", "2020-02-29 23:05"],
      outside: ["2020-01-28 15:04", "2020-03-01 00:00", "2021-02-25 00:00"]),
    Case(
      days: ["1:31"], months: ["6"],
      inside: ["2020-06-30 00:00", "2020-06-01 00:00"],
      outside: ["2020-05-31 00:00", "2020-07-01 00:00"]),
    // What begins after the end of a month has no day in it; what ends after it is cut.
    Case(
      days: ["30:31"], months: ["february"], inside: [],
      outside: ["2021-02-28 13:00", "2020-02-29 13:00"]),
    Case(
      days: ["29:31"], months: ["february"], inside: ["2020-02-29 13:00"],
      outside: ["2021-02-28 13:00"]),
    Case(
      days: ["28:31"], inside: ["2021-02-28 13:00", "2021-04-30 13:00", "2021-05-31 13:00"],
      outside: ["2021-03-01 13:00"]),
    // A negative day that a short month does not have.
    Case(days: ["-31:-30"], inside: ["2021-03-01 00:00"], outside: ["2021-02-01 00:00"]),
    Case(
      times: [("13:00", "15:00")], weekdays: ["monday:wednesday", "saturday", "sunday"],
      days: ["1", "10", "20:-1"], months: ["january:march"], years: ["2020:2023"],
      inside: ["2021-01-10 13:00", "2021-01-30 14:24"],
      outside: ["2021-01-09 13:00", "2021-01-20 12:59", "2021-02-02 13:00", "2024-01-10 13:00"]),
    Case(
      times: [("22:00", "24:00"), ("00:00", "06:00")],
      inside: ["2021-01-09 23:59:59", "2021-01-09 00:00", "2021-01-09 05:59"],
      outside: ["2021-01-09 06:00", "2021-01-09 21:59:59"]),
  ]

  @Test(arguments: cases)
  func `moments belong to a span as they do with Alertmanager`(example: Case) throws {
    let span = try TimeSpan(
      parsingTimes: example.times, weekdays: example.weekdays, daysOfMonth: example.days,
      months: example.months, years: example.years)
    for text in example.inside {
      #expect(try span.contains(unixSeconds: seconds(text)), "\(text)")
    }
    for text in example.outside {
      #expect(try !span.contains(unixSeconds: seconds(text)), "\(text)")
    }
  }

  @Test func `a zone's clock counts, in summer too`() throws {
    let span = try TimeSpan(
      parsingTimes: [("09:00", "17:00")], weekdays: ["monday:friday"], zone: ZoneFixture.sydney())
    #expect(try span.contains(unixSeconds: seconds("2021-04-06 03:00")))
    #expect(try !span.contains(unixSeconds: seconds("2021-04-06 13:00")))
    #expect(try span.contains(unixSeconds: seconds("2021-10-31 22:00")))
    #expect(try !span.contains(unixSeconds: seconds("2021-10-31 21:59:59")))
  }

  @Test func `days of a month in which the clock goes forward are counted by the calendar`() throws
  {
    let span = try TimeSpan(
      parsingTimes: [], daysOfMonth: ["-1"], zone: ZoneFixture.berlin())
    #expect(try span.contains(unixSeconds: seconds("2026-03-31 12:00")))
    #expect(try !span.contains(unixSeconds: seconds("2026-03-30 12:00")))
  }

  @Test func `a schedule without a span holds nothing, and never changes`() {
    #expect(!schedule().contains(unixSeconds: 0))
    #expect(schedule().nextChange(afterUnixSeconds: 0) == nil)
    #expect(schedule(TimeSpan()).contains(unixSeconds: 0))
    #expect(schedule(TimeSpan()).nextChange(afterUnixSeconds: 0) == nil)
  }

  @Test func `the words and numbers of ranges are read in any case`() throws {
    #expect(try WeekdayRange(parsing: "Monday:FRIDAY").days == 1...5)
    #expect(try WeekdayRange(parsing: "saturday").days == 6...6)
    #expect(try MonthRange(parsing: "January:march").months == 1...3)
    #expect(try MonthRange(parsing: "5:december").months == 5...12)
    #expect(try YearRange(parsing: "2020:2022").years == 2020...2022)
    let days = try DayOfMonthRange(parsing: "1:-1")
    #expect(days.first == 1 && days.last == -1)
    #expect(try TimeOfDayRange(start: "00:00", end: "24:00").endMinute == 1_440)
    #expect(try TimeOfDayRange(start: "01:35", end: "17:39").description == "01:35-17:39")
  }

  @Test(arguments: [
    ("weekday", "friday:monday"), ("weekday", "blursday"), ("weekday", "1:3"), ("weekday", ""),
    ("weekday", "monday:tuesday:friday"), ("weekday", "monday:"), ("weekday", "-2:-1"),
    ("day", "0"), ("day", "-50:-20"), ("day", "1:50"), ("day", "-15:5"), ("day", "10:-25"),
    ("day", "5:1"), ("day", "x"), ("day", "1.5"), ("month", "martius:june"),
    ("month", "march:junius"), ("month", "december:january"), ("month", "0"), ("month", "13"),
    ("year", "2022:2020"), ("year", "last"), ("year", "-1:2"),
  ])
  func `a range that Alertmanager would refuse, or could never mean, is refused by its text`(
    kind: String, text: String
  ) {
    let error = #expect(throws: AlertingError.self) {
      switch kind {
      case "weekday": _ = try WeekdayRange(parsing: text)
      case "day": _ = try DayOfMonthRange(parsing: text)
      case "month": _ = try MonthRange(parsing: text)
      default: _ = try YearRange(parsing: text)
      }
    }
    #expect(error?.code == .badSchedule)
    #expect(error?.detail.contains("'\(text)'") == true)
  }

  @Test(arguments: [
    ("17:31", "17:31"), ("12:30", "24:01"), ("09:30", "07:41"), ("24:00", "17:41"), ("", "10:00"),
    ("01:99", "23:59"), ("00:00", "99:99"), ("9:00", "17:00"), ("09:00", "17:00 "),
    ("0a:00", "17:00"), ("09-00", "17:00"), ("24:00", "24:00"),
  ])
  func `times that are none, or run backwards, are refused`(start: String, end: String) {
    let error = #expect(throws: AlertingError.self) { try TimeOfDayRange(start: start, end: end) }
    #expect(error?.code == .badSchedule)
  }

  @Test func `a change falls on the second, also where the clock is changed`() throws {
    let night = try schedule(
      TimeSpan(parsingTimes: [("02:15", "02:45")], zone: ZoneFixture.berlin()))
    // The clock goes from 02:00 to 03:00: there is no such time that day.
    #expect(
      try night.nextChange(afterUnixSeconds: seconds("2026-03-29 00:00"))
        == seconds("2026-03-30 02:15", offsetMinutes: 120))
    // It goes from 03:00 back to 02:00: the time comes twice.
    var moment = try seconds("2026-10-24 22:00")
    for expected in [("02:15", 120), ("02:45", 120), ("02:15", 60), ("02:45", 60)] {
      let next = try #require(night.nextChange(afterUnixSeconds: moment))
      #expect(
        try next == seconds("2026-10-25 \(expected.0)", offsetMinutes: Int64(expected.1)))
      moment = next
    }
  }

  @Test func `a change can be the clock's own`() throws {
    let early = try schedule(
      TimeSpan(parsingTimes: [("02:30", "24:00")], zone: ZoneFixture.berlin()))
    // From 01:59:59 to 03:00:00.
    #expect(
      try early.nextChange(afterUnixSeconds: seconds("2026-03-28 23:30"))
        == seconds("2026-03-29 01:00"))
  }

  @Test func `a change is looked for in so many days and no more`() throws {
    let year = try schedule(TimeSpan(parsingTimes: [], years: ["2030"]))
    let start = try seconds("2029-12-30 00:00")
    #expect(year.nextChange(afterUnixSeconds: start, within: 1) == nil)
    #expect(try year.nextChange(afterUnixSeconds: start, within: 2) == seconds("2030-01-01 00:00"))
    #expect(
      try year.nextChange(afterUnixSeconds: seconds("2030-01-01 00:00"))
        == seconds("2031-01-01 00:00"))
  }

  @Test func `between a moment and the next change nothing changes, and then it does`() throws {
    var random = SeededGenerator(seed: 0x7363_6865)
    let zones = try ZoneFixture.all()
    for _ in 0..<80 {
      let spans = try (0..<Int.random(in: 1...2, using: &random)).map { _ in
        try Self.span(zones, &random)
      }
      let schedule = TimeSchedule(name: "s", spans: spans)
      let start = Int64.random(in: 1_767_225_600..<1_830_297_600, using: &random)
      let answer = schedule.contains(unixSeconds: start)
      let change = schedule.nextChange(afterUnixSeconds: start, within: 60)
      if let change {
        #expect(change > start)
        #expect(schedule.contains(unixSeconds: change) != answer)
        #expect(schedule.contains(unixSeconds: change - 1) == answer)
      }
      let end = change ?? start + 60 * 86_400
      let isSteady = (0..<40).allSatisfy { _ in
        let probe = Int64.random(in: start..<end, using: &random)
        return schedule.contains(unixSeconds: probe) == answer
      }
      #expect(isSteady, "\(schedule) from \(start)")
    }
  }

  private static func span(
    _ zones: [Zone], _ random: inout SeededGenerator
  ) throws -> TimeSpan {
    func maybe(_ texts: [String], _ random: inout SeededGenerator) -> [String] {
      Bool.random(using: &random) ? [] : [texts.randomElement(using: &random) ?? texts[0]]
    }
    var times: [(start: String, end: String)] = []
    if Bool.random(using: &random) {
      let start = Int.random(in: 0..<1_440, using: &random)
      let end = Int.random(in: start + 1...1_440, using: &random)
      times = [(clockText(start), clockText(end))]
    }
    return try TimeSpan(
      parsingTimes: times,
      weekdays: maybe(["monday:friday", "sunday", "saturday", "tuesday"], &random),
      daysOfMonth: maybe(["1:5", "-3:-1", "29:31", "20:-1"], &random),
      months: maybe(["march:april", "october", "1:12"], &random),
      zone: zones.randomElement(using: &random) ?? .utc)
  }

  @Test func `around a change of the clock every minute is as a walk by minutes finds it`() throws {
    for zone in try ZoneFixture.all() {
      for change in ["2026-03-29", "2026-04-05", "2026-10-25", "2026-10-04", "2026-09-06"] {
        let start = try seconds("\(change) 00:00") - 86_400
        let schedule = try schedule(
          TimeSpan(
            parsingTimes: [("00:00", "00:20"), ("01:40", "02:10"), ("23:50", "24:00")], zone: zone))
        var walked: [Int64] = []
        var answer = schedule.contains(unixSeconds: start)
        for moment in stride(from: start, through: start + 2 * 86_400, by: 300) {
          let next = schedule.contains(unixSeconds: moment)
          if next != answer { walked.append(moment) }
          answer = next
        }
        var found: [Int64] = []
        var moment = start
        while let next = schedule.nextChange(afterUnixSeconds: moment),
          next <= start + 2 * 86_400
        {
          found.append(next)
          moment = next
        }
        #expect(found == walked, "\(zone.name) \(change)")
      }
    }
  }
}
