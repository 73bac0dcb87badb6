/// The rule for all time after a zone's last listed change, as POSIX writes it:
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule: Sendable, Hashable {
  private let standardOffset: Int64
  private let summer: Summer?

  private struct Summer: Hashable {
    let offset: Int64
    let start: Day
    let end: Day
  }

  /// A day of the year with a time of day in seconds.
  private struct Day: Hashable {
    enum Kind: Hashable {
      case monthWeekday(month: Int, week: Int, weekday: Int)
      case julian(Int)
      case zeroBased(Int)
    }
    let kind: Kind
    let seconds: Int64

    /// The second of local time at which it falls in a year, counted from 1970.
    func localSecond(inYear year: Int) -> Int64 {
      let firstDay = CivilDate(year: year, month: 1, day: 1)?.dayIndex ?? 0
      let isLeap = CivilDate(year: year, month: 2, day: 29) != nil
      let dayIndex: Int
      switch kind {
      case .julian(let day): dayIndex = firstDay + day - 1 + (isLeap && day > 59 ? 1 : 0)
      case .zeroBased(let day): dayIndex = firstDay + day
      case .monthWeekday(let month, let week, let weekday):
        let first = CivilDate(year: year, month: month, day: 1)?.dayIndex ?? firstDay
        // Sunday is 0 in the rule and 6 with CivilDate.
        let wanted = (weekday + 6) % 7
        var day = first + (wanted - CivilDate(dayIndex: first).weekday + 7) % 7 + (week - 1) * 7
        if CivilDate(dayIndex: day).month != month { day -= 7 }
        dayIndex = day
      }
      return Int64(dayIndex) * 86_400 + seconds
    }
  }

  /// Reads the rule, or nil when the text is none.
  init?(_ text: ArraySlice<UInt8>) {
    var parser = Parser(rest: text)
    guard parser.name(), let west = parser.time() else { return nil }
    standardOffset = -west
    if parser.rest.isEmpty {
      summer = nil
      return
    }
    guard parser.name() else { return nil }
    var offset = standardOffset + 3_600
    if parser.rest.first != UInt8(ascii: ",") {
      guard let west = parser.time() else { return nil }
      offset = -west
    }
    guard let start = parser.day(), let end = parser.day(), parser.rest.isEmpty else { return nil }
    summer = Summer(offset: offset, start: start, end: end)
  }

  func offsetSeconds(atUnixSecond second: Int64) -> Int64 {
    guard let summer else { return standardOffset }
    let local = second + standardOffset
    let year = CivilDate(dayIndex: floorDivide(Int(local), 86_400)).year
    let start = summer.start.localSecond(inYear: year) - standardOffset
    let end = summer.end.localSecond(inYear: year) - summer.offset
    // In the south summer spans the turn of the year.
    let isSummer =
      start < end ? second >= start && second < end : second >= start || second < end
    return isSummer ? summer.offset : standardOffset
  }

  private struct Parser {
    var rest: ArraySlice<UInt8>

    mutating func take(_ character: Character) -> Bool {
      guard let byte = character.asciiValue, rest.first == byte else { return false }
      rest = rest.dropFirst()
      return true
    }

    mutating func name() -> Bool {
      if take("<") {
        guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
        rest = rest[(end + 1)...]
        return true
      }
      let letters = rest.prefix { (65...90).contains($0) || (97...122).contains($0) }
      rest = rest.dropFirst(letters.count)
      return letters.count >= 3
    }

    mutating func number() -> Int? {
      let digits = rest.prefix { (48...57).contains($0) }
      guard !digits.isEmpty, digits.count <= 3 else { return nil }
      rest = rest.dropFirst(digits.count)
      return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    mutating func time() -> Int64? {
      let isNegative = take("-")
      if !isNegative { _ = take("+") }
      guard let hours = number() else { return nil }
      var seconds = hours * 3_600
      if take(":") {
        guard let minutes = number() else { return nil }
        seconds += minutes * 60
        if take(":") {
          guard let rest = number() else { return nil }
          seconds += rest
        }
      }
      return Int64(isNegative ? -seconds : seconds)
    }

    mutating func day() -> Day? {
      guard take(",") else { return nil }
      let kind: Day.Kind
      if take("M") {
        guard let month = number(), take("."), let week = number(), take("."),
          let weekday = number(), (1...12).contains(month), (1...5).contains(week), weekday < 7
        else { return nil }
        kind = .monthWeekday(month: month, week: week, weekday: weekday)
      } else if take("J") {
        guard let day = number(), (1...365).contains(day) else { return nil }
        kind = .julian(day)
      } else {
        guard let day = number(), day < 366 else { return nil }
        kind = .zeroBased(day)
      }
      guard take("/") else { return Day(kind: kind, seconds: 7_200) }
      guard let seconds = time() else { return nil }
      return Day(kind: kind, seconds: seconds)
    }
  }
}
