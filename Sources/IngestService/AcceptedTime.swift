internal import SeriesModel

/// The buckets that points may lie in.
struct AcceptedTime: Sendable {
  private let first: Int64
  private let last: Int64

  /// From the first second of a date to so many seconds after now.
  init(oldest: CivilDate, futureSeconds: Double, nowUnixSecond: Int64) {
    first = Int64(oldest.dayIndex) * 86_400
    last = nowUnixSecond + Int64(futureSeconds)
  }

  /// The accepted indices of a granularity.
  ///
  /// Civil buckets may differ from UTC's by a day, so their range is a bucket wider at each end.
  func buckets(_ granularity: Granularity) -> ClosedRange<Int32> {
    let slack: Int32 = granularity == .day || granularity == .week ? 1 : 0
    let lower = Bucket(granularity, holdingUnixSecond: first)?.index ?? 0
    let upper = Bucket(granularity, holdingUnixSecond: last)?.index ?? 0
    return min(lower - slack, upper)...(upper + slack)
  }

  /// Whether an instant is accepted.
  func contains(unixSecond second: Int64) -> Bool { second >= first && second <= last }
}
