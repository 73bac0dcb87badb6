extension Granularity {
  /// The length of a bucket in seconds; civil buckets are this long but for daylight saving.
  public var seconds: Int64 {
    switch self {
    case .fiveMinutes: 300
    case .hour: 3_600
    case .day: 86_400
    case .week: 604_800
    }
  }
}

extension Bucket: CustomStringConvertible {
  /// The bucket that holds an instant, on UTC's calendar; nil outside the range of an index.
  public init?(_ granularity: Granularity, holdingUnixSecond second: Int64) {
    let shifted =
      granularity == .week ? second.addingReportingOverflow(3 * 86_400) : (second, false)
    guard !shifted.1 else { return nil }
    let index = floorDivide(Int(shifted.0), Int(granularity.seconds))
    guard let narrow = Int32(exactly: index) else { return nil }
    self.init(granularity, narrow)
  }

  /// The first second of the bucket, where its calendar is UTC's.
  public var startUnixSecond: Int64 {
    let shift: Int64 = granularity == .week ? 3 * 86_400 : 0
    return Int64(index) * granularity.seconds - shift
  }

  /// The civil date on which the bucket begins.
  public var startDate: CivilDate {
    CivilDate(dayIndex: floorDivide(Int(startUnixSecond), 86_400))
  }

  /// The place in the season, from 0: Monday is 0, the first hour of a day is 0.
  public var seasonSlot: Int {
    switch granularity {
    case .fiveMinutes, .hour: floorRemainder(Int(index), granularity.seasonLength)
    case .day: floorRemainder(Int(index) + 3, 7)
    case .week: 0
    }
  }

  /// As people write it: `2013-02-08`, `2013-W06` or `2013-02-08T13:05Z`.
  public var description: String {
    switch granularity {
    case .day: return startDate.description
    case .week: return ISOWeek(weekIndex: Int(index)).description
    case .hour, .fiveMinutes:
      let second = floorRemainder(Int(startUnixSecond), 86_400)
      return "\(startDate)T\(padded(second / 3_600, 2)):\(padded(second % 3_600 / 60, 2))Z"
    }
  }
}
