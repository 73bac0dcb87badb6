/// When it is likely enough that a customer leaves or does less than half of what it did.
///
/// What is compared is minus the log of the chance that it goes on. A customer that has just acted
/// must be surer to do less than a silent one, and one that has been silent for a quarter is told
/// of at even chances, for later is too late to act.
public struct LeavingRule: Sendable, Hashable {
  /// At any time.
  public let threshold: Double

  /// From so many buckets of silence on.
  public let silentThreshold: Double
  /// The buckets.
  public let silentBuckets: Int

  /// From so many buckets of silence on, the last ones in which to act.
  public let lateThreshold: Double
  /// The buckets.
  public let lateBuckets: Int

  /// Chances of 75, 60 and 35 in a hundred.
  static let week = LeavingRule(
    threshold: 1.386, silentThreshold: 0.916, silentBuckets: 3, lateThreshold: 0.431,
    lateBuckets: 12)

  /// What must be passed after so many buckets of silence.
  public func threshold(silentBuckets run: Int, scale: Double) -> Double {
    let nominal =
      run >= lateBuckets ? lateThreshold : run >= silentBuckets ? silentThreshold : threshold
    return nominal * scale
  }
}
