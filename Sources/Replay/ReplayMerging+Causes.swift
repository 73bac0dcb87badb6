internal import Classification
internal import Detection
internal import SeriesModel

extension ReplayMerging {
  /// Ranks what may be behind the anomaly of the watched series, if it goes on or begins.
  mutating func noteCauses(
    _ findings: FindingsBatch, _ members: [Int], rows: Range<Int>
  ) {
    guard let watched, let row = rows.first(where: { members[$0] == watched }) else { return }
    let live = watchedDecisions.compactMap(\.made.decision.episode).last { episode in
      episode.state.isActive && episode.endBucket == findings.bucket.index
    }
    guard let live else { return }
    let companions = rows.flatMap { row in
      let metric = findings.metrics[Int(findings.metricIndex[row])]
      return Direction.allCases.compactMap { known[members[row]][$0] }
        .map { CauseFacts.Companion(metric, $0) }
    }
    let customer = findings.customers[Int(findings.customerIndex[row])]
    let metric = findings.metrics[Int(findings.metricIndex[row])]
    let lately = places(of: customerOf[watched], near: watched).count {
      Int64(findings.bucket.index) - Int64(lastBuckets[$0]) <= 7
    }
    watchedCauses = rankedCauses(
      CauseFacts(
        findings, row: row, episode: live, known: companions, events: events,
        shared: SharedMovements(findings).movement(of: customer, metric, live.direction),
        seriesCount: lately))
  }
}
