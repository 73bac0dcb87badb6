/// Whom and what an anomaly speaks of beside its own series, and who speaks for it.
public struct Reach: Sendable, Hashable {
  /// How much of the house it speaks of.
  public var scope: AnomalyScope
  /// The anomaly that speaks for it; nil where it speaks for itself.
  public var leader: AnomalyID?
  /// The metrics that take part, by name; at most ``membersMax`` of them.
  public var members: [String]
  /// How many series take part.
  public var memberCount: Int
  /// How many series of the customer were judged, or customers of the cohort.
  public var seriesCount: Int

  /// The most names that are kept.
  public static let membersMax = 50

  /// Gathers it; the defaults are those of a series that speaks for itself.
  public init(
    scope: AnomalyScope = .series, leader: AnomalyID? = nil, members: [String] = [],
    memberCount: Int = 0, seriesCount: Int = 0
  ) {
    self.scope = scope
    self.leader = leader
    self.members = members
    self.memberCount = memberCount
    self.seriesCount = seriesCount
  }
}
