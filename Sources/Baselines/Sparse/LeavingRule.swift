/// When it is likely enough that a customer leaves or does less than half of what it did.
///
/// What is compared is minus the log of the chance that it goes on. A customer that has been silent
/// for nearly a quarter is told of though it may well come back, for later is too late to act.
public struct LeavingRule: Sendable, Hashable {
  /// From so many buckets of silence on.
  public let silentThreshold: Double
  /// The buckets.
  public let silentBuckets: Int

  /// From so many buckets of silence on, the last ones in which to act.
  public let lateThreshold: Double
  /// The buckets.
  public let lateBuckets: Int

  /// Chances of 60 and 35 in a hundred.
  static let week = LeavingRule(
    silentThreshold: 0.916, silentBuckets: 3, lateThreshold: 0.431, lateBuckets: 12)

  /// What must be passed after so many buckets of silence; nothing passes before there are enough.
  public func threshold(silentBuckets run: Int, scale: Double) -> Double {
    guard run >= silentBuckets else { return .infinity }
    return (run >= lateBuckets ? lateThreshold : silentThreshold) * scale
  }
}
