/// Part of a day: from one minute up to another, which no longer belongs to it.
public struct TimeOfDayRange: Sendable, Hashable, CustomStringConvertible {
  /// Minutes since midnight, 0 to 1,439.
  public let startMinute: Int

  /// Minutes since midnight, 1 to 1,440, later than the start.
  public let endMinute: Int

  /// Reads two times such as `09:00` and `17:00`; the end may be `24:00`.
  ///
  /// - Throws: ``AlertingError`` `badSchedule`.
  public init(start: String, end: String) throws(AlertingError) {
    startMinute = try minuteOfDay(start)
    endMinute = try minuteOfDay(end)
    guard startMinute < endMinute else {
      throw AlertingError(
        .badSchedule,
        "the time \(start) to \(end) ends before it begins; a night is two times, up to 24:00"
          + " and from 00:00")
    }
  }

  /// As in `09:00-17:00`.
  public var description: String { "\(clockText(startMinute))-\(clockText(endMinute))" }

  func contains(_ minute: Int) -> Bool { minute >= startMinute && minute < endMinute }
}

/// Days of the week: 0 is Sunday, 6 is Saturday.
public struct WeekdayRange: Sendable, Hashable {
  static let names = [
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
  ]

  /// From the first to the last, both included.
  public let days: ClosedRange<Int>

  /// Reads `monday:friday` or `saturday`; numbers are not taken, as by Alertmanager.
  ///
  /// - Throws: ``AlertingError`` `badSchedule`.
  public init(parsing text: String) throws(AlertingError) {
    let (first, last) = try bounds(of: text, "day of the week") { Self.names.firstIndex(of: $0) }
    guard first <= last else {
      throw AlertingError(
        .badSchedule,
        "the weekdays '\(text)' end before they begin: the week begins on Sunday, so write two"
          + " ranges")
    }
    days = first...last
  }
}

/// Days of a month, counted from its first (1 to 31) or back from its last (-1 to -31).
public struct DayOfMonthRange: Sendable, Hashable {
  /// The first, included.
  public let first: Int

  /// The last, included.
  public let last: Int

  /// Reads `1:5`, `15`, `-3:-1` or `20:-1`.
  ///
  /// - Throws: ``AlertingError`` `badSchedule`.
  public init(parsing text: String) throws(AlertingError) {
    (first, last) = try bounds(of: text, "day of the month") { Int($0) }
    for day in [first, last] where day == 0 || !(-31...31).contains(day) {
      throw AlertingError(
        .badSchedule, "the days '\(text)' go beyond a month: 1 to 31, or -31 to -1 from its end")
    }
    guard first > 0 || last < 0 else {
      throw AlertingError(
        .badSchedule, "the days '\(text)' begin at the end of a month and do not end there")
    }
    // With the shortest month, because what depends on the month may stand.
    guard (first < 0 ? 28 + first : first) <= (last < 0 ? 28 + last : last) else {
      throw AlertingError(.badSchedule, "the days '\(text)' always end before they begin")
    }
  }

  /// Whether the day is among them in a month of that length.
  func contains(_ day: Int, monthLength: Int) -> Bool {
    let begin = first < 0 ? monthLength + first + 1 : first
    let end = last < 0 ? monthLength + last + 1 : last
    // No day is beyond the month, so nothing of the range falls into another one.
    return day >= begin && day <= end
  }
}

/// Months: 1 is January.
public struct MonthRange: Sendable, Hashable {
  private static let names = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
  ]

  /// From the first to the last, both included.
  public let months: ClosedRange<Int>

  /// Reads `january:march`, `5:8` or `december`.
  ///
  /// - Throws: ``AlertingError`` `badSchedule`.
  public init(parsing text: String) throws(AlertingError) {
    let (first, last) = try bounds(of: text, "month") { word in
      Self.names.firstIndex(of: word).map { $0 + 1 } ?? Int(word)
    }
    guard (1...12).contains(first), (1...12).contains(last) else {
      throw AlertingError(.badSchedule, "the months '\(text)' are not between 1 and 12")
    }
    guard first <= last else {
      throw AlertingError(.badSchedule, "the months '\(text)' end before they begin")
    }
    months = first...last
  }
}

/// Years of the common era.
public struct YearRange: Sendable, Hashable {
  /// From the first to the last, both included.
  public let years: ClosedRange<Int>

  /// Reads `2026:2028` or `2026`.
  ///
  /// - Throws: ``AlertingError`` `badSchedule`.
  public init(parsing text: String) throws(AlertingError) {
    let (first, last) = try bounds(of: text, "year") { Int($0) }
    guard first >= 0, last <= 9_999 else {
      throw AlertingError(.badSchedule, "the years '\(text)' are not between 0 and 9999")
    }
    guard first <= last else {
      throw AlertingError(.badSchedule, "the years '\(text)' end before they begin")
    }
    years = first...last
  }
}

/// Minutes since midnight of a time from `00:00` to `24:00`.
func minuteOfDay(_ text: String) throws(AlertingError) -> Int {
  let bytes = Array(text.utf8)
  let digits = [0, 1, 3, 4].compactMap { place in
    bytes.indices.contains(place) && (48...57).contains(bytes[place]) ? Int(bytes[place]) - 48 : nil
  }
  if bytes.count == 5, bytes[2] == UInt8(ascii: ":"), digits.count == 4 {
    let hour = digits[0] * 10 + digits[1]
    let minute = digits[2] * 10 + digits[3]
    if hour < 24 && minute < 60 || hour == 24 && minute == 0 { return hour * 60 + minute }
  }
  throw AlertingError(.badSchedule, "'\(text)' is not a time from 00:00 to 24:00")
}

/// The time as it is written.
func clockText(_ minute: Int) -> String {
  [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
}

/// The two ends of `first:last`, or the same twice where one stands alone.
private func bounds(
  of text: String, _ kind: String, _ number: (String) -> Int?
) throws(AlertingError) -> (Int, Int) {
  let words = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
  guard words.count <= 2 else {
    throw AlertingError(.badSchedule, "'\(text)' is not a range of the form first:last")
  }
  var ends: [Int] = []
  for word in words {
    guard let end = number(String(word)) else {
      throw AlertingError(.badSchedule, "'\(word)' in '\(text)' is not a \(kind)")
    }
    ends.append(end)
  }
  return (ends[0], ends[ends.count - 1])
}
