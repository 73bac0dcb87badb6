/// What the calendar says of one series in one bucket.
public struct BucketCalendarEntry: Sendable, Hashable {
  /// What is expected of a known event in this bucket.
  public struct KnownEvent: Sendable, Hashable {
    /// The entry of the calendar.
    public let id: String

    /// What kind of thing it is.
    public let kind: CalendarKind

    /// The change expected of the whole bucket, or nil when it is unknown.
    public let change: ExpectedChange?
  }

  /// A day without a word in the calendar.
  public static let ordinary = BucketCalendarEntry(isHoliday: false, knownEvent: nil)

  /// The least part of a bucket that an event must cover to be worth a word.
  ///
  /// What covers less moves the whole by less than ordinary days differ: ten minutes of maintenance
  /// do not keep a day from being judged.
  static let shareLeast = 0.1

  /// Whether the bucket lies on a holiday; a week never does.
  public let isHoliday: Bool

  /// The known event that decides, or nil without any.
  public let knownEvent: KnownEvent?

  /// Whether the calendar has nothing to say.
  public var isOrdinary: Bool { !isHoliday && knownEvent == nil }

  private init(isHoliday: Bool, knownEvent: KnownEvent?) {
    self.isHoliday = isHoliday
    self.knownEvent = knownEvent
  }

  /// An entry that holds for a bucket, with the part of the bucket that it covers.
  struct Active: Sendable {
    let entry: CalendarEntry
    let share: Double
  }

  /// Puts together what the entries of one series say of a bucket.
  ///
  /// Any holiday makes a holiday. Of known events the narrowest scope decides, whatever wider ones
  /// expect; among equals what is unknown beats what is expected, then the larger part decides, then
  /// the order of ids, so that the answer does not depend on the order of entries.
  init(_ active: some Sequence<Active>, in granularity: Granularity) {
    var isHoliday = false
    var decisive: Active?
    for item in active where item.share >= Self.shareLeast {
      if item.entry.kind == .holiday {
        if granularity != .week, item.share >= 0.5 { isHoliday = true }
        // A holiday of which nothing is expected has said all that it has to say.
        if item.entry.change == nil { continue }
      }
      if let known = decisive, !Self.decides(item, over: known) { continue }
      decisive = item
    }
    self.init(
      isHoliday: isHoliday,
      knownEvent: decisive.map { item in
        KnownEvent(
          id: item.entry.id, kind: item.entry.kind, change: item.entry.change?.covering(item.share))
      })
  }

  private static func decides(_ item: Active, over other: Active) -> Bool {
    let (ranks, others) = (item.entry.rank, other.entry.rank)
    if ranks != others { return ranks > others }
    if (item.entry.change == nil) != (other.entry.change == nil) { return item.entry.change == nil }
    if item.share != other.share { return item.share > other.share }
    return item.entry.id < other.entry.id
  }
}
