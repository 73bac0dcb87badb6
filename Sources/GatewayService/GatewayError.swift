internal import RPC

/// Why the gateway did not do what was asked, the same over HTTP and RPC.
public struct GatewayError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure; each raw value is the last part of a problem's type.
  public enum Code: String, Sendable, CaseIterable {
    /// A field of the request is wrong.
    case invalidArgument = "invalid-argument"
    /// No token, or one that is not valid.
    case unauthenticated = "unauthenticated"
    /// The token lacks a scope.
    case permissionDenied = "permission-denied"
    /// The thing or the page is not there.
    case notFound = "not-found"
    /// The page does not know the method.
    case methodNotAllowed = "method-not-allowed"
    /// The state of the thing does not allow it.
    case stateConflict = "state-conflict"
    /// The body is over its limit.
    case payloadTooLarge = "payload-too-large"
    /// The header is over its limit.
    case headerTooLarge = "header-too-large"
    /// The body is of another type than JSON.
    case unsupportedMediaType = "unsupported-media-type"
    /// The key was used for another request.
    case idempotencyKeyReuse = "idempotency-key-reuse"
    /// Too many refused tokens from one place.
    case rateLimited = "rate-limited"
    /// A promise of our own is broken.
    case `internal` = "internal"
    /// A backend does not offer what was asked.
    case notImplemented = "not-implemented"
    /// A backend cannot be reached or has too much to do.
    case upstreamUnavailable = "upstream-unavailable"
    /// The answer took too long.
    case deadlineExceeded = "deadline-exceeded"
  }

  /// One field with what is wrong with it.
  public struct FieldFault: Hashable, Sendable {
    /// The place: a JSON pointer into the body, or the name of a parameter.
    public let pointer: String
    /// A stable word for programs.
    public let code: String
    /// A sentence for people.
    public let detail: String

    /// Names a field and its fault.
    public init(_ pointer: String, _ code: String, _ detail: String) {
      self.pointer = pointer
      self.code = code
      self.detail = detail
    }
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// What happened, for the asker; holds no secret.
  public let detail: String

  /// The fields concerned.
  public let faults: [FieldFault]

  /// When it is worth asking again, in seconds; 0 says nothing.
  public let retryAfterSeconds: Int

  /// Makes an error from its kind, what happened and the fields concerned.
  public init(
    _ code: Code, _ detail: String, faults: [FieldFault] = [], retryAfterSeconds: Int = 0
  ) {
    self.code = code
    self.detail = detail
    self.faults = faults
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// Makes an error about one field.
  public init(field pointer: String, _ code: String, _ detail: String) {
    self.init(.invalidArgument, detail, faults: [FieldFault(pointer, code, detail)])
  }

  /// One line, safe to log.
  public var description: String { "gateway: \(code.rawValue): \(detail)" }
}

extension GatewayError.Code {
  /// The status over HTTP.
  var httpStatus: Int {
    switch self {
    case .invalidArgument: 400
    case .unauthenticated: 401
    case .permissionDenied: 403
    case .notFound: 404
    case .methodNotAllowed: 405
    case .stateConflict: 409
    case .payloadTooLarge: 413
    case .unsupportedMediaType: 415
    case .idempotencyKeyReuse: 422
    case .rateLimited: 429
    case .headerTooLarge: 431
    case .internal: 500
    case .notImplemented: 501
    case .upstreamUnavailable: 503
    case .deadlineExceeded: 504
    }
  }

  /// The status over RPC.
  var statusCode: StatusCode {
    switch self {
    case .invalidArgument, .unsupportedMediaType: .invalidArgument
    case .unauthenticated: .unauthenticated
    case .permissionDenied: .permissionDenied
    case .notFound: .notFound
    case .methodNotAllowed, .notImplemented: .unimplemented
    case .stateConflict, .idempotencyKeyReuse: .failedPrecondition
    case .payloadTooLarge, .headerTooLarge, .rateLimited: .resourceExhausted
    case .internal: .internal
    case .upstreamUnavailable: .unavailable
    case .deadlineExceeded: .deadlineExceeded
    }
  }

  /// A few words for people, always the same for a kind.
  var title: String {
    switch self {
    case .invalidArgument: "A field of the request is wrong"
    case .unauthenticated: "A valid token is needed"
    case .permissionDenied: "The token does not allow this"
    case .notFound: "Not found"
    case .methodNotAllowed: "The method is not allowed here"
    case .stateConflict: "The present state does not allow this"
    case .payloadTooLarge: "The body is too large"
    case .headerTooLarge: "The header is too large"
    case .unsupportedMediaType: "The body must be JSON"
    case .idempotencyKeyReuse: "The idempotency key was used for another request"
    case .rateLimited: "Too many attempts"
    case .internal: "Something failed on our side"
    case .notImplemented: "Not offered"
    case .upstreamUnavailable: "Not available for the moment"
    case .deadlineExceeded: "The answer took too long"
    }
  }
}

extension GatewayError {
  /// How long to wait for a backend that is away, in seconds.
  static let upstreamRetrySeconds = 2

  /// Reads the failure of a call to a backend.
  ///
  /// What a backend says of the asker's fields is passed on; that it does not trust this service is
  /// a fault of ours and not of the asker.
  init(backend: String, _ error: RPCError) {
    let faults = error.details.map { FieldFault($0.field, $0.code, $0.description) }
    switch error.code {
    case .invalidArgument, .outOfRange:
      self.init(.invalidArgument, error.message, faults: faults)
    case .notFound: self.init(.notFound, error.message, faults: faults)
    case .alreadyExists, .failedPrecondition, .aborted:
      self.init(.stateConflict, error.message, faults: faults)
    case .unavailable, .resourceExhausted:
      let asked = (error.retryAfterMilliseconds + 999) / 1_000
      self.init(
        .upstreamUnavailable, "\(backend) cannot answer now.",
        retryAfterSeconds: max(asked, Self.upstreamRetrySeconds))
    case .deadlineExceeded, .cancelled:
      self.init(.deadlineExceeded, "\(backend) did not answer in time.")
    case .unimplemented: self.init(.notImplemented, "\(backend) does not offer this.")
    case .ok, .unknown, .permissionDenied, .internal, .dataLoss, .unauthenticated:
      self.init(.internal, "\(backend) failed.")
    }
  }

  /// The error as a call's status.
  var rpcError: RPCError {
    RPCError(
      code: code.statusCode, message: detail,
      details: faults.map { fault in
        var status = StatusDetail()
        status.code = fault.code
        status.field = fault.pointer
        status.description = fault.detail
        return status
      }, retryAfterMilliseconds: retryAfterSeconds * 1_000)
  }
}
