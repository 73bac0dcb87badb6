/// When an entry of the calendar is: whole civil days, or from one instant to another.
public enum CalendarSpan: Sendable, Hashable {
  /// From the first day to the last one, both included, each by the customer's own clock.
  case days(ClosedRange<CivilDate>)

  /// Seconds since 1970-01-01T00:00:00Z, the same moment for everyone.
  case instants(Range<Int64>)

  /// The days of UTC's calendar that it touches.
  public var days: ClosedRange<CivilDate> {
    switch self {
    case .days(let days): days
    case .instants(let seconds):
      Self.day(
        holding: seconds.lowerBound)...Self.day(
          holding: max(seconds.lowerBound, seconds.upperBound - 1))
    }
  }

  /// How much of a bucket lies within, from 0 to 1.
  ///
  /// Days and weeks are those of the zone's clock. An hour or 5 minutes belongs to the civil day on
  /// which it begins by that clock, so that it is in or out of a span of days as a whole.
  public func share(of bucket: Bucket, in zone: Zone) -> Double {
    switch self {
    case .days(let days):
      let span = days.lowerBound.dayIndex...days.upperBound.dayIndex
      switch bucket.granularity {
      case .day: return span.contains(Int(bucket.index)) ? 1 : 0
      case .week:
        let monday = bucket.startDate.dayIndex
        let from = max(span.lowerBound, monday)
        let through = min(span.upperBound, monday + 6)
        return through < from ? 0 : Double(through - from + 1) / 7
      case .hour, .fiveMinutes:
        return span.contains(zone.date(atUnixSecond: bucket.startUnixSecond).dayIndex) ? 1 : 0
      }
    case .instants(let span):
      let seconds = zone.seconds(of: bucket)
      let shared = seconds.clamped(to: span)
      return seconds.isEmpty ? 0 : Double(shared.count) / Double(seconds.count)
    }
  }

  private static func day(holding second: Int64) -> CivilDate {
    CivilDate(dayIndex: floorDivide(Int(second), 86_400))
  }
}

extension Zone {
  /// The date that the zone's clock shows at an instant.
  public func date(atUnixSecond second: Int64) -> CivilDate {
    CivilDate(dayIndex: floorDivide(Int(second + offsetSeconds(atUnixSecond: second)), 86_400))
  }

  /// The first instant at which the zone's clock shows a second of local time, counted from
  /// 1970-01-01T00:00:00 of that clock.
  ///
  /// A time that the clock leaps over in spring is read as if it had not leaped yet, as RFC 5545
  /// does.
  public func unixSecond(ofLocalSecond local: Int64) -> Int64 {
    let before = offsetSeconds(atUnixSecond: local - 86_400)
    let first = local - before
    if offsetSeconds(atUnixSecond: first) == before { return first }
    let after = offsetSeconds(atUnixSecond: local + 86_400)
    return offsetSeconds(atUnixSecond: local - after) == after ? local - after : first
  }

  /// The instants of a bucket: civil days and weeks by this zone's clock, where a day may have 23 or
  /// 25 hours; hours and 5 minutes by UTC.
  public func seconds(of bucket: Bucket) -> Range<Int64> {
    let start = bucket.startUnixSecond
    let end = start + bucket.granularity.seconds
    switch bucket.granularity {
    case .hour, .fiveMinutes: return start..<end
    case .day, .week:
      return unixSecond(ofLocalSecond: start)..<unixSecond(ofLocalSecond: end)
    }
  }
}
