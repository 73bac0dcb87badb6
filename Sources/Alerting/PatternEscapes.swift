// Escapes and brackets.
extension PatternParser {
  mutating func escaped() throws(AlertingError) -> PatternNode {
    offset += 1
    guard let next = peek() else { throw error("a '\\' at the end") }
    switch next {
    case "A":
      offset += 1
      return .textStart
    case "z":
      offset += 1
      return .textEnd
    case "Q":
      offset += 1
      return quoted()
    default:
      if let set = classOfEscape(next) {
        offset += 1
        return .one(set)
      }
      return literal(try scalarOfEscape())
    }
  }

  private mutating func quoted() -> PatternNode {
    var parts: [PatternNode] = []
    while let next = peek(), !take(text: "\\E") {
      offset += 1
      parts.append(literal(next))
    }
    return .sequence(parts)
  }

  private func classOfEscape(_ scalar: Unicode.Scalar) -> ScalarSet? {
    switch scalar {
    case "d": .digits
    case "w": .word
    case "s": .space
    case "D": ScalarSet(ScalarSet.digits.ranges, isInverted: true)
    case "W": ScalarSet(ScalarSet.word.ranges, isInverted: true)
    case "S": ScalarSet(ScalarSet.space.ranges, isInverted: true)
    default: nil
    }
  }

  private mutating func scalarOfEscape() throws(AlertingError) -> Unicode.Scalar {
    guard let next = peek() else { throw error("a '\\' at the end") }
    offset += 1
    switch next {
    case "t": return "\t"
    case "n": return "\n"
    case "r": return "\r"
    case "f": return "\u{c}"
    case "v": return "\u{b}"
    case "a": return "\u{7}"
    case "x": return try hexadecimal()
    default:
      guard next.isASCII, !next.properties.isAlphabetic, !("0"..."9").contains(next) else {
        throw error("the escape '\\\(next)' is not offered")
      }
      return next
    }
  }

  private mutating func hexadecimal() throws(AlertingError) -> Unicode.Scalar {
    let isBraced = take("{")
    var value: UInt32 = 0
    var count = 0
    while let next = peek(), let digit = Character(next).hexDigitValue, count < (isBraced ? 6 : 2) {
      value = value * 16 + UInt32(digit)
      count += 1
      offset += 1
    }
    guard isBraced ? take("}") && count > 0 : count == 2, let scalar = Unicode.Scalar(value) else {
      throw error("a '\\x' without its digits")
    }
    return scalar
  }

  mutating func setInBrackets() throws(AlertingError) -> ScalarSet {
    var set = ScalarSet(ignoresCase: ignoresCase)
    set.isInverted = take("^")
    var isFirst = true
    while isFirst || peek() != "]" {
      guard let next = peek() else { throw error("a '[' without its ']'") }
      isFirst = false
      if take(text: "[:") {
        set.ranges += try namedClass()
      } else if next == "\\", let known = peek(1).flatMap(classOfEscape) {
        offset += 2
        set.ranges += known.plainRanges
      } else {
        let low = try scalarInBrackets()
        var high = low
        if peek() == "-", peek(1) != "]", peek(1) != nil {
          offset += 1
          high = try scalarInBrackets()
        }
        guard low <= high else { throw error("a range that ends before it begins") }
        set.ranges.append(low.value...high.value)
      }
    }
    offset += 1
    return set
  }

  private mutating func scalarInBrackets() throws(AlertingError) -> Unicode.Scalar {
    guard let next = peek() else { throw error("a '[' without its ']'") }
    offset += 1
    return next == "\\" ? try scalarOfEscape() : next
  }

  private mutating func namedClass() throws(AlertingError) -> [ClosedRange<UInt32>] {
    let isInverted = take("^")
    var name = ""
    while let next = peek(), next != ":" {
      name.unicodeScalars.append(next)
      offset += 1
    }
    let known: [String: [ClosedRange<UInt32>]] = [
      "alpha": [0x41...0x5a, 0x61...0x7a], "digit": [0x30...0x39],
      "alnum": [0x30...0x39, 0x41...0x5a, 0x61...0x7a], "upper": [0x41...0x5a],
      "lower": [0x61...0x7a], "space": [0x09...0x0d, 0x20...0x20],
      "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e],
      "word": ScalarSet.word.ranges, "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]
    guard take(text: ":]"), let ranges = known[name] else {
      throw error("the class '[:\(name):]' is not offered")
    }
    return isInverted ? ScalarSet(ranges, isInverted: true).plainRanges : ranges
  }
}
