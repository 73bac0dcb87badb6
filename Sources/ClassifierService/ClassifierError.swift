internal import Postgres
public import RPC

/// Why the classifier refused.
public struct ClassifierError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of refusal.
  public enum Code: String, Sendable {
    /// The request breaks its contract.
    case badRequest
    /// No anomaly has that identity.
    case unknownAnomaly
    /// The anomaly's state does not allow what was wished.
    case stateConflict
    /// The same judgement arrived with other evidence than before.
    case evidenceConflict
    /// No review of that identity is open, or what it speaks of has changed meanwhile.
    case unknownReview
  }

  /// The kind of refusal.
  public let code: Code

  /// The field that it speaks of, or empty.
  public let field: String

  /// What was seen, for an operator.
  public let detail: String

  /// Makes an error from its kind and what was seen.
  public init(_ code: Code, field: String = "", _ detail: String) {
    self.code = code
    self.field = field
    self.detail = detail
  }

  /// One line, safe to log.
  public var description: String { "classifier: \(code.rawValue): \(detail)" }

  /// The same as the caller of a method sees it.
  public var rpcError: RPCError {
    RPCError(status, field: field, reason: code.rawValue, detail)
  }

  private var status: StatusCode {
    switch code {
    case .badRequest: .invalidArgument
    case .unknownAnomaly: .notFound
    case .stateConflict: .failedPrecondition
    case .evidenceConflict: .internal
    // Whoever asked begins again.
    case .unknownReview: .aborted
    }
  }
}

/// What the caller of a method sees of any error that was thrown inside.
///
/// What may pass by itself is UNAVAILABLE, so that idempotent calls are repeated.
func rpcError(_ error: any Error) -> RPCError {
  switch error {
  case let error as RPCError: return error
  case let error as ClassifierError: return error.rpcError
  case let error as PostgresError:
    switch error.code {
    case .unreachable, .connectionLost, .serialization, .exhausted, .closed:
      return RPCError(.unavailable, "the classifier's database: \(error.code.rawValue)")
    case .timeout: return RPCError(.deadlineExceeded, "the classifier's database took too long")
    case .cancelled: return RPCError(.cancelled, "the call was cancelled")
    case .configuration, .authentication, .noSuchDatabase, .constraint, .permission, .statement,
      .value, .migration, .other:
      return RPCError(.internal, "the classifier's database: \(error.code.rawValue)")
    }
  case is CancellationError: return RPCError(.cancelled, "the call was cancelled")
  default: return RPCError(.internal, "the classifier failed")
  }
}
