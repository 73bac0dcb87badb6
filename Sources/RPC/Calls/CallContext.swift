/// What a handler knows of the call that it answers.
///
/// It is handed from function to function, so a copy is one reference.
public struct CallContext: Sendable {
  private final class Facts: Sendable {
    let method: String
    let requestID: RequestID
    let deadline: Deadline
    let trace: TraceContext
    let callerName: String?
    let metadata: [String: String]
    let attempt: Int

    init(
      _ method: String, _ requestID: RequestID, _ deadline: Deadline, _ trace: TraceContext,
      _ callerName: String?, _ metadata: [String: String], _ attempt: Int
    ) {
      self.method = method
      self.requestID = requestID
      self.deadline = deadline
      self.trace = trace
      self.callerName = callerName
      self.metadata = metadata
      self.attempt = attempt
    }
  }

  private let facts: Facts

  /// Full name of the method, such as `tidemark.v1.Ingest/PutPoints`.
  public var method: String { facts.method }

  /// Sixteen bytes, the same on every attempt of a call.
  public var requestID: [UInt8] { facts.requestID.bytes }

  /// When the caller stops waiting.
  public var deadline: Deadline { facts.deadline }

  /// The span of this call.
  public var trace: TraceContext { facts.trace }

  /// Who calls, as its token says; nil when the server asks for no token.
  public var callerName: String? { facts.callerName }

  /// Names and values that came with the request.
  public var metadata: [String: String] { facts.metadata }

  /// Which attempt of the caller this is, from 1.
  public var attempt: Int { facts.attempt }

  /// Makes a context with a request id of its own, as tests of handlers need to.
  public init(
    method: String,
    deadline: Deadline = .after(milliseconds: CallOptions.timeoutMillisecondsDefault),
    trace: TraceContext = .begin(), callerName: String? = nil, metadata: [String: String] = [:],
    attempt: Int = 1
  ) {
    self.init(
      method: method, requestID: RequestID(), deadline: deadline, trace: trace,
      callerName: callerName, metadata: metadata, attempt: attempt)
  }

  init(
    method: String, requestID: RequestID, deadline: Deadline, trace: TraceContext,
    callerName: String?, metadata: [String: String], attempt: Int
  ) {
    self.facts = Facts(method, requestID, deadline, trace, callerName, metadata, attempt)
  }

  /// The value of a `traceparent` header for this call.
  public var traceparent: String { trace.traceparent }

  /// The request id as hexadecimal digits, for logs.
  public var requestIDText: String {
    requestID.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// A new request id, which also serves as the id of an operation that may be sent again.
  public static func makeRequestID() -> [UInt8] { RequestID().bytes }

  /// Options for a call that is made on behalf of this one.
  ///
  /// The deadline is passed down, and the new call is a child of this one's span.
  ///
  /// - Parameter timeoutMilliseconds: A tighter limit for the child; nil leaves it all that is left.
  /// - Returns: Options with the deadline and the trace of this call.
  public func childOptions(timeoutMilliseconds: Int? = nil) -> CallOptions {
    let own = timeoutMilliseconds.map { Deadline.after(milliseconds: $0) } ?? deadline
    var options = CallOptions(deadline: min(own, deadline))
    options.trace = trace
    return options
  }
}
