/// What a caller says about one call.
public struct CallOptions: Sendable {
  /// How long a call may take when nobody says otherwise, in milliseconds.
  public static let timeoutMillisecondsDefault = 10_000

  /// When the caller stops waiting.
  ///
  /// Nil counts ``timeoutMilliseconds`` from the start of the call.
  public var deadline: Deadline?

  /// How long the call may take when no deadline is set, in milliseconds.
  public var timeoutMilliseconds: Int

  /// Names and values that ride with the request.
  public var metadata: [String: String]

  /// Whether a failed attempt may be repeated, and how often.
  public var retries: RetryPolicy

  /// The trace that the call belongs to; nil begins a new one.
  public var trace: TraceContext?

  /// Makes options with a time limit.
  public init(
    timeoutMilliseconds: Int = CallOptions.timeoutMillisecondsDefault,
    metadata: [String: String] = [:], retries: RetryPolicy = .standard
  ) {
    self.deadline = nil
    self.timeoutMilliseconds = timeoutMilliseconds
    self.metadata = metadata
    self.retries = retries
    self.trace = nil
  }

  /// Makes options with an absolute deadline.
  public init(
    deadline: Deadline, metadata: [String: String] = [:], retries: RetryPolicy = .standard
  ) {
    self.init(metadata: metadata, retries: retries)
    self.deadline = deadline
  }

  /// The deadline of a call that starts now.
  var effectiveDeadline: Deadline {
    deadline ?? .after(milliseconds: timeoutMilliseconds)
  }
}
