/// Why stored bytes are no model.
public struct BaselineError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// Written by another version of the model; it must be rebuilt from history.
    case otherVersion
    /// Too short, too long, or with a number out of its range.
    case damaged
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// What was seen, for an operator.
  public let detail: String

  /// Makes an error from its kind and what was seen.
  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  /// One line, safe to log.
  public var description: String { "baseline: \(code.rawValue): \(detail)" }
}
