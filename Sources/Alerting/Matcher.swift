/// The labels that routes look at; one that is missing counts as empty.
public typealias Labels = [String: String]

/// One condition on a label, as Alertmanager writes it.
public struct Matcher: Sendable, Hashable, CustomStringConvertible {
  private enum Condition: Sendable, Hashable {
    case equal(String)
    case notEqual(String)
    case matches(Pattern)
    case matchesNot(Pattern)
  }

  /// The label that is looked at.
  public let name: String

  private let condition: Condition

  /// Reads `severity="critical"`, `segment!=trial`, `metric=~"api_.*"` and the like.
  ///
  /// The value may stand in double quotes, with `\"`, `\\` and `\n` in it.
  ///
  /// - Throws: ``AlertingError`` `badMatcher` or `badPattern`.
  public init(parsing text: String) throws(AlertingError) {
    let scalars = Array(text.unicodeScalars)
    let start = scalars.firstIndex { !Self.isSpace($0) } ?? scalars.count
    let end = scalars[start...].firstIndex { !Self.isOfName($0) } ?? scalars.count
    let name = String(String.UnicodeScalarView(scalars[start..<end]))
    guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else {
      throw AlertingError(.badMatcher, "'\(text)' does not begin with the name of a label")
    }
    let rest = Self.trimmed(scalars[end...])
    let operation = ["=~", "!~", "!=", "="].first { rest.starts(with: $0.unicodeScalars) }
    guard let operation else {
      throw AlertingError(.badMatcher, "'\(text)' has none of the operators = != =~ !~")
    }
    let value = try Self.value(Self.trimmed(rest.dropFirst(operation.count)), of: text)
    self.name = name
    switch operation {
    case "=~": condition = .matches(try Pattern(value))
    case "!~": condition = .matchesNot(try Pattern(value))
    case "!=": condition = .notEqual(value)
    default: condition = .equal(value)
    }
  }

  /// Whether the labels fulfil the condition.
  public func matches(_ labels: Labels) -> Bool {
    let value = labels[name] ?? ""
    return switch condition {
    case .equal(let wanted): value == wanted
    case .notEqual(let unwanted): value != unwanted
    case .matches(let pattern): pattern.matches(value)
    case .matchesNot(let pattern): !pattern.matches(value)
    }
  }

  /// The condition as it would be written, with the value in quotes.
  public var description: String {
    switch condition {
    case .equal(let value): "\(name)=\(Self.quoted(value))"
    case .notEqual(let value): "\(name)!=\(Self.quoted(value))"
    case .matches(let pattern): "\(name)=~\(Self.quoted(pattern.description))"
    case .matchesNot(let pattern): "\(name)!~\(Self.quoted(pattern.description))"
    }
  }
}

extension Matcher {
  /// The only value that it lets through; nil where there are others.
  public var exactValue: String? {
    guard case .equal(let value) = condition else { return nil }
    return value
  }
}

// The syntax.
extension Matcher {
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
  }

  private static func isOfName(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: false
    }
  }

  private static func trimmed(_ scalars: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
    var scalars = scalars.drop(while: isSpace)
    while let last = scalars.last, isSpace(last) { scalars.removeLast() }
    return scalars
  }

  private static func value(
    _ scalars: ArraySlice<Unicode.Scalar>, of text: String
  ) throws(AlertingError) -> String {
    guard scalars.first == "\"" else {
      let forbidden: Set<Unicode.Scalar> = ["\"", "{", "}", ","]
      guard !scalars.contains(where: forbidden.contains) else {
        throw AlertingError(.badMatcher, "the value of '\(text)' must stand in quotes")
      }
      return String(String.UnicodeScalarView(scalars))
    }
    var value = String.UnicodeScalarView()
    var rest = scalars.dropFirst()
    while let next = rest.popFirst() {
      switch next {
      case "\"" where rest.isEmpty: return String(value)
      case "\"":
        throw AlertingError(.badMatcher, "'\(text)' goes on after its closing quote")
      case "\\":
        switch rest.popFirst() {
        case "n": value.append("\n")
        case "\"": value.append("\"")
        case "\\": value.append("\\")
        // A pattern's own escapes may stand as they are.
        case .some(let other): value.append(contentsOf: ["\\", other])
        case nil: break
        }
      default: value.append(next)
      }
    }
    throw AlertingError(.badMatcher, "'\(text)' has no closing quote")
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
