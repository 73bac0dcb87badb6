/// Why a server could not begin to listen.
public struct HTTPServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// The text is no `host:port`.
    case badAddress
    /// The system does not let us listen there.
    case cannotListen
    /// libmicrohttpd did not start.
    case cannotServe
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
  public var description: String { "http server: \(code.rawValue): \(detail)" }
}

/// A request that the server refuses by itself, before any handler.
public enum HTTPFault: String, Sendable, Hashable, CaseIterable {
  /// Two readers could see two different requests.
  case ambiguousFraming
  /// The target is no path, or its escapes are broken.
  case badTarget
  /// The header is over its limit.
  case headerTooLarge
  /// The body is over its limit.
  case bodyTooLarge
  /// The handler did not answer in time.
  case handlerTimeout
  /// The server is about to stop.
  case stopping

  /// The status that goes with it.
  public var status: Int {
    switch self {
    case .ambiguousFraming, .badTarget: 400
    case .headerTooLarge: 431
    case .bodyTooLarge: 413
    case .handlerTimeout: 504
    case .stopping: 503
    }
  }

  /// A sentence for people.
  public var detail: String {
    switch self {
    case .ambiguousFraming: "The length of the body is not stated in exactly one way."
    case .badTarget: "The target is not a path with well-formed escapes."
    case .headerTooLarge: "The header is larger than the server accepts."
    case .bodyTooLarge: "The body is larger than the server accepts."
    case .handlerTimeout: "The answer took too long."
    case .stopping: "The server is about to stop."
    }
  }
}
