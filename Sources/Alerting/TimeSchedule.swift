public import SeriesModel

/// Named times that come again: Alertmanager's `time_interval`.
///
/// A moment belongs to it that lies in one of its spans.
public struct TimeSchedule: Sendable, Hashable {
  /// What routes and people name it by.
  public var name: String

  /// Alternatives; without one no moment belongs to it.
  public var spans: [TimeSpan]

  /// Gathers spans under a name.
  public init(name: String, spans: [TimeSpan]) {
    self.name = name
    self.spans = spans
  }

  /// Whether a moment, in seconds since 1970, belongs to it.
  public func contains(unixSeconds: Int64) -> Bool {
    spans.contains { $0.contains(unixSeconds: unixSeconds) }
  }

  /// The first second after a moment at which ``contains(unixSeconds:)`` gives another answer than
  /// at the moment itself, or nil when there is none within that many days.
  public func nextChange(afterUnixSeconds start: Int64, within days: Int = 400) -> Int64? {
    let limit = start + Int64(days) * 86_400
    let answer = contains(unixSeconds: start)
    var moment = start
    while let next = spans.map({ $0.nextBoundary(afterUnixSeconds: moment) }).min(), next <= limit {
      if contains(unixSeconds: next) != answer { return next }
      moment = next
    }
    return nil
  }
}

/// Conditions on the local clock and calendar that must all hold.
///
/// A list without a member sets no condition; one member of a list is enough.
public struct TimeSpan: Sendable, Hashable {
  /// Parts of the day.
  public var times: [TimeOfDayRange]
  /// Days of the week.
  public var weekdays: [WeekdayRange]
  /// Days of the month; those that a month does not have are left out.
  public var daysOfMonth: [DayOfMonthRange]
  /// Months of the year.
  public var months: [MonthRange]
  /// Years.
  public var years: [YearRange]
  /// Whose clock and calendar count.
  public var zone: Zone

  /// Gathers conditions.
  public init(
    times: [TimeOfDayRange] = [], weekdays: [WeekdayRange] = [],
    daysOfMonth: [DayOfMonthRange] = [], months: [MonthRange] = [], years: [YearRange] = [],
    zone: Zone = .utc
  ) {
    self.times = times
    self.weekdays = weekdays
    self.daysOfMonth = daysOfMonth
    self.months = months
    self.years = years
    self.zone = zone
  }

  /// Reads conditions as Alertmanager's settings write them.
  ///
  /// - Throws: ``AlertingError`` `badSchedule` that names the text.
  public init(
    parsingTimes times: [(start: String, end: String)], weekdays: [String] = [],
    daysOfMonth: [String] = [], months: [String] = [], years: [String] = [], zone: Zone = .utc
  ) throws(AlertingError) {
    self.init(zone: zone)
    for time in times { self.times.append(try TimeOfDayRange(start: time.start, end: time.end)) }
    for text in weekdays { self.weekdays.append(try WeekdayRange(parsing: text)) }
    for text in daysOfMonth { self.daysOfMonth.append(try DayOfMonthRange(parsing: text)) }
    for text in months { self.months.append(try MonthRange(parsing: text)) }
    for text in years { self.years.append(try YearRange(parsing: text)) }
  }

  /// Whether all conditions hold at a moment, in seconds since 1970.
  public func contains(unixSeconds: Int64) -> Bool {
    let (dayIndex, second) = local(unixSeconds)
    let minute = Int(second / 60)
    guard times.isEmpty || times.contains(where: { $0.contains(minute) }) else { return false }
    let date = CivilDate(dayIndex: dayIndex)
    // CivilDate counts from Monday.
    let weekday = (date.weekday + 1) % 7
    return (weekdays.isEmpty || weekdays.contains { $0.days.contains(weekday) })
      && (months.isEmpty || months.contains { $0.months.contains(date.month) })
      && (years.isEmpty || years.contains { $0.years.contains(date.year) })
      && (daysOfMonth.isEmpty || hasDay(date))
  }

  private func hasDay(_ date: CivilDate) -> Bool {
    // 31 days after the first it is the 1st to the 4th of the next month.
    let beyond = CivilDate(dayIndex: date.dayIndex - date.day + 1 + 31)
    let length = 31 - (beyond.day - 1)
    return daysOfMonth.contains { $0.contains(date.day, monthLength: length) }
  }

  private func local(_ unixSeconds: Int64) -> (dayIndex: Int, second: Int64) {
    let local = unixSeconds + zone.offsetSeconds(atUnixSecond: unixSeconds)
    let dayIndex = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
    return (Int(dayIndex), local - dayIndex * 86_400)
  }

  /// A second after the moment before which the answer cannot change, and at which it may.
  ///
  /// The next edge of a part of the day, midnight, or a change of the zone's offset.
  func nextBoundary(afterUnixSeconds start: Int64) -> Int64 {
    let second = local(start).second
    let edges = times.flatMap { [Int64($0.startMinute) * 60, Int64($0.endMinute) * 60] }
    let edge = edges.filter { $0 > second }.min() ?? 86_400
    let next = start + min(edge, 86_400) - second
    return zone.firstChange(afterUnixSecond: start, through: next) ?? next
  }
}
