/// The holidays and the known events of an organisation.
///
/// Entries are sorted by their first day, so that those of a bucket are found without a walk over
/// all others.
public struct BusinessCalendar: Sendable, Hashable {
  /// Days that a zone's clock and an hour's end may be off UTC's calendar, on each side.
  private static let marginDays = 2

  /// The days of an entry with the margin, and the latest day of any entry up to it.
  private struct Reach: Sendable, Hashable {
    let first: Int
    let last: Int
    var latest: Int
  }

  /// The entries by their first day, then by their id.
  public private(set) var entries: [CalendarEntry]
  private var reaches: [Reach] = []

  /// Orders entries; of several with one id the last one counts.
  public init(_ entries: some Sequence<CalendarEntry> = []) {
    var byID: [String: CalendarEntry] = [:]
    for entry in entries { byID[entry.id] = entry }
    self.entries = byID.values.sorted { left, right in
      (left.span.days.lowerBound, left.id) < (right.span.days.lowerBound, right.id)
    }
    measure()
  }

  /// Adds a holiday of a region.
  public mutating func add(_ date: CivilDate, region: String) {
    self = BusinessCalendar(entries + [CalendarEntry(holiday: date, region: region)])
  }

  /// How many entries there are.
  public var count: Int { entries.count }

  /// Whether a bucket begins on a holiday of the region by the zone's clock; a week is no holiday.
  ///
  /// Only what holds for all metrics and customers of the region counts.
  public func isHoliday(_ bucket: Bucket, region: String, zone: Zone = .utc) -> Bool {
    candidates(for: bucket).contains { entry in
      guard entry.kind == .holiday, entry.metric.isEmpty else { return false }
      switch entry.scope {
      case .organisation: break
      case .region(let name) where name == region: break
      case .region, .segment, .customer: return false
      }
      let share = entry.span.share(of: bucket, in: zone)
      return BucketCalendarEntry(
        CollectionOfOne(.init(entry: entry, share: share)), in: bucket.granularity
      ).isHoliday
    }
  }

  /// What the calendar says of one series in one bucket.
  ///
  /// - Parameters:
  ///   - bucket: The bucket.
  ///   - customer: Whose series it is.
  ///   - metric: What it speaks of.
  ///   - zone: The customer's zone, or the organisation's where it has none.
  /// - Returns: Whether it is a holiday, and the known event that decides.
  public func day(
    of bucket: Bucket, customer: Customer, metric: Metric, zone: Zone
  ) -> BucketCalendarEntry {
    let found = candidates(for: bucket).filter { entry in
      entry.scope.holds(
        region: customer.region, segment: customer.segment, customer: customer.externalID)
        && entry.holds(metric: metric.name, key: metric.key)
    }
    return BucketCalendarEntry(
      found.lazy.map { .init(entry: $0, share: $0.span.share(of: bucket, in: zone)) },
      in: bucket.granularity)
  }

  /// The entries that may touch a bucket in some zone.
  func candidates(for bucket: Bucket) -> [CalendarEntry] {
    let first = bucket.startDate.dayIndex
    return candidates(first...first + (bucket.granularity == .week ? 6 : 0))
  }

  /// The entries that may touch some days in some zone.
  func candidates(_ days: ClosedRange<Int>) -> [CalendarEntry] {
    var low = 0
    var high = reaches.count
    while low < high {
      let middle = (low + high) / 2
      if reaches[middle].first <= days.upperBound { low = middle + 1 } else { high = middle }
    }
    var found: [CalendarEntry] = []
    while low > 0, reaches[low - 1].latest >= days.lowerBound {
      low -= 1
      if reaches[low].last >= days.lowerBound { found.append(entries[low]) }
    }
    return found
  }

  private mutating func measure() {
    reaches.removeAll(keepingCapacity: true)
    reaches.reserveCapacity(entries.count)
    for entry in entries {
      let days = entry.span.days
      let last = days.upperBound.dayIndex + Self.marginDays
      reaches.append(
        Reach(
          first: days.lowerBound.dayIndex - Self.marginDays, last: last,
          latest: max(last, reaches.last?.latest ?? last)))
    }
  }
}
