public import SeriesModel

extension CalendarChange {
  /// The first bucket of each series whose flags are others than they were; nil where none are.
  ///
  /// - Parameters:
  ///   - granularity: The length of the buckets.
  ///   - through: For each series the last bucket to look at.
  ///   - customers: Whom the series speak of.
  ///   - metrics: What they speak of.
  ///   - members: For each series the places of its customer and its metric.
  ///   - zone: The zone of a name; empty is the organisation's.
  /// - Returns: A bucket or nil for each series.
  public func firstDifferences(
    _ granularity: Granularity, through: [Int32], customers: [Customer], metrics: [Metric],
    members: [(customer: Int, metric: Int)], zone: (String) -> Zone
  ) -> [Int32?] {
    var found = [Int32?](repeating: nil, count: members.count)
    guard let last = through.max(), !entries.isEmpty else { return found }
    var before = CalendarResolver(old, customers: customers, metrics: metrics, zone: zone)
    var after = CalendarResolver(new, customers: customers, metrics: metrics, zone: zone)
    for index in buckets(granularity, through: last) {
      let bucket = Bucket(granularity, index)
      before.enter(bucket)
      after.enter(bucket)
      if before.isOrdinary, after.isOrdinary { continue }
      for (place, member) in members.enumerated() where found[place] == nil {
        guard index <= through[place] else { continue }
        let old = before.entry(customer: member.customer, metric: member.metric)
        let new = after.entry(customer: member.customer, metric: member.metric)
        if EvidenceFlags(old) != EvidenceFlags(new) { found[place] = index }
      }
    }
    return found
  }
}
