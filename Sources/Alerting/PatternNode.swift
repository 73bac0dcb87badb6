/// A set of characters that one place of a pattern accepts.
struct ScalarSet: Hashable, Sendable {
  var ranges: [ClosedRange<UInt32>] = []
  var isInverted = false
  var ignoresCase = false

  init(_ ranges: [ClosedRange<UInt32>] = [], isInverted: Bool = false, ignoresCase: Bool = false) {
    self.ranges = ranges
    self.isInverted = isInverted
    self.ignoresCase = ignoresCase
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    var isMember = holds(scalar)
    if !isMember && ignoresCase {
      isMember =
        holds(scalar.properties.lowercaseMapping) || holds(scalar.properties.uppercaseMapping)
    }
    return isMember != isInverted
  }

  private func holds(_ text: String) -> Bool {
    guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
      return false
    }
    return holds(scalar)
  }

  private func holds(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) }
  }

  /// The set without its inversion, as ranges.
  var plainRanges: [ClosedRange<UInt32>] {
    guard isInverted else { return ranges }
    var result: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
      next = max(next, range.upperBound + 1)
    }
    if next <= 0x10ffff { result.append(next...0x10ffff) }
    return result
  }

  static let digits = ScalarSet([0x30...0x39])
  static let word = ScalarSet([0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
  static let space = ScalarSet([0x09...0x0a, 0x0c...0x0d, 0x20...0x20])
}

/// A parsed pattern.
indirect enum PatternNode: Hashable, Sendable {
  case nothing
  case one(ScalarSet)
  case sequence([PatternNode])
  case choice([PatternNode])
  case repetition(PatternNode, least: Int, most: Int?)
  case textStart
  case textEnd
}
