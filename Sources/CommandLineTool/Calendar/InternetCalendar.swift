import SeriesModel

/// Reads the events of an iCalendar file (RFC 5545) as entries of the calendar.
struct InternetCalendar {
  /// How a file is read.
  struct Settings {
    /// Whose entries they are.
    var scope: CalendarScope = .organisation
    /// Their kind; nil makes holidays of whole days and other events of hours.
    var kind: CalendarKind?
    /// The years for which yearly events are told; nil refuses them.
    var years: ClosedRange<Int>?
    /// Of times that name no zone.
    var zone: Zone = .utc
    /// The zone of a name.
    var zones: (String) -> Zone?
  }

  /// A point in time as the file has it.
  enum Moment: Equatable {
    case date(CivilDate)
    /// A local time in seconds since 1970-01-01T00:00:00 of the zone's clock.
    case time(local: Int64, Zone)
  }

  /// One event as far as it has been read.
  private struct Event {
    var line: Int
    var id = ""
    var name = ""
    var start: (moment: Moment, line: Int)?
    var end: Moment?
    var rule: ContentLine?
    var isCancelled = false
  }

  private let path: String
  private let settings: Settings

  /// Reads the entries of a file; a fault refuses it whole, by line.
  static func entries(path: String, _ settings: Settings) throws(CommandError) -> [CalendarEntry] {
    try InternetCalendar(path: path, settings: settings).entries(ContentLines.read(path: path))
  }

  init(path: String, settings: Settings) {
    self.path = path
    self.settings = settings
  }

  /// The entries of the lines of a file.
  func entries(_ lines: [ContentLine]) throws(CommandError) -> [CalendarEntry] {
    guard let head = lines.first, head.name == "BEGIN", head.value.uppercased() == "VCALENDAR"
    else { throw CommandError("\(path):1: does not begin with BEGIN:VCALENDAR") }
    var entries: [CalendarEntry] = []
    var ids: [String: Int] = [:]
    var open: [String] = []
    var event: Event?
    for line in lines {
      switch line.name {
      case "BEGIN":
        open.append(line.value.uppercased())
        if open == ["VCALENDAR", "VEVENT"] { event = Event(line: line.line) }
      case "END":
        guard open.popLast() == line.value.uppercased() else {
          throw fault(line.line, "END:\(line.value) ends what has not begun")
        }
        guard open == ["VCALENDAR"], let read = event else { continue }
        event = nil
        for entry in try self.entries(of: read) {
          if let known = ids.updateValue(read.line, forKey: entry.id) {
            throw fault(
              read.line,
              read.id.isEmpty
                ? "the event of line \(known) stands here again, and neither has a UID"
                : "the UID of line \(known) stands here again")
          }
          entries.append(entry)
        }
      default:
        // An alarm within an event has properties of its own.
        guard open == ["VCALENDAR", "VEVENT"], var read = event else { continue }
        try take(line, into: &read)
        event = read
      }
    }
    guard open.isEmpty else {
      throw CommandError("\(path): ends before END:\(open.last ?? "VCALENDAR")")
    }
    return entries
  }

  private func take(_ line: ContentLine, into event: inout Event) throws(CommandError) {
    switch line.name {
    case "UID": event.id = ContentLines.unescaped(line.value)
    case "SUMMARY": event.name = ContentLines.unescaped(line.value)
    case "DTSTART": event.start = (try moment(line), line.line)
    case "DTEND": event.end = try moment(line)
    case "RRULE": event.rule = line
    case "STATUS": event.isCancelled = line.value.uppercased() == "CANCELLED"
    case "DURATION", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID":
      throw fault(
        line.line, "\(line.name) is not understood; write the event with DTEND, by itself")
    default: break
    }
  }

  private func moment(_ line: ContentLine) throws(CommandError) -> Moment {
    let text = line.value
    let digits = Array(text.utf8)
    let plain =
      text.prefix(4) + "-" + text.dropFirst(4).prefix(2) + "-"
      + text.dropFirst(6).prefix(2)
    guard digits.count >= 8, let date = CivilDate(plain) else {
      throw fault(line.line, "\(line.name) \"\(text)\" is not written like 20130208")
    }
    if digits.count == 8 { return .date(date) }
    let isUTC = digits.last == UInt8(ascii: "Z")
    let clock = digits.dropFirst(9).prefix(6)
    guard digits.count == (isUTC ? 16 : 15), digits[8] == UInt8(ascii: "T"),
      clock.allSatisfy({ (48...57).contains($0) }),
      let time = Int64(String(decoding: clock, as: UTF8.self)),
      time / 10_000 < 24, time / 100 % 100 < 60, time % 100 < 60
    else { throw fault(line.line, "\(line.name) \"\(text)\" is not written like 20130208T130500Z") }
    let second = time / 10_000 * 3_600 + time / 100 % 100 * 60 + time % 100
    let local = Int64(date.dayIndex) * 86_400 + second
    if isUTC { return .time(local: local, .utc) }
    guard let name = line.parameters["TZID"] else { return .time(local: local, settings.zone) }
    guard let zone = settings.zones(name) else {
      throw fault(line.line, "no time zone is called \"\(name)\"")
    }
    return .time(local: local, zone)
  }

