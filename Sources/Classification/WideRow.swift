internal import Baselines
internal import Detection
internal import Glibc
internal import SeriesModel

extension IncidentMerge {
  /// A row for the customer as a whole, in per cent of what is usual: the mean of the base metrics
  /// that are out of the ordinary, or of all of them where no base metric is; where none is out, of
  /// those whose level has followed, else of all that take part.
  func wideRow(_ out: [Int], of incident: Incident, from start: Int32?) -> JudgedRow {
    let bucket = merging.findings.bucket.index
    let members = places.filter { incident.metrics.contains(metric(ofPlace: $0).id) }
    let held = members.filter { settled[$0].made.decision.reason == .newLevel }
    let told = [out, held, members].first { !$0.isEmpty } ?? []
    let base = told.filter { !IncidentRules.isDerived(metric(ofPlace: $0)) }
    let shown = base.isEmpty ? told : base
    let following = out.filter {
      merging.findings.flags[settled[$0].made.row].contains(.reanchored)
    }
    var row = JudgedRow(
      bucket: bucket, revision: merging.findings.revision,
      flags: following.isEmpty || (following.count + held.count) * 2 < incident.metrics.count
        ? [] : .reanchored,
      observed: percent(shown.map { ownRatio(settled[$0].made.row) }), expected: 100,
      z: out.isEmpty ? 0 : 4 * merging.rules.bandDeviations * direction.sign)
    let found = shown.compactMap { place in
      merging.findings.findings.first {
        $0.row == settled[place].made.row && AnomalyType($0.kind).direction == direction
      }
    }
    guard let best = found.first else { return row }
    let observed = percent(found.map(\.logRatio))
    let starts = shown.compactMap { settled[$0].made.decision.episode?.startBucket }
    row.finding = Finding(
      row: best.row, kind: best.kind,
      startBucket: min(starts.min() ?? bucket, start ?? bucket, bucket), endBucket: bucket,
      observed: observed, expected: 100, score: found.map(\.score).max() ?? best.score,
      logRatio: log(max(observed, 0.5) / 100))
    return row
  }

  private func metric(ofPlace place: Int) -> Metric {
    merging.metric(ofRow: settled[place].made.row)
  }

  /// The mean of log ratios in per cent of what is usual.
  private func percent(_ ratios: [Double]) -> Double {
    let finite = ratios.filter(\.isFinite)
    if finite.isEmpty { return 100 }
    // Added in the order of their sizes, so that no other order gives another last digit.
    let mean = finite.sorted().reduce(0, +) / Double(finite.count)
    return 100 * exp(min(max(mean, -5), 5))
  }

  /// How far a row alone is from what was expected.
  private func ownRatio(_ row: Int) -> Double {
    let observed = merging.findings.observed[row]
    let expected = merging.findings.expected[row]
    switch merging.metric(ofRow: row).kind {
    case .count, .money:
      guard observed >= 0, expected >= 0 else { return .nan }
      return log((observed + 0.5) / (expected + 0.5))
    case .gauge, .ratio:
      let larger = max(observed.magnitude, expected.magnitude)
      return larger > 0 ? (observed - expected) / larger : 0
    }
  }
}
