internal import Alerting
internal import Integration
internal import SeriesModel
internal import YAML

/// A time interval, and which of its spans name no place whose clock counts.
struct ReadInterval {
  var schedule: TimeSchedule
  var isFloating: [Bool]

  /// With a zone for the spans that name none.
  func schedule(in zone: Zone) -> TimeSchedule {
    var local = schedule
    for index in local.spans.indices where isFloating[index] { local.spans[index].zone = zone }
    return local
  }
}

// Alertmanager's time intervals.
extension RoutesReader {
  mutating func timeInterval(_ node: YAMLNode) {
    guard let keys = shapes.mapping(node, "a time interval", ["name", "time_intervals"]),
      let name = declare(keys, node, "a time interval", \.intervals)
    else { return }
    places["time interval '\(name)'"] = node
    guard let entry = keys["time_intervals"] else {
      shapes.refuse(node, "'time_intervals' is missing")
      return
    }
    intervals[name] = interval(name, shapes.list(entry, entry.key))
  }

  /// Spans under a name.
  mutating func interval(_ name: String, _ nodes: [YAMLNode]) -> ReadInterval {
    var read = ReadInterval(schedule: TimeSchedule(name: name, spans: []), isFloating: [])
    for node in nodes {
      guard let (span, isFloating) = span(node) else { continue }
      read.schedule.spans.append(span)
      read.isFloating.append(isFloating)
    }
    return read
  }

  private mutating func span(_ node: YAMLNode) -> (TimeSpan, isFloating: Bool)? {
    let known = ["times", "weekdays", "days_of_month", "months", "years", "location"]
    guard let keys = shapes.mapping(node, "a time interval", known) else { return nil }
    var span = TimeSpan()
    if let entry = keys["location"] { span.zone = zone(of: entry) ?? .utc }
    span.times = shapes.list(keys["times"], "times").compactMap { time($0) }
    span.weekdays = ranges(keys["weekdays"]) { text throws(AlertingError) in
      try WeekdayRange(parsing: text)
    }
    span.daysOfMonth = ranges(keys["days_of_month"]) { text throws(AlertingError) in
      try DayOfMonthRange(parsing: text)
    }
    span.months = ranges(keys["months"]) { text throws(AlertingError) in
      try MonthRange(parsing: text)
    }
    span.years = ranges(keys["years"]) { text throws(AlertingError) in
      try YearRange(parsing: text)
    }
    return (span, keys["location"] == nil)
  }

  private mutating func time(_ node: YAMLNode) -> TimeOfDayRange? {
    guard let keys = shapes.mapping(node, "a part of the day", ["start_time", "end_time"]) else {
      return nil
    }
    guard let start = keys["start_time"], let end = keys["end_time"] else {
      shapes.refuse(node, "a part of the day has 'start_time' and 'end_time'")
      return nil
    }
    guard let first = shapes.text(start), let last = shapes.text(end) else { return nil }
    return judged(at: node) { () throws(AlertingError) in
      try TimeOfDayRange(start: first, end: last)
    }
  }

  private mutating func ranges<Range>(
    _ entry: YAMLNode.Entry?, _ make: (String) throws(AlertingError) -> Range
  ) -> [Range] {
    references(entry).compactMap { reference in
      judged(at: reference.node) { () throws(AlertingError) in try make(reference.name) }
    }
  }
}
