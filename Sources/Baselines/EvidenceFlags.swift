/// What is special about one row of evidence.
public struct EvidenceFlags: OptionSet, Sendable, Hashable {
  /// The bits, as they stand in the contract.
  public let rawValue: UInt32

  /// Wraps the bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The series has not been seen for long enough to be judged fully.
  public static let learning = EvidenceFlags(rawValue: 1)
  /// The bucket has no value.
  public static let missing = EvidenceFlags(rawValue: 2)
  /// Judged on arrival, before the bucket closed.
  public static let provisional = EvidenceFlags(rawValue: 4)
  /// A holiday of the customer's region.
  public static let holiday = EvidenceFlags(rawValue: 8)
  /// The whole cohort was down.
  public static let outage = EvidenceFlags(rawValue: 16)
  /// Zeros are common in the series and are no drop.
  public static let hurdle = EvidenceFlags(rawValue: 32)
  /// The bucket was so far out that nothing was learned from it.
  public static let contaminated = EvidenceFlags(rawValue: 64)
  /// The level was set anew at this bucket, after a lasting change.
  public static let reanchored = EvidenceFlags(rawValue: 128)
}
