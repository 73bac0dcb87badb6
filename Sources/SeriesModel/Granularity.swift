/// The length of a bucket.
public enum Granularity: UInt8, Sendable, Hashable, CaseIterable {
  case fiveMinutes = 1
  case hour = 2
  case day = 3
  case week = 4

  /// The word used in settings, files and the command line.
  public var name: String {
    switch self {
    case .fiveMinutes: "5min"
    case .hour: "hour"
    case .day: "day"
    case .week: "week"
    }
  }

  /// The granularity of that word, or nil for another word.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  /// How many buckets one stored chunk holds: a day of 5 minutes, a week of hours, a month of days
  /// (31 slots, so that a chunk begins at a calendar month), a year of weeks (53 slots).
  public var slotsPerChunk: Int {
    switch self {
    case .fiveMinutes: 288
    case .hour: 168
    case .day: 31
    case .week: 53
    }
  }

  /// How many buckets make one season: a week of days, a day of hours, a day of 5 minutes.
  ///
  /// Weeks have no season shorter than a year, so theirs is 1.
  public var seasonLength: Int {
    switch self {
    case .fiveMinutes: 288
    case .hour: 24
    case .day: 7
    case .week: 1
    }
  }
}
