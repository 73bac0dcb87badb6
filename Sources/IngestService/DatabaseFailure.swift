internal import Postgres
internal import RPC
internal import SeriesStore

extension RPCError {
  /// What a caller is told of a failure below; names and codes, no values and no SQL.
  init(_ error: any Error, while doing: StaticString) {
    switch error {
    case let error as RPCError:
      self = error
    case let error as PostgresError:
      let code: StatusCode =
        switch error.code {
        case .unreachable, .connectionLost, .closed, .serialization, .authentication,
          .noSuchDatabase:
          .unavailable
        case .exhausted: .resourceExhausted
        case .cancelled: .cancelled
        case .timeout: .deadlineExceeded
        case .constraint, .value, .permission, .statement, .migration, .configuration, .other:
          .internal
        }
      self.init(code, "\(doing): the database says \(error.code.rawValue) \(error.sqlState)")
    case is CancellationError:
      self.init(.cancelled, "\(doing): cancelled")
    default:
      self.init(.internal, "\(doing): failed")
    }
  }
}
