/// What one bucket did to a cohort as a whole: customers that are compared with each other.
///
/// A row is made once, from what was known of every member before the bucket, and never changes:
/// whoever judges a member again with the same row comes to the same result, whichever customers
/// have come or gone since.
public struct CohortRow: Sendable, Hashable {
  /// The cohort's name; empty for the whole organisation.
  public var cohort: String

  /// By how much every member is expected to differ from its own normal, as a log ratio; 0 where
  /// the cohort is too small or too much at odds to tell.
  public var shift: Double

  /// The median of the members' log ratios as it was seen.
  public var effect: Double

  /// The first bucket of the platform event that the bucket belongs to; nil where it is none.
  ///
  /// What is seen in such a bucket says nothing of any single customer.
  public var outageSince: Int32?

  /// How far beyond the threshold the platform event is, 1 or more; 0 where there is none.
  public var score: Double

  /// How many customers the row was made from.
  public var members: Int

  /// By how much the members' levels have drifted over each of the lags that the model looks
  /// back by, as the median of log ratios.
  public var drifts: [Double]

  /// One factor a slot of the season, with a mean of 1; empty where none is known yet.
  public var profile: [Float]

  /// Gathers a row.
  public init(
    cohort: String, shift: Double = 0, effect: Double = 0, outageSince: Int32? = nil,
    score: Double = 0, members: Int = 0, drifts: [Double] = [], profile: [Float] = []
  ) {
    self.cohort = cohort
    self.shift = shift
    self.effect = effect
    self.outageSince = outageSince
    self.score = score
    self.members = members
    self.drifts = drifts
    self.profile = profile
  }
}
