/// What a calendar said and what it says now.
public struct CalendarChange: Sendable, Hashable {
  /// Days that a zone's clock may be off UTC's calendar, on each side.
  private static let marginDays = 2

  /// As it was.
  public let old: BusinessCalendar

  /// As it is.
  public let new: BusinessCalendar

  /// What was said of the entries that were put, changed or removed, before and after.
  public let entries: [CalendarEntry]

  /// Gathers a change.
  public init(old: BusinessCalendar, new: BusinessCalendar, entries: [CalendarEntry]) {
    self.old = old
    self.new = new
    self.entries = entries.sorted {
      ($0.span.days.lowerBound, $0.id) < ($1.span.days.lowerBound, $1.id)
    }
  }

  /// The part of it that speaks of more than one customer.
  public var beyondCustomers: CalendarChange {
    func isWide(_ entry: CalendarEntry) -> Bool {
      if case .customer = entry.scope { return false }
      return true
    }
    return CalendarChange(
      old: BusinessCalendar(old.entries.filter(isWide)),
      new: BusinessCalendar(new.entries.filter(isWide)), entries: entries.filter(isWide))
  }

  /// The buckets that it may touch, whatever the zone, by rising index and up to a last one.
  public func buckets(_ granularity: Granularity, through last: Int32) -> [Int32] {
    var touched: Set<Int32> = []
    for entry in entries {
      let days = entry.span.days
      let from = Int64(days.lowerBound.dayIndex - Self.marginDays) * 86_400
      let through = Int64(days.upperBound.dayIndex + Self.marginDays + 1) * 86_400 - 1
      guard let first = Bucket(granularity, holdingUnixSecond: from)?.index,
        let end = Bucket(granularity, holdingUnixSecond: through)?.index, first <= last
      else { continue }
      touched.formUnion(first...min(end, last))
    }
    return touched.sorted()
  }

  /// The names of what it says of a customer, or of anybody where it says nothing of that one.
  public func names(for customer: Customer) -> [String] {
    let own = entries.filter { entry in
      entry.scope.holds(
        region: customer.region, segment: customer.segment, customer: customer.externalID)
    }
    var names: [String] = []
    for entry in own.isEmpty ? entries : own where !names.contains(entry.name) {
      names.append(entry.name)
    }
    return names
  }
}
