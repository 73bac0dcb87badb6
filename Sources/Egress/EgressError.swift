/// Why nothing, or not all, could be sent to the outside.
public struct EgressError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  ///
  /// Closed: all callers are built with us, so a switch stays exhaustive.
  public enum Code: String, Sendable, CaseIterable {
    /// The request itself is wrong: a URL that cannot be read, a line break in a header.
    case invalidRequest
    /// The scheme may not be used for this destination.
    case refusedProtocol
    /// The destination has only addresses that must not be reached.
    case refusedAddress
    /// The name of the destination was not found.
    case resolve
    /// Nobody answered at the address.
    case connect
    /// The time for the whole exchange was over.
    case timeout
    /// The certificate was not accepted, or no encrypted channel came about.
    case tls
    /// The head of the answer was longer than is read.
    case answerTooLong
    /// The connection broke, or the answer was not of the protocol.
    case brokenExchange
    /// A mail server refused for now: a reply of the 400s.
    case transientReply
    /// A mail server refused for good: a reply of the 500s.
    case permanentReply
    /// The caller gave up.
    case cancelled
    /// The client was closed.
    case closed
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// The reply of a mail server, where there was one.
  public let replyCode: Int?

  /// What was seen, for an operator; holds no secret.
  public let detail: String

  /// Makes an error from its kind and what was seen.
  public init(_ code: Code, _ detail: String, replyCode: Int? = nil) {
    self.code = code
    self.replyCode = replyCode
    self.detail = detail
  }

  /// Whether the same request may succeed later.
  public var mayPassLater: Bool {
    switch code {
    case .resolve, .connect, .timeout, .tls, .answerTooLong, .brokenExchange, .transientReply,
      .cancelled, .closed:
      true
    case .invalidRequest, .refusedProtocol, .refusedAddress, .permanentReply:
      false
    }
  }

  /// One line, safe to log.
  public var description: String {
    let reply = replyCode.map { " \($0)" } ?? ""
    return "egress: \(code.rawValue)\(reply): \(detail)"
  }
}
