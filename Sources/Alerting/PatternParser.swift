/// Reads the regular language part of RE2's syntax.
///
/// What is not regular, or rarely wanted, is refused by name: back references, look-around, word
/// boundaries, Unicode classes.
struct PatternParser {
  /// Most repetitions that a count may ask for, as RE2 has it.
  static let repetitionsLimit = 1_000
  /// Deepest nesting of groups.
  static let depthLimit = 64

  private let scalars: [Unicode.Scalar]
  var offset = 0
  var ignoresCase = false
  private var dotTakesLineBreak = false

  init(_ text: String) {
    scalars = Array(text.unicodeScalars)
  }

  mutating func parse() throws(AlertingError) -> PatternNode {
    let node = try choice(depth: 0)
    if offset < scalars.count { throw error("a ')' without its '('") }
    return node
  }

  func error(_ detail: String) -> AlertingError {
    AlertingError(.badPattern, "at character \(offset + 1): \(detail)")
  }

  func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
    offset + ahead < scalars.count ? scalars[offset + ahead] : nil
  }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek() == scalar else { return false }
    offset += 1
    return true
  }

  mutating func take(text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard scalars[offset...].starts(with: wanted) else { return false }
    offset += wanted.count
    return true
  }

  private mutating func choice(depth: Int) throws(AlertingError) -> PatternNode {
    guard depth <= Self.depthLimit else { throw error("groups nested too deeply") }
    // Flags set inside a group end with it.
    let flags = (ignoresCase, dotTakesLineBreak)
    defer { (ignoresCase, dotTakesLineBreak) = flags }
    var branches = [try sequence(depth: depth)]
    while take("|") { branches.append(try sequence(depth: depth)) }
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence(depth: Int) throws(AlertingError) -> PatternNode {
    var parts: [PatternNode] = []
    while let next = peek(), next != "|", next != ")" {
      parts.append(try repetition(of: atom(depth: depth)))
    }
    switch parts.count {
    case 0: return .nothing
    case 1: return parts[0]
    default: return .sequence(parts)
    }
  }

  private mutating func repetition(of atom: PatternNode) throws(AlertingError) -> PatternNode {
    guard let (least, most) = try count() else { return atom }
    // Whether it is greedy makes no difference to what matches as a whole.
    _ = take("?")
    if try count() != nil { throw error("a repetition of a repetition") }
    return .repetition(atom, least: least, most: most)
  }

  private mutating func count() throws(AlertingError) -> (least: Int, most: Int?)? {
    if take("*") { return (0, nil) }
    if take("+") { return (1, nil) }
    if take("?") { return (0, 1) }
    let start = offset
    guard take("{"), let least = number() else {
      // As in RE2, a brace that does not begin a count stands for itself.
      offset = start
      return nil
    }
    var most: Int? = least
    if take(",") { most = number() }
    guard take("}") else {
      offset = start
      return nil
    }
    guard least <= Self.repetitionsLimit, most ?? 0 <= Self.repetitionsLimit, most ?? least >= least
    else { throw error("a repetition count that is out of range") }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let digit = peek(), ("0"..."9").contains(digit) {
      value = min((value ?? 0) * 10 + Int(digit.value - 0x30), 1_000_000)
      offset += 1
    }
    return value
  }

  private mutating func atom(depth: Int) throws(AlertingError) -> PatternNode {
    guard let next = peek() else { return .nothing }
    switch next {
    case "(":
      offset += 1
      return try group(depth: depth)
    case "[":
      offset += 1
      return .one(try setInBrackets())
    case ".":
      offset += 1
      let lineBreak = ScalarSet([0x0a...0x0a], isInverted: true)
      return .one(dotTakesLineBreak ? ScalarSet([], isInverted: true) : lineBreak)
    case "^":
      offset += 1
      return .textStart
    case "$":
      offset += 1
      return .textEnd
    case "*", "+", "?":
      throw error("a repetition of nothing")
    case "\\":
      return try escaped()
    default:
      offset += 1
      return literal(next)
    }
  }

  func literal(_ scalar: Unicode.Scalar) -> PatternNode {
    .one(ScalarSet([scalar.value...scalar.value], ignoresCase: ignoresCase))
  }

  private mutating func group(depth: Int) throws(AlertingError) -> PatternNode {
    let flags = (ignoresCase, dotTakesLineBreak)
    var endsWithGroup = true
    if take("?") {
      if take(text: "P<") || (peek(1) != "=" && peek(1) != "!" && take("<")) {
        while let next = peek(), next != ">" { _ = take(next) }
        guard take(">") else { throw error("a group's name without its '>'") }
      } else {
        endsWithGroup = try groupFlags()
      }
    }
    guard endsWithGroup else { return .nothing }
    let node = try choice(depth: depth + 1)
    (ignoresCase, dotTakesLineBreak) = flags
    guard take(")") else { throw error("a '(' without its ')'") }
    return node
  }

  /// Reads `i:`, `i)` and the like; false when the flags hold for the rest of the outer group.
  private mutating func groupFlags() throws(AlertingError) -> Bool {
    var turnsOn = true
    while let next = peek() {
      offset += 1
      switch next {
      case "i": ignoresCase = turnsOn
      case "s": dotTakesLineBreak = turnsOn
      case "-": turnsOn = false
      case ":": return true
      case ")": return false
      default:
        throw error("a group that is not offered (look-around, or a flag other than i and s)")
      }
    }
    throw error("a '(' without its ')'")
  }
}
