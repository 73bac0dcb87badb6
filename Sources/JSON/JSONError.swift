/// Why a text is no acceptable JSON.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// The text breaks the grammar.
    case badSyntax
    /// The text is not UTF-8.
    case badEncoding
    /// A key stands twice in one object.
    case repeatedKey
    /// A number is beyond what a double holds.
    case numberOutOfRange
    /// The text is longer than the limit.
    case tooLarge
    /// Arrays and objects are nested deeper than the limit.
    case tooDeep
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// Bytes before the fault.
  public let offset: Int

  /// What was wrong, without the text itself.
  public let detail: String

  /// Makes an error from its kind, its place and what was seen.
  public init(_ code: Code, at offset: Int, _ detail: String) {
    self.code = code
    self.offset = offset
    self.detail = detail
  }

  /// One line, safe to log.
  public var description: String { "json: \(code.rawValue) at byte \(offset): \(detail)" }
}

/// How much JSON is accepted.
public struct JSONLimits: Sendable, Hashable {
  /// The longest text, in bytes.
  public var bytesLimit: Int

  /// The deepest nesting of arrays and objects.
  public var depthLimit: Int

  /// Sets both limits.
  ///
  /// - Precondition: the depth is at most 256, so that parsing cannot exhaust a thread's stack.
  public init(bytesLimit: Int = 4 << 20, depthLimit: Int = 32) {
    precondition(depthLimit <= 256, "deeper nesting may exhaust the stack")
    self.bytesLimit = bytesLimit
    self.depthLimit = depthLimit
  }
}
