import Glibc
import SeriesModel

/// The words by which people write entries of the calendar, in files and on the command line.
enum CalendarWords {
  /// All kinds, for help and faults.
  static let kinds = CalendarKind.allCases.map(\.name).joined(separator: ", ")

  /// The kind of a word.
  static func kind(_ text: String, at place: String) throws(CommandError) -> CalendarKind {
    guard let kind = CalendarKind(name: text) else {
      throw CommandError("\(place): kind \"\(text)\" is none of \(kinds)")
    }
    return kind
  }

  /// Whom an entry is about: at most one of the three, else the whole organisation.
  static func scope(
    region: String, segment: String, customer: String, at place: String
  ) throws(CommandError) -> CalendarScope {
    switch (region.isEmpty, segment.isEmpty, customer.isEmpty) {
    case (true, true, true): return .organisation
    case (false, true, true): return .region(region)
    case (true, false, true): return .segment(segment)
    case (true, true, false): return .customer(customer)
    default:
      throw CommandError("\(place): names more than one of region, segment and customer")
    }
  }

  /// Days from the first to the last one (empty is the first), or the time between two instants.
  static func span(
    from: String, through: String, at place: String
  ) throws(CommandError) -> CalendarSpan {
    if let first = CivilDate(from) {
      guard through.isEmpty || through.utf8.count == 10 else {
        throw CommandError("\(place): begins with a date and ends with an instant")
      }
      guard let last = through.isEmpty ? first : CivilDate(through) else {
        throw CommandError("\(place): \"\(through)\" is not written like 2013-02-08")
      }
      guard first <= last else {
        throw CommandError("\(place): ends on \(last), before it begins on \(first)")
      }
      return .days(first...last)
    }
    guard let start = unixMicroseconds(ofInternetTime: from) else {
      throw CommandError(
        "\(place): \"\(from)\" is not written like 2013-02-08 or 2013-02-08T13:05:00Z")
    }
    guard let end = unixMicroseconds(ofInternetTime: through) else {
      throw CommandError(
        "\(place): what begins with an instant ends with one, as 2013-02-08T13:05:00Z")
    }
    guard start / 1_000_000 < end / 1_000_000, start >= 0 else {
      throw CommandError("\(place): ends before it begins")
    }
    return .instants(start / 1_000_000..<end / 1_000_000)
  }

  /// What is expected: `-40%`, with a tolerance such as `15%`; nil where nothing is told.
  static func change(
    expect: String, tolerance: String, at place: String
  ) throws(CommandError) -> ExpectedChange? {
    guard !expect.isEmpty else {
      guard tolerance.isEmpty else {
        throw CommandError("\(place): a tolerance belongs to an expected change, which is missing")
      }
      return nil
    }
    guard let percent = percent(expect), (-99...9_900).contains(percent) else {
      throw CommandError(
        "\(place): an expected change is -99% to +9900%, not \"\(expect)\"; where all is expected"
          + " to be gone, leave it out")
    }
    let ratio = 1 + percent / 100
    guard !tolerance.isEmpty else { return ExpectedChange(ratio: ratio) }
    guard let width = Self.percent(tolerance), (0.2...9_900).contains(width) else {
      throw CommandError("\(place): a tolerance is 0.2% to 9900%, not \"\(tolerance)\"")
    }
    return ExpectedChange(ratio: ratio, tolerance: log1p(width / 100))
  }

  private static func percent(_ text: String) -> Double? {
    guard let number = Double(text.hasSuffix("%") ? text.dropLast() : text[...]), number.isFinite
    else { return nil }
    return number
  }

  /// The id of an entry to which nobody gave one: the same words give the same id.
  static func id(_ kind: CalendarKind, _ scope: CalendarScope, _ metric: String, _ from: String)
    -> String
  {
    var words = [kind.name]
    switch scope {
    case .organisation: break
    case .region(let name): words.append("region=\(name)")
    case .segment(let name): words.append("segment=\(name)")
    case .customer(let id): words.append("customer=\(id)")
    }
    if !metric.isEmpty { words.append("metric=\(metric)") }
    return (words + [from]).joined(separator: "/")
  }

  /// An entry as one line.
  static func line(_ entry: CalendarEntry) -> String {
    var words = [entry.id]
    switch entry.span {
    case .days(let days):
      words.append(
        days.count == 1 ? "\(days.lowerBound)" : "\(days.lowerBound)..\(days.upperBound)")
    case .instants(let seconds):
      words.append("\(instant(seconds.lowerBound))..\(instant(seconds.upperBound))")
    }
    words.append(entry.kind.name)
    switch entry.scope {
    case .organisation: words.append("all")
    case .region(let name): words.append("region \(name)")
    case .segment(let name): words.append("segment \(name)")
    case .customer(let id): words.append("customer \(id)")
    }
    if !entry.metric.isEmpty { words.append("metric \(entry.metric)") }
    if let change = entry.change {
      let percent = ((change.ratio - 1) * 1_000).rounded() / 10
      let width = (expm1(change.tolerance) * 1_000).rounded() / 10
      words.append("expected \(percent > 0 ? "+" : "")\(percent)% within \(width)%")
    }
    if !entry.name.isEmpty { words.append(entry.name) }
    return oneLine(words.joined(separator: "  "))
  }

  private static func instant(_ second: Int64) -> String {
    let day = CivilDate(dayIndex: Int(second / 86_400))
    let rest = second % 86_400
    let digits = [rest / 3_600, rest % 3_600 / 60, rest % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return "\(day)T\(digits.joined(separator: ":"))Z"
  }
}

extension ClosedRange<CivilDate> {
  /// How many days there are.
  fileprivate var count: Int { upperBound.dayIndex - lowerBound.dayIndex + 1 }
}
