/// A part of a process that starts, serves and stops.
public protocol Service: Sendable {
  /// A word for logs, such as "ingest".
  var name: String { get }

  /// Makes ready: migrates, binds, connects.
  ///
  /// Called once, after all services that stand before this one were started. What throws here
  /// ends the process. Must end soon after the task is cancelled.
  func start() async throws

  /// Serves until ``shutDown()`` was called and all that was begun is finished.
  ///
  /// Ends early, by a `CancellationError` or without one, when the task is cancelled.
  func run() async throws

  /// Asks to stop: accepts nothing new and lets ``run()`` return when it has drained.
  ///
  /// May be called before `run` has begun and more than once.
  func shutDown() async
}

extension Service {
  /// Has nothing to make ready.
  public func start() async throws {}
}

/// Why a group of services ended in failure.
public struct ServiceGroupError: Error, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// A service returned though nobody had asked it to.
    case endedEarly
    /// Services were still at work when the time to drain was over.
    case drainDeadline
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// The names of the services concerned.
  public let services: [String]

  /// One line, safe to log.
  public var description: String {
    "service group: \(code.rawValue): \(services.joined(separator: ", "))"
  }
}
