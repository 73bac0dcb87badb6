/// A 64-bit fingerprint of numbers, the same on every machine and in every release.
///
/// It tells rows apart, by chance alone; it guards against no one's intent.
public struct ContentHash: Sendable, Hashable {
  /// The fingerprint of what has been added so far.
  public private(set) var value: UInt64

  /// Goes on from a fingerprint.
  init(value: UInt64) { self.value = value }

  /// Begins from a seed.
  public init(seed: UInt64) { value = seed ^ 0x9e37_79b9_7f4a_7c15 }

  /// Adds a word.
  @inline(__always)
  public mutating func add(_ word: UInt64) {
    let product = (value ^ word).multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
    value = product.high ^ product.low ^ (word &* 0xe703_7ed1_a0b4_28db)
  }

  /// Adds a number by its bits; all NaN are one.
  @inline(__always)
  public mutating func add(_ number: Double) {
    add(number.isNaN ? 0x7ff8_0000_0000_0000 : number.bitPattern)
  }

  /// Adds a text, with its length.
  public mutating func add(_ text: String) {
    var word: UInt64 = 0
    var count: UInt64 = 0
    for byte in text.utf8 {
      word = word << 8 | UInt64(byte)
      count += 1
      if count.isMultiple(of: 8) {
        add(word)
        word = 0
      }
    }
    add(word)
    add(count)
  }
}
