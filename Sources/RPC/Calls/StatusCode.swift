/// How a call ended: gRPC's names and numbers.
public enum StatusCode: UInt32, Sendable, Hashable, CaseIterable {
  /// The call did what was asked.
  case ok = 0
  /// The caller gave up.
  case cancelled = 1
  /// Something failed that says no more of itself.
  case unknown = 2
  /// The request is wrong whatever the state of the server.
  case invalidArgument = 3
  /// The deadline passed first.
  case deadlineExceeded = 4
  /// The thing that was asked for is not there.
  case notFound = 5
  /// The thing that was to be made is there already.
  case alreadyExists = 6
  /// The caller is known and may not do this.
  case permissionDenied = 7
  /// The server has too much to do, or a limit is reached.
  case resourceExhausted = 8
  /// The state of the server does not allow it; a repeat alone does not help.
  case failedPrecondition = 9
  /// A conflict with other work; the caller may start over.
  case aborted = 10
  /// A position beyond what there is.
  case outOfRange = 11
  /// The server does not offer the method.
  case unimplemented = 12
  /// A promise of the server's own is broken.
  case `internal` = 13
  /// The server cannot be reached or is going away; a repeat may help.
  case unavailable = 14
  /// Stored data is lost or damaged.
  case dataLoss = 15
  /// The caller did not show who it is.
  case unauthenticated = 16

  /// The name as gRPC writes it, such as `INVALID_ARGUMENT`.
  public var name: String {
    switch self {
    case .ok: "OK"
    case .cancelled: "CANCELLED"
    case .unknown: "UNKNOWN"
    case .invalidArgument: "INVALID_ARGUMENT"
    case .deadlineExceeded: "DEADLINE_EXCEEDED"
    case .notFound: "NOT_FOUND"
    case .alreadyExists: "ALREADY_EXISTS"
    case .permissionDenied: "PERMISSION_DENIED"
    case .resourceExhausted: "RESOURCE_EXHAUSTED"
    case .failedPrecondition: "FAILED_PRECONDITION"
    case .aborted: "ABORTED"
    case .outOfRange: "OUT_OF_RANGE"
    case .unimplemented: "UNIMPLEMENTED"
    case .internal: "INTERNAL"
    case .unavailable: "UNAVAILABLE"
    case .dataLoss: "DATA_LOSS"
    case .unauthenticated: "UNAUTHENTICATED"
    }
  }
}
