/// Why a text is no acceptable YAML.
public struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// The text breaks the grammar or is not UTF-8.
    case badSyntax
    /// A key stands twice in one mapping.
    case repeatedKey
    /// A key is no plain word but a list or a mapping.
    case badKey
    /// An alias, an anchor, a tag or a second document.
    case notAccepted
    /// The text or its number of nodes is over the limit.
    case tooLarge
    /// Lists and mappings are nested deeper than the limit.
    case tooDeep
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// The line of the fault, from 1.
  public let line: Int

  /// The column of the fault, from 1.
  public let column: Int

  /// What was wrong, without values of the text.
  public let detail: String

  /// Makes an error from its kind, its place and what was seen.
  public init(_ code: Code, line: Int, column: Int, _ detail: String) {
    self.code = code
    self.line = line
    self.column = column
    self.detail = detail
  }

  /// One line, safe to log.
  public var description: String {
    "yaml: \(code.rawValue) at line \(line), column \(column): \(detail)"
  }
}

/// How much YAML is accepted.
public struct YAMLLimits: Sendable, Hashable {
  /// The longest text, in bytes.
  public var bytesLimit: Int

  /// The deepest nesting of lists and mappings.
  public var depthLimit: Int

  /// The most nodes in a document.
  public var nodeLimit: Int

  /// Sets the limits.
  ///
  /// - Precondition: the depth is at most 256, so that reading cannot exhaust a thread's stack.
  public init(bytesLimit: Int = 1 << 20, depthLimit: Int = 32, nodeLimit: Int = 100_000) {
    precondition(depthLimit <= 256, "deeper nesting may exhaust the stack")
    self.bytesLimit = bytesLimit
    self.depthLimit = depthLimit
    self.nodeLimit = nodeLimit
  }
}
