public import SeriesModel

/// When a person gets what was collected.
public struct DigestSchedule: Sendable, Hashable {
  /// How often.
  public enum Rhythm: Sendable, Hashable {
    /// Every day.
    case daily
    /// Every week on that day: 0 is Sunday, 6 is Saturday.
    case weekly(weekday: Int)
  }

  /// How often.
  public let rhythm: Rhythm

  /// Minutes since midnight, 0 to 1,439.
  public let minuteOfDay: Int

  /// Whose clock and calendar count.
  public let zone: Zone

  /// Checks the numbers.
  ///
  /// - Throws: ``AlertingError`` `badSchedule`.
  public init(_ rhythm: Rhythm, atMinute minuteOfDay: Int, zone: Zone) throws(AlertingError) {
    guard (0..<1_440).contains(minuteOfDay) else {
      throw AlertingError(.badSchedule, "a digest at minute \(minuteOfDay) is not within a day")
    }
    if case .weekly(let weekday) = rhythm, !(0...6).contains(weekday) {
      throw AlertingError(
        .badSchedule, "a digest on weekday \(weekday): 0 (Sunday) to 6 (Saturday) exist")
    }
    self.rhythm = rhythm
    self.minuteOfDay = minuteOfDay
    self.zone = zone
  }

  /// Reads `08:00` and, for a weekly one, `monday`.
  ///
  /// - Throws: ``AlertingError`` `badSchedule`.
  public init(at time: String, weekday: String? = nil, zone: Zone) throws(AlertingError) {
    var rhythm = Rhythm.daily
    if let weekday {
      let range = try WeekdayRange(parsing: weekday)
      guard range.days.count == 1, let day = range.days.first else {
        throw AlertingError(.badSchedule, "a weekly digest has one day, not '\(weekday)'")
      }
      rhythm = .weekly(weekday: day)
    }
    try self.init(rhythm, atMinute: try Alerting.minuteOfDay(time), zone: zone)
  }

  /// The first second after a moment at which it is due, both in seconds since 1970.
  ///
  /// A time of day that the clock skips is made up for when the clock has gone on; one that comes
  /// twice counts the first time only.
  public func nextDue(afterUnixSeconds moment: Int64) -> Int64 {
    // A change of the offset can take an instant to another day, so one day earlier is looked at.
    let local = moment + zone.offsetSeconds(atUnixSecond: moment)
    var dayIndex = Int(local / 86_400) - 2
    while true {
      dayIndex += 1
      // CivilDate counts from Monday.
      if case .weekly(let weekday) = rhythm,
        (CivilDate(dayIndex: dayIndex).weekday + 1) % 7 != weekday
      {
        continue
      }
      let due = zone.firstUnixSecond(
        atLocalSecond: Int64(dayIndex) * 86_400 + Int64(minuteOfDay) * 60)
      if due > moment { return due }
    }
  }
}
