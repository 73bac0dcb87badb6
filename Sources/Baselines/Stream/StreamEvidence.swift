/// What is out of the ordinary about a value of a stream.
public enum StreamChange: UInt8, Sendable, Hashable, CaseIterable {
  /// Nothing.
  case none = 0
  /// Lower than usual.
  case down = 1
  /// Higher than usual.
  case up = 2
  /// Livelier than usual, around the same middle.
  case unrest = 3
  /// Calmer than usual: the values hardly move any more.
  case flat = 4
}

/// One value of a stream beside what was usual.
public struct StreamEvidence: Sendable, Hashable {
  /// Values learned from before this one.
  public var age: Int
  /// The value.
  public var observed: Double
  /// The median of the values before the longest window that could be filled.
  public var expected: Double
  /// The standard deviation of these values.
  public var deviation: Double
  /// By how much all measurements together go beyond their records, as a logarithm, less what the
  /// series is used to; 0 where nothing is out of the ordinary or the same has been told already.
  public var score: Double
  /// What is out of the ordinary.
  public var change: StreamChange
  /// In how many newest values it shows most; 0 without a change.
  public var length: Int

  /// Gathers the numbers.
  public init(
    age: Int, observed: Double, expected: Double, deviation: Double, score: Double,
    change: StreamChange, length: Int
  ) {
    self.age = age
    self.observed = observed
    self.expected = expected
    self.deviation = deviation
    self.score = score
    self.change = change
    self.length = length
  }
}
