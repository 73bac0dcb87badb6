/// Why the database did not do what was asked.
public struct PostgresError: Error, Sendable, Hashable {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// The address cannot be read.
    case configuration
    /// Nobody answers at the address, or the server is starting or stopping.
    case unreachable
    /// The role or its password was refused.
    case authentication
    /// The database of that name does not exist.
    case noSuchDatabase
    /// The session broke while it was in use; what was not committed is undone.
    case connectionLost
    /// The transaction clashed with another one; it may be run again.
    case serialization
    /// A unique, foreign, check or not-null rule was broken.
    case constraint
    /// The caller's task was cancelled.
    case cancelled
    /// The statement took longer than the configuration allows.
    case timeout
    /// The role may not do this.
    case permission
    /// The server lacks connections, memory or disk space.
    case exhausted
    /// The statement is wrong: our own fault.
    case statement
    /// A value does not fit its column.
    case value
    /// Migrations in the code and in the database do not agree.
    case migration
    /// The pool is closed.
    case closed
    /// Any other refusal.
    case other
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// PostgreSQL's own five characters, empty when the failure was on our side.
  public let sqlState: String

  /// The constraint that was broken, or nil.
  public let constraint: String?

  /// What was attempted and where; holds names, never values.
  public let detail: String

  /// The server's words, which may quote values: for `String(reflecting:)` only.
  let serverMessage: String

  /// Makes an error from its kind and what was seen.
  public init(
    _ code: Code, sqlState: String = "", constraint: String? = nil, detail: String,
    serverMessage: String = ""
  ) {
    self.code = code
    self.sqlState = sqlState
    self.constraint = constraint
    self.detail = detail
    self.serverMessage = serverMessage
  }

  /// Whether running the whole transaction again may succeed.
  public var isRetryable: Bool { code == .connectionLost || code == .serialization }

  /// The kind that stands for a state of PostgreSQL.
  static func code(sqlState: String) -> Code {
    switch sqlState {
    case "28P01", "28000": return .authentication
    case "3D000": return .noSuchDatabase
    case "40001", "40P01", "55P03": return .serialization
    case "57014": return .timeout
    case "57P01", "57P02", "57P04", "57P05": return .connectionLost
    case "57P03": return .unreachable
    case "42501": return .permission
    default: break
    }
    switch sqlState.prefix(2) {
    case "08": return .connectionLost
    case "22": return .value
    case "23": return .constraint
    case "42", "0A", "26", "34": return .statement
    case "53", "54": return .exhausted
    default: return .other
    }
  }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
  /// One line, safe to log: kind, state, names.
  public var description: String {
    var text = "postgres: \(code.rawValue)"
    if !sqlState.isEmpty { text += " [\(sqlState)]" }
    if let constraint { text += " constraint \(constraint)" }
    return text + ": " + detail
  }

  /// The line with the server's own words, which may quote values.
  public var debugDescription: String {
    serverMessage.isEmpty ? description : "\(description): \(serverMessage)"
  }
}
