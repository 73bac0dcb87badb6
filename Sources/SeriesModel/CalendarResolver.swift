/// The calendar as a scan asks it: bucket after bucket, of many series each.
///
/// Customers of one region, segment and zone get one answer a bucket, worked out once; only those
/// of whom an entry speaks by name stand alone. On an ordinary day nothing is worked out at all.
public struct CalendarResolver: Sendable {
  /// Customers of whom the calendar can only speak alike.
  private struct Group: Sendable, Hashable {
    let region: String
    let segment: String
    let zone: String
    /// The external id of a customer that is named in the calendar, or empty.
    let customer: String
  }

  /// What is said of a group: of all metrics alike, or of each one.
  private enum Answer: Sendable {
    case alike(BucketCalendarEntry)
    case each([BucketCalendarEntry])
  }

  private let calendar: BusinessCalendar
  private let metrics: [(name: String, key: String)]
  private let groups: [Group]
  private let groupOf: [Int]
  private let zones: [Zone]
  private let zoneOf: [Int]

  /// The days of the candidates; hours of one day share them.
  private var days: ClosedRange<Int>?
  private var candidates: [CalendarEntry] = []
  private var answers: [Answer] = []

  /// Whether the calendar has nothing to say of any series in the bucket.
  public private(set) var isOrdinary = true

  /// Groups the customers.
  ///
  /// - Parameters:
  ///   - calendar: What is known.
  ///   - customers: Whom will be asked about, by their place.
  ///   - metrics: What will be asked about, by its place.
  ///   - zone: The zone of a name; empty is the organisation's.
  public init(
    _ calendar: BusinessCalendar, customers: [Customer], metrics: [Metric],
    zone: (String) -> Zone
  ) {
    self.calendar = calendar
    self.metrics = metrics.map { ($0.name, $0.key) }
    var named: Set<String> = []
    for case .customer(let id) in calendar.entries.lazy.map(\.scope) { named.insert(id) }
    var groups: [Group] = []
    var places: [Group: Int] = [:]
    groupOf = customers.map { customer in
      let group = Group(
        region: customer.region, segment: customer.segment, zone: customer.zone,
        customer: named.contains(customer.externalID) ? customer.externalID : "")
      if let place = places[group] { return place }
      places[group] = groups.count
      groups.append(group)
      return groups.count - 1
    }
    self.groups = groups
    var zones: [Zone] = []
    var zonePlaces: [String: Int] = [:]
    zoneOf = groups.map { group in
      if let place = zonePlaces[group.zone] { return place }
      zonePlaces[group.zone] = zones.count
      zones.append(zone(group.zone))
      return zones.count - 1
    }
    self.zones = zones
  }

  /// Works out what the calendar says of a bucket; the answers stand until the next one.
  public mutating func enter(_ bucket: Bucket) {
    let first = bucket.startDate.dayIndex
    let days = first...first + (bucket.granularity == .week ? 6 : 0)
    if days != self.days {
      candidates = calendar.candidates(days)
      self.days = days
    }
    isOrdinary = true
    guard !candidates.isEmpty else { return }
    let shares = zones.map { zone in
      candidates.compactMap { entry -> BucketCalendarEntry.Active? in
        let share = entry.span.share(of: bucket, in: zone)
        return share > 0 ? .init(entry: entry, share: share) : nil
      }
    }
    guard shares.contains(where: { !$0.isEmpty }) else { return }
    answers = groups.indices.map { place in
      answer(groups[place], shares[zoneOf[place]], in: bucket.granularity)
    }
    isOrdinary = answers.allSatisfy { answer in
      switch answer {
      case .alike(let entry): entry.isOrdinary
      case .each(let entries): entries.allSatisfy(\.isOrdinary)
      }
    }
  }

  /// What the calendar says of a series in the bucket that was entered last.
  ///
  /// - Parameters:
  ///   - customer: The customer's place among those that were given.
  ///   - metric: The metric's place among those that were given.
  /// - Returns: What ``BusinessCalendar/day(of:customer:metric:zone:)`` would say.
  public func entry(customer: Int, metric: Int) -> BucketCalendarEntry {
    guard !isOrdinary else { return .ordinary }
    switch answers[groupOf[customer]] {
    case .alike(let entry): return entry
    case .each(let entries): return entries[metric]
    }
  }

  private func answer(
    _ group: Group, _ active: [BucketCalendarEntry.Active], in granularity: Granularity
  ) -> Answer {
    let own = active.filter { item in
      item.entry.scope.holds(
        region: group.region, segment: group.segment, customer: group.customer)
    }
    guard own.contains(where: { !$0.entry.metric.isEmpty }) else {
      return .alike(BucketCalendarEntry(own, in: granularity))
    }
    return .each(
      metrics.map { name, key in
        BucketCalendarEntry(
          own.lazy.filter { $0.entry.holds(metric: name, key: key) }, in: granularity)
      })
  }
}
