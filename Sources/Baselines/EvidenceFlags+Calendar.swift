public import SeriesModel

extension EvidenceFlags {
  /// What a row says of the calendar.
  ///
  /// A known event keeps its bucket from being tested and learned from as a holiday does, whether a
  /// change is expected of it or not: the models do not take an expectation yet.
  public init(_ entry: BucketCalendarEntry) {
    self = entry.isOrdinary ? [] : .holiday
  }
}
