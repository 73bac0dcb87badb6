internal import Foundation

/// Numbers that look random and are the same in every run.
///
/// The generator of Steele, Lea and Flood. It begins at the mixed seed: at a multiple of its own
/// step, each seed would give the numbers of the seed before it, one place later.
public struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  /// Begins at a seed; any two seeds give numbers that have nothing to do with one another.
  public init(_ seed: UInt64) { state = Self.mixed(seed &+ Self.gap) }

  private static let gap: UInt64 = 0x9e37_79b9_7f4a_7c15

  private static func mixed(_ word: UInt64) -> UInt64 {
    var word = word
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state = state &+ Self.gap
    return Self.mixed(state)
  }

  /// From 0 to 1.
  public mutating func share() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Nearly normal, by the sum of twelve.
  public mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += share() }
    return sum
  }

  /// A count with that mean and Poisson's spread.
  public mutating func count(mean: Double) -> Double {
    if mean > 30 { return max(0, (mean + mean.squareRoot() * normal()).rounded()) }
    let limit = exp(-mean)
    var product = share()
    var count = 0.0
    while product > limit {
      count += 1
      product *= share()
    }
    return count
  }
}

/// A history of daily counts with a working week.
public func workingWeek(days: Int, level: Double, seed: UInt64) -> [Double] {
  var numbers = SeededNumbers(seed)
  let profile = [1.2, 1.25, 1.3, 1.2, 1.1, 0.5, 0.45]
  return (0..<days).map { day in numbers.count(mean: level * profile[day % 7]) }
}
