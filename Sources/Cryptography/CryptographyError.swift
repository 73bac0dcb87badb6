/// Why a key or an encoded text was refused.
public struct CryptographyError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// The text or the bytes are no key of the wanted kind.
    case badKey
    /// The text is not well formed in its alphabet.
    case badEncoding
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// What was seen, without any byte of a key.
  public let detail: String

  /// Makes an error from its kind and what was seen.
  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  /// One line, safe to log.
  public var description: String { "cryptography: \(code.rawValue): \(detail)" }
}
