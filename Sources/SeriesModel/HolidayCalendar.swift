/// The holidays of each region, as civil dates.
public struct HolidayCalendar: Sendable, Hashable {
  private var days: [String: Set<Int>] = [:]

  /// A calendar without holidays.
  public init() {}

  /// Adds a holiday of a region.
  public mutating func add(_ date: CivilDate, region: String) {
    days[region, default: []].insert(date.dayIndex)
  }

  /// Whether a bucket begins on a holiday of the region; a week is no holiday.
  public func isHoliday(_ bucket: Bucket, region: String) -> Bool {
    guard bucket.granularity != .week, let holidays = days[region] else { return false }
    return holidays.contains(bucket.startDate.dayIndex)
  }

  /// How many holidays there are in all regions together.
  public var count: Int { days.values.reduce(0) { $0 + $1.count } }
}
