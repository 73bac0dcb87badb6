import SeriesModel

/// A recurrence rule of RFC 5545 that repeats a day every year; nothing else is understood.
struct YearlyRule {
  private var interval = 1
  private var count = Int.max
  private var until: CivilDate?

  /// Reads `FREQ=YEARLY` with any of `INTERVAL`, `COUNT` and `UNTIL`.
  ///
  /// - Parameters:
  ///   - text: The value of an RRULE.
  ///   - fault: Makes an error that names the line.
  /// - Throws: The error, where the rule says anything else.
  init(_ text: String, fault: (String) -> CommandError) throws(CommandError) {
    var isYearly = false
    for part in text.uppercased().split(separator: ";") {
      let equals = part.firstIndex(of: "=") ?? part.endIndex
      let value = String(part[equals...].dropFirst())
      switch part[..<equals] {
      case "FREQ": isYearly = value == "YEARLY"
      case "INTERVAL": interval = try Self.number(value, part, fault)
      case "COUNT": count = try Self.number(value, part, fault)
      case "UNTIL":
        let digits = value.prefix(8)
        guard
          let date = CivilDate(
            digits.prefix(4) + "-" + digits.dropFirst(4).prefix(2) + "-" + digits.dropFirst(6))
        else { throw fault("RRULE: \(part) is no date such as 20130208") }
        until = date
      case "WKST": break
      default: throw fault("RRULE: \(part) is not understood; only FREQ=YEARLY is")
      }
    }
    guard isYearly else { throw fault("RRULE: only FREQ=YEARLY is understood, not \(text)") }
  }

  private static func number(
    _ value: String, _ part: Substring, _ fault: (String) -> CommandError
  ) throws(CommandError) -> Int {
    guard let number = Int(value), (1...9_999).contains(number) else {
      throw fault("RRULE: \(part) is no number from 1 to 9999")
    }
    return number
  }

  /// How many years after the start the event comes, within some years.
  ///
  /// A year without the day (29 February) is passed over and not counted, as RFC 5545 has it.
  func steps(from start: CivilDate, years: ClosedRange<Int>) -> [Int] {
    var steps: [Int] = []
    var seen = 0
    for step in stride(from: 0, through: max(0, years.upperBound - start.year), by: interval) {
      guard let date = start.advanced(years: step) else { continue }
      if let until, date > until { break }
      seen += 1
      if seen > count { break }
      if years.contains(date.year) { steps.append(step) }
    }
    return steps
  }
}
