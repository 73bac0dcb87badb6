import SeriesModel

extension CohortPass {
  /// From where on the calendar has changed what is known of more than one customer, or nil.
  ///
  /// It is written down before any row is made: a repeat finds rows that were made anew already, and
  /// would count them as those of before.
  func anew(_ run: ScanRun) async throws -> CohortTable.Anew? {
    guard run.state == .running, let last = try await loader.cohorts.lastBucket(run.granularity)
    else {
      return nil
    }
    let known = try await loader.cohorts.calendarSequence(run.granularity)
    guard known < run.calendarSequence else { return nil }
    let change = try await loader.calendar.table.change(
      after: known, through: run.calendarSequence
    ).beyondCustomers
    guard !change.entries.isEmpty else { return nil }
    let detail = RangeLoader.words(change.entries.map(\.name))
    if let begun = try await loader.cohorts.begun(run.granularity, run.calendarSequence, detail) {
      return begun
    }
    var first: Int32?
    for range in try await ScanRange.all(of: run, in: loader.runs.pool) {
      let own = try await loader.firstDifference(change, run, range.shards, through: last)
      first = [first, own].compactMap { $0 }.min()
    }
    guard let first else { return nil }
    let anew = CohortTable.Anew(
      first: max(first, limits.earliest(run.granularity, through: last)), last: last,
      revision: try await loader.cohorts.revision(run.granularity, from: first) + 1,
      calendarSequence: run.calendarSequence,
      detail: detail)
    try await loader.cohorts.begin(anew, run.granularity)
    return anew
  }
}
