/// Where a bucket lies at rest: a chunk and a place in it.
///
/// A chunk is a year of weeks, a calendar month of days, a week of hours or a day of 5 minutes. It
/// is named by the index of its first bucket, so that first bucket and slot add up to the bucket.
public struct ChunkAddress: Sendable, Hashable {
  /// The index of the chunk's first bucket.
  public let start: Int32

  /// The place of the bucket in the chunk, from 0.
  public let slot: Int

  /// The address of a bucket.
  public init(_ bucket: Bucket) {
    start = Self.chunk(holding: bucket).lowerBound
    slot = Int(bucket.index - start)
  }

  /// The indices of all buckets that lie in the same chunk as this one.
  ///
  /// Chunks of days have 28 to 31 buckets; the slots after them stay empty.
  public static func chunk(holding bucket: Bucket) -> Range<Int32> {
    switch bucket.granularity {
    case .day:
      let date = CivilDate(dayIndex: Int(bucket.index))
      let start = bucket.index - Int32(date.day - 1)
      return start..<start + Int32(Self.days(inMonth: date.month, of: date.year))
    case .fiveMinutes, .hour, .week:
      let length = bucket.granularity.slotsPerChunk
      let start = Int32(floorDivide(Int(bucket.index), length) * length)
      return start..<start + Int32(length)
    }
  }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
