public import SeriesModel

extension EvidenceFlags {
  /// What a row says of the calendar.
  ///
  /// A known event is marked as a holiday is, whether a change is expected of it or not: the models
  /// do not take an expectation yet.
  public init(_ entry: BucketCalendarEntry) {
    self = entry.isOrdinary ? [] : .holiday
  }
}
