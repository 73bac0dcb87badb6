/// Why a call failed, the same on both sides of the wire.
public struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of failure, for the caller to switch on; never ``StatusCode/ok``.
  public let code: StatusCode

  /// What happened, for an operator.
  ///
  /// It crosses the wire: it holds no secret and no SQL.
  public let message: String

  /// The reasons one by one, for programs.
  public let details: [StatusDetail]

  /// How long the server asks to be left alone, in milliseconds; 0 when it asks for nothing.
  public let retryAfterMilliseconds: Int

  /// Makes an error from its kind, what happened and the reasons.
  ///
  /// - Precondition: The code is not ``StatusCode/ok``.
  public init(
    code: StatusCode, message: String, details: [StatusDetail] = [],
    retryAfterMilliseconds: Int = 0
  ) {
    precondition(code != .ok, "an error cannot be OK")
    self.code = code
    self.message = message
    self.details = details
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }

  /// Makes an error from its kind and what happened.
  public init(_ code: StatusCode, _ message: String) {
    self.init(code: code, message: message)
  }

  /// Makes an error that names one field and says what is wrong with it.
  ///
  /// - Parameters:
  ///   - code: The kind of failure.
  ///   - field: The field, row or name that it speaks of.
  ///   - reason: A stable word for programs, such as `unknown_metric`.
  ///   - message: A sentence for people.
  public init(_ code: StatusCode, field: String, reason: String, _ message: String) {
    var detail = StatusDetail()
    detail.code = reason
    detail.field = field
    detail.description = message
    self.init(code: code, message: message, details: [detail])
  }

  /// One line, safe to log.
  public var description: String { "\(code.name): \(message)" }

  /// The same error with the server's wish to be left alone.
  func asking(retryAfterMilliseconds: Int) -> RPCError {
    RPCError(
      code: code, message: message, details: details,
      retryAfterMilliseconds: retryAfterMilliseconds)
  }

  /// A message of the caller's that cannot be read or written.
  init(request error: WireError) {
    self.init(
      error.code == .tooLarge && error.field.isEmpty ? .resourceExhausted : .invalidArgument,
      field: error.field,
      reason: error.code.rawValue, error.description)
  }
}
