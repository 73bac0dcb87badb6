internal import Glibc

/// What kind of thing the calendar knows of.
public enum CalendarKind: UInt8, Sendable, Hashable, CaseIterable {
  case holiday = 1
  case campaign = 2
  case migration = 3
  case maintenance = 4
  case outage = 5
  case other = 6

  /// The word used in files and on the command line.
  public var name: String {
    switch self {
    case .holiday: "holiday"
    case .campaign: "campaign"
    case .migration: "migration"
    case .maintenance: "maintenance"
    case .outage: "outage"
    case .other: "other"
    }
  }

  /// The kind of that word, or nil for another word.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}

/// Whose series an entry of the calendar speaks of.
public enum CalendarScope: Sendable, Hashable {
  case organisation
  case region(String)
  case segment(String)
  /// A customer by its external id.
  case customer(String)

  /// Grows as the scope gets narrower; the narrowest entry decides.
  var rank: Int {
    switch self {
    case .organisation: 0
    case .region: 1
    case .segment: 2
    case .customer: 3
    }
  }

  /// Whether the series of such a customer are meant.
  func holds(region: String, segment: String, customer: String) -> Bool {
    switch self {
    case .organisation: true
    case .region(let name): name == region
    case .segment(let name): name == segment
    case .customer(let id): id == customer
    }
  }
}

/// How much of the usual value is expected while a known event lasts.
public struct ExpectedChange: Sendable, Hashable {
  /// The tolerance where none is told: 22 % less to 28 % more than expected is as expected.
  public static let defaultTolerance = 0.25

  /// The expected value as a share of the usual one: 0.6 is 40 % less, 1.3 is 30 % more.
  public let ratio: Double

  /// How far the logarithm of the ratio may be off and still be what was expected.
  public let tolerance: Double

  /// Pairs a ratio with its tolerance.
  ///
  /// - Precondition: Both are finite and above zero.
  public init(ratio: Double, tolerance: Double = defaultTolerance) {
    precondition(ratio > 0 && ratio.isFinite, "a change is a ratio above zero")
    precondition(tolerance > 0 && tolerance.isFinite, "without tolerance nothing is as expected")
    self.ratio = ratio
    self.tolerance = tolerance
  }

  /// The natural logarithm of ``ratio``, to be added to the logarithm of what is usual.
  public var logRatio: Double { log(ratio) }

  /// What is left of the change in a bucket of which the event covers a part, from 0 to 1.
  ///
  /// The rest of the bucket is as usual, so a week with one day at 0.3 is expected at 0.9; the
  /// tolerance shrinks as the part does that is uncertain.
  func covering(_ share: Double) -> ExpectedChange {
    guard share < 1 else { return self }
    let whole = 1 - share + share * ratio
    return ExpectedChange(ratio: whole, tolerance: tolerance * share * ratio / whole)
  }
}

/// One entry of the calendar: a holiday or a known event.
public struct CalendarEntry: Sendable, Hashable {
  /// The name by which the entry is changed and removed.
  public var id: String

  /// What kind of thing it is.
  public var kind: CalendarKind

  /// As people call it.
  public var name: String

  /// Whose series it speaks of.
  public var scope: CalendarScope

  /// The name or the key of the only metric it speaks of; empty is all.
  public var metric: String

  /// When it is.
  public var span: CalendarSpan

  /// What is expected of it; nil when unknown, and then its buckets are neither tested nor learned
  /// from.
  public var change: ExpectedChange?

  /// Gathers an entry.
  public init(
    id: String, kind: CalendarKind, name: String, scope: CalendarScope = .organisation,
    metric: String = "", span: CalendarSpan, change: ExpectedChange? = nil
  ) {
    self.id = id
    self.kind = kind
    self.name = name
    self.scope = scope
    self.metric = metric
    self.span = span
    self.change = change
  }

  /// A holiday of a region.
  public init(holiday date: CivilDate, region: String, name: String = "") {
    self.init(
      id: "holiday/region=\(region)/\(date)", kind: .holiday, name: name,
      scope: .region(region), span: .days(date...date))
  }

  /// How narrow the entry is: the scope first, then whether it names a metric, then its dimensions.
  var rank: Int {
    scope.rank * 3 + (metric.isEmpty ? 0 : metric.utf8.contains(UInt8(ascii: "{")) ? 2 : 1)
  }

  /// Whether the metric is meant.
  func holds(metric name: String, key: String) -> Bool {
    metric.isEmpty || metric == name || metric == key
  }
}
