/// A day of the Gregorian calendar, without a time of day or a zone.
public struct CivilDate: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Years of the common era; 0 and below are before it.
  public let year: Int

  /// 1 to 12.
  public let month: Int

  /// 1 to 31.
  public let day: Int

  /// The date of a day counted from 1970-01-01.
  ///
  /// Eras of 400 years with years that begin in March, so that the leap day comes last.
  public init(dayIndex: Int) {
    let shifted = dayIndex + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The date of that year, month and day, or nil when the calendar has no such day.
  public init?(year: Int, month: Int, day: Int) {
    guard (1...12).contains(month), day >= 1, (-9_999...9_999).contains(year) else { return nil }
    let date = CivilDate(uncheckedYear: year, month: month, day: day)
    // A day that does not exist (30 February) comes back as another one.
    guard CivilDate(dayIndex: date.dayIndex) == date else { return nil }
    self = date
  }

  /// The date written `2013-02-08`, or nil for any other text.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      let year = decimal(bytes[0..<4]), let month = decimal(bytes[5..<7]),
      let day = decimal(bytes[8..<10])
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  private init(uncheckedYear year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// Whole days since 1970-01-01.
  public var dayIndex: Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = floorDivide(shiftedYear, 400)
    let yearOfEra = shiftedYear - era * 400
    let monthFromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// 0 for Monday to 6 for Sunday.
  public var weekday: Int { floorRemainder(dayIndex + 3, 7) }

  /// Whole weeks since the week of Monday 1969-12-29.
  public var weekIndex: Int { floorDivide(dayIndex + 3, 7) }

  /// The Monday that a week of that index begins with.
  public init(mondayOfWeek weekIndex: Int) { self.init(dayIndex: weekIndex * 7 - 3) }

  /// As ISO 8601 writes it: `2013-02-08`.
  public var description: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }

  /// Earlier before later.
  public static func < (left: CivilDate, right: CivilDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }
}

/// A week as ISO 8601 numbers it: it belongs to the year that holds its Thursday.
public struct ISOWeek: Sendable, Hashable, CustomStringConvertible {
  /// The year of the week's Thursday.
  public let year: Int

  /// 1 to 53.
  public let week: Int

  /// The week of that index, counted from the week of Monday 1969-12-29.
  public init(weekIndex: Int) {
    let thursday = CivilDate(dayIndex: weekIndex * 7)
    year = thursday.year
    week = (thursday.dayIndex - Self.firstDay(ofYear: thursday.year)) / 7 + 1
  }

  /// The week of that year and number, or nil when the year has no such week.
  public init?(year: Int, week: Int) {
    guard (1...53).contains(week), (-9_999...9_999).contains(year) else { return nil }
    // 4 January is always in week 1.
    let first = floorDivide(Self.firstDay(ofYear: year) + 3 + 3, 7)
    let match = ISOWeek(weekIndex: first + week - 1)
    guard match.year == year, match.week == week else { return nil }
    self = match
  }

  /// Whole weeks since the week of Monday 1969-12-29.
  public var weekIndex: Int { floorDivide(Self.firstDay(ofYear: year) + 6, 7) + week - 1 }

  /// As ISO 8601 writes it: `2013-W06`.
  public var description: String { "\(padded(year, 4))-W\(padded(week, 2))" }

  /// The index of 1 January.
  private static func firstDay(ofYear year: Int) -> Int {
    let shifted = year - 1
    return 365 * shifted + floorDivide(shifted, 4) - floorDivide(shifted, 100)
      + floorDivide(shifted, 400) - 719_162
  }
}

/// The quotient rounded down, also below zero.
func floorDivide(_ dividend: Int, _ divisor: Int) -> Int {
  let quotient = dividend / divisor
  return dividend % divisor < 0 ? quotient - 1 : quotient
}

/// What is left after ``floorDivide(_:_:)``, never negative.
func floorRemainder(_ dividend: Int, _ divisor: Int) -> Int {
  dividend - floorDivide(dividend, divisor) * divisor
}

/// A whole number with leading zeros.
func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(number.magnitude)
  let zeros = String(repeating: "0", count: max(0, width - digits.count))
  return (number < 0 ? "-" : "") + zeros + digits
}

/// The number that ASCII digits write, or nil when another byte is among them.
private func decimal(_ bytes: ArraySlice<UInt8>) -> Int? {
  var number = 0
  for byte in bytes {
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
    number = number * 10 + Int(byte - UInt8(ascii: "0"))
  }
  return number
}