  private func entries(of event: Event) throws(CommandError) -> [CalendarEntry] {
    if event.isCancelled { return [] }
    guard let start = event.start else { throw fault(event.line, "the event has no DTSTART") }
    guard let rule = event.rule else {
      return [try entry(event, start.moment, start.line, years: 0, suffix: "")]
    }
    guard let years = settings.years else {
      throw fault(rule.line, "the event comes every year: --years 2026-2028 says which are meant")
    }
    let first = start.moment.year
    var made: [CalendarEntry] = []
    let steps = try YearlyRule(rule.value) { fault(rule.line, $0) }
      .steps(from: start.moment.date, years: years)
    for step in steps {
      made.append(
        try entry(event, start.moment, start.line, years: step, suffix: "/\(first + step)"))
    }
    return made
  }

  private func entry(
    _ event: Event, _ start: Moment, _ line: Int, years: Int, suffix: String
  ) throws(CommandError) -> CalendarEntry {
    let span = try span(start, event.end, line, years: years)
    var id = (event.id.isEmpty ? Self.id(event, start) : event.id) + suffix
    switch settings.scope {
    case .organisation: break
    case .region(let name), .segment(let name), .customer(let name): id = "\(name)/\(id)"
    }
    guard id.utf8.count <= 200 else {
      throw fault(event.line, "the event's UID is longer than 200 bytes with region and year")
    }
    var isOfDays = false
    if case .days = span { isOfDays = true }
    return CalendarEntry(
      id: id, kind: settings.kind ?? (isOfDays ? .holiday : .other), name: event.name,
      scope: settings.scope, span: span)
  }

  /// The identity of an event without a UID, made of when it begins and what it is called: the same
  /// file, imported again, gives the same entries.
  private static func id(_ event: Event, _ start: Moment) -> String {
    var text = "\(start.date)"
    if case .time(let local, let zone) = start {
      text += "/\(zone.unixSecond(ofLocalSecond: local))"
    }
    var name = oneLine(event.name)
    while name.utf8.count > 100 { name.removeLast() }
    return name.isEmpty ? text : "\(text)/\(name)"
  }

  /// From the start to the end, which is not included; a date without an end is one day.
  private func span(
    _ start: Moment, _ end: Moment?, _ line: Int, years: Int
  ) throws(CommandError) -> CalendarSpan {
    switch (start, end) {
    case (.date(let first), nil):
      let day = first.advanced(years: years) ?? first
      return .days(day...day)
    case (.date(let first), .date(let last)):
      guard first <= last else { throw fault(line, "the event ends before it begins") }
      let day = first.advanced(years: years) ?? first
      // A last day before the first one comes of an end on the day of the start.
      let width = max(1, last.dayIndex - first.dayIndex)
      return .days(day...CivilDate(dayIndex: day.dayIndex + width - 1))
    case (.time(let start, let zone), .time(let end, let endZone)):
      let from = zone.unixSecond(ofLocalSecond: start.advanced(years: years))
      let through = endZone.unixSecond(ofLocalSecond: end.advanced(years: years))
      guard from >= 0, from < through else { throw fault(line, "the event ends before it begins") }
      return .instants(from..<through)
    case (.time, nil): throw fault(line, "the event has a time and no DTEND")
    case (.date, .time), (.time, .date):
      throw fault(line, "one of DTSTART and DTEND is a date, the other one a time")
    }
  }

  private func fault(_ line: Int, _ reason: String) -> CommandError {
    CommandError("\(path):\(line): \(reason)")
  }
}

extension InternetCalendar.Moment {
  /// The civil date by its own clock.
  var date: CivilDate {
    switch self {
    case .date(let date): date
    case .time(let local, _): CivilDate(dayIndex: Int((Double(local) / 86_400).rounded(.down)))
    }
  }

  var year: Int { date.year }
}

extension CivilDate {
  /// The same day of another year, or nil on 29 February where the year has none.
  func advanced(years: Int) -> CivilDate? {
    CivilDate(year: year + years, month: month, day: day)
  }
}

extension Int64 {
  /// The same time of the same day of another year, in seconds of a local clock.
  fileprivate func advanced(years: Int) -> Int64 {
    let day = Int((Double(self) / 86_400).rounded(.down))
    let date = CivilDate(dayIndex: day)
    let moved = date.advanced(years: years) ?? CivilDate(dayIndex: day + 365 * years)
    return self + Int64(moved.dayIndex - day) * 86_400
  }
}
