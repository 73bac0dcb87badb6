/// Why a message could not be read or written.
public struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// The bytes are not a message: cut short, or of the wrong type.
    case malformed
    /// A string is not UTF-8.
    case invalidText
    /// A string holds a zero byte, which C would take for its end.
    case embeddedZero
    /// A string, a list or the whole is larger than allowed.
    case tooLarge
  }

  /// The kind of failure.
  public let code: Code

  /// The field that it happened in, such as `tidemark.v1.Customer.name`.
  ///
  /// Empty where no field can be named.
  public let field: String

  /// What was seen, for an operator.
  public let detail: String

  /// Makes an error from its kind, its field and what was seen.
  public init(_ code: Code, field: String = "", _ detail: String) {
    self.code = code
    self.field = field
    self.detail = detail
  }

  /// One line, safe to log.
  public var description: String {
    field.isEmpty ? "wire: \(detail)" : "wire: field \(field): \(detail)"
  }
}
