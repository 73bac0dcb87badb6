/// A regular expression that matches a whole text, in time proportional to its length.
///
/// The syntax is that of RE2 as Alertmanager's matchers use it. The text is run through all
/// branches at once (Thompson), so no pattern can make it slow.
public struct Pattern: Sendable, Hashable, CustomStringConvertible {
  /// Most steps that a pattern may compile to.
  public static let stepsLimit = 10_000

  private enum Step: Hashable, Sendable {
    case one(ScalarSet)
    case fork(Int, Int)
    case jump(Int)
    case textStart
    case textEnd
    case match
  }

  /// The text the pattern was read from.
  public let description: String

  private let steps: [Step]

  /// Reads a pattern.
  ///
  /// - Throws: ``AlertingError`` `badPattern` that names the character.
  public init(_ text: String) throws(AlertingError) {
    var parser = PatternParser(text)
    var compiler = Compiler()
    try compiler.emit(parser.parse())
    description = text
    steps = compiler.steps + [.match]
  }

  /// Whether the pattern matches the text from its first to its last character.
  public func matches(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    var current = Threads(count: steps.count)
    var next = Threads(count: steps.count)
    follow(0, at: 0, of: scalars.count, into: &current)
    for (offset, scalar) in scalars.enumerated() {
      if current.members.isEmpty { return false }
      next.clear()
      for member in current.members {
        guard case .one(let set) = steps[member], set.contains(scalar) else { continue }
        follow(member + 1, at: offset + 1, of: scalars.count, into: &next)
      }
      swap(&current, &next)
    }
    return current.members.contains { steps[$0] == .match }
  }

  /// Adds every step that can be reached without taking a character.
  private func follow(_ step: Int, at offset: Int, of count: Int, into threads: inout Threads) {
    var pending = [step]
    while let step = pending.popLast() {
      guard threads.visit(step) else { continue }
      switch steps[step] {
      case .one, .match: threads.members.append(step)
      case .jump(let target): pending.append(target)
      case .fork(let first, let second): pending += [second, first]
      case .textStart: if offset == 0 { pending.append(step + 1) }
      case .textEnd: if offset == count { pending.append(step + 1) }
      }
    }
  }

  private struct Threads {
    var members: [Int] = []
    private var visited: [UInt32]
    private var generation: UInt32 = 1

    init(count: Int) { visited = Array(repeating: 0, count: count) }

    mutating func visit(_ step: Int) -> Bool {
      guard visited[step] != generation else { return false }
      visited[step] = generation
      return true
    }

    mutating func clear() {
      members.removeAll(keepingCapacity: true)
      generation += 1
    }
  }

  private struct Compiler {
    var steps: [Step] = []

    mutating func emit(_ node: PatternNode) throws(AlertingError) {
      guard steps.count < Pattern.stepsLimit else {
        throw AlertingError(.badPattern, "the pattern is too large")
      }
      switch node {
      case .nothing: break
      case .one(let set): steps.append(.one(set))
      case .textStart: steps.append(.textStart)
      case .textEnd: steps.append(.textEnd)
      case .sequence(let parts):
        for part in parts { try emit(part) }
      case .choice(let branches):
        try emit(choice: branches)
      case .repetition(let part, let least, let most):
        for _ in 0..<least { try emit(part) }
        guard let most else { return try emit(loop: part) }
        for _ in least..<most { try emit(optional: part) }
      }
    }

    private mutating func emit(choice branches: [PatternNode]) throws(AlertingError) {
      var ends: [Int] = []
      for (number, branch) in branches.enumerated() {
        guard number < branches.count - 1 else {
          try emit(branch)
          break
        }
        let fork = steps.count
        steps.append(.fork(fork + 1, 0))
        try emit(branch)
        ends.append(steps.count)
        steps.append(.jump(0))
        steps[fork] = .fork(fork + 1, steps.count)
      }
      for end in ends { steps[end] = .jump(steps.count) }
    }

    private mutating func emit(loop part: PatternNode) throws(AlertingError) {
      let fork = steps.count
      steps.append(.fork(fork + 1, 0))
      try emit(part)
      steps.append(.jump(fork))
      steps[fork] = .fork(fork + 1, steps.count)
    }

    private mutating func emit(optional part: PatternNode) throws(AlertingError) {
      let fork = steps.count
      steps.append(.fork(fork + 1, 0))
      try emit(part)
      steps[fork] = .fork(fork + 1, steps.count)
    }
  }
}
