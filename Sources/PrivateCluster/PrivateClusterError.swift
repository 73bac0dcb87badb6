/// Why a private cluster does not run.
public struct PrivateClusterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  ///
  /// Closed: all callers are built with us, so a switch stays exhaustive.
  public enum Code: String, Sendable {
    /// No PostgreSQL programs were found, or not those that made the data.
    case programsMissing
    /// A folder or file could not be made or read.
    case folder
    /// Another program runs the cluster of this folder.
    case inUse
    /// A program could not be started.
    case spawn
    /// PostgreSQL ended, or did not answer in time; the detail ends with its last log lines.
    case didNotStart
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// What was seen and where, for an operator.
  public let detail: String

  /// Makes an error from its kind and what was seen.
  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  /// One line or, with PostgreSQL's log, several; safe to log.
  public var description: String { "private cluster: \(code.rawValue): \(detail)" }
}
