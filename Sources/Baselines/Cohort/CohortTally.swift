/// What the members of cohorts say of a bucket, before any of them has learned from it.
///
/// Tallies of parts are joined; the order in which they are joined changes nothing.
public struct CohortTally: Sendable, Hashable {
  /// What the members of one cohort say.
  struct Views: Sendable, Hashable {
    /// One a customer: the mean of its series.
    var logRatios: [Double] = []
    /// One a customer: the mean of its series.
    var seen: [Double] = []
    var expected: [Double] = []
    /// One a series, a list a lag.
    var drifts: [[Double]] = []
    /// One a series.
    var profiles: [[Float]] = []

    mutating func add(_ view: CohortView) {
      if drifts.count < view.drifts.count {
        drifts += Array(repeating: [], count: view.drifts.count - drifts.count)
      }
      for (place, drift) in view.drifts.enumerated() where !drift.isNaN {
        drifts[place].append(drift)
      }
      if !view.profile.isEmpty { profiles.append(view.profile) }
    }

    mutating func join(_ other: Views) {
      logRatios += other.logRatios
      seen += other.seen
      expected += other.expected
      if drifts.count < other.drifts.count {
        drifts += Array(repeating: [], count: other.drifts.count - drifts.count)
      }
      for (place, more) in other.drifts.enumerated() { drifts[place] += more }
      profiles += other.profiles
    }
  }

  private(set) var cohorts: [String: Views] = [:]

  /// A tally of nobody.
  public init() {}

  /// Adds the series of one customer.
  mutating func add(_ views: [CohortView], of cohort: String) {
    var sum = 0.0
    var count = 0
    var share = CohortView.Share(seen: 0, expected: 0)
    var shares = 0.0
    var tallied = cohorts.removeValue(forKey: cohort) ?? Views()
    for view in views {
      tallied.add(view)
      if let own = view.share {
        share.seen += own.seen
        share.expected += own.expected
        shares += 1
      }
      guard !view.logRatio.isNaN else { continue }
      sum += view.logRatio
      count += 1
    }
    if shares > 0 {
      tallied.seen.append(share.seen / shares)
      tallied.expected.append(share.expected / shares)
    }
    if count > 0 { tallied.logRatios.append(sum / Double(count)) }
    cohorts[cohort] = tallied
  }

  /// Adds another part's tally.
  public mutating func join(_ other: CohortTally) {
    for (cohort, views) in other.cohorts { cohorts[cohort, default: Views()].join(views) }
  }
}
