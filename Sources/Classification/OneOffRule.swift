internal import Detection
internal import SeriesModel

/// When one bucket alone is no news: such a one came to the series before, was over in the next
/// bucket and had no consequences.
///
/// Only the latest anomaly to that side counts, and only if it stood alone: a one-off after something
/// that lasted is told, and so is one after what the customer went through as a whole. The
/// next bucket decides: when it is out of the ordinary too, the anomaly is raised from its first
/// bucket on. What is critical already, and what a static rule says, is told at once; so is what a
/// stream of 5 minutes shows, whose test holds it against all earlier ones itself.
public struct OneOffRule: Sendable, Hashable {
  /// Up to how many times the magnitude of the earlier one another is like it.
  public var similarMagnitude: Double

  /// For how many days an earlier one counts; 0 turns the rule off.
  public var days: Int64

  /// Sets the rule.
  public init(similarMagnitude: Double = 1.25, days: Int64 = 180) {
    self.similarMagnitude = similarMagnitude
    self.days = days
  }

  /// Whether an anomaly that would open with a finding is held back for now.
  func holds(
    _ opened: Episode, _ finding: Finding, after previous: Episode, _ traits: SeriesTraits
  ) -> Bool {
    guard traits.granularity != .fiveMinutes, finding.rule.isEmpty,
      finding.kind == .drop || finding.kind == .spike, finding.startBucket == finding.endBucket,
      opened.severity < .critical,
      previous.state == .resolved, previous.standing == .own, previous.countedBuckets == 1
    else { return false }
    let age = Int64(finding.startBucket) - Int64(previous.endBucket)
    return age <= buckets(traits.granularity)
      && opened.magnitude(traits.kind) <= previous.magnitude(traits.kind) * similarMagnitude
  }

  private func buckets(_ granularity: Granularity) -> Int64 {
    switch granularity {
    case .fiveMinutes: 0
    case .hour: days * 24
    case .day: days
    case .week: days / 7
    }
  }
}
