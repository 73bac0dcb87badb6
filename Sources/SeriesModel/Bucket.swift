/// One interval of the time line, the same for all series of a granularity.
///
/// Daily and weekly buckets are civil: day 0 is 1970-01-01 and week 0 is the week of Monday
/// 1969-12-29, in the zone of the organisation or the customer. Hourly and 5-minute buckets are
/// counted from 1970-01-01T00:00:00Z.
public struct Bucket: Sendable, Hashable, Comparable {
  /// The length of the interval.
  public let granularity: Granularity

  /// Whole intervals since the first one.
  public let index: Int32

  /// Names the interval by its place.
  public init(_ granularity: Granularity, _ index: Int32) {
    self.granularity = granularity
    self.index = index
  }

  /// Earlier before later; only buckets of one granularity are compared.
  public static func < (left: Bucket, right: Bucket) -> Bool {
    precondition(left.granularity == right.granularity, "buckets of two granularities")
    return left.index < right.index
  }
}
