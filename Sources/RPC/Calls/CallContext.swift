/// What a handler knows of the call that it answers.
public struct CallContext: Sendable {
  /// Full name of the method, such as `tidemark.v1.Ingest/PutPoints`.
  public let method: String

  /// Sixteen bytes, the same on every attempt of a call.
  public let requestID: [UInt8]

  /// When the caller stops waiting.
  public let deadline: Deadline

  /// The span of this call.
  public let trace: TraceContext

  /// Who calls, as its token says; nil when the server asks for no token.
  public let callerName: String?

  /// Names and values that came with the request.
  public let metadata: [String: String]

  /// Which attempt of the caller this is, from 1.
  public let attempt: Int

  /// Makes a context, as tests of handlers need to.
  public init(
    method: String, requestID: [UInt8] = CallContext.makeRequestID(),
    deadline: Deadline = .after(milliseconds: CallOptions.timeoutMillisecondsDefault),
    trace: TraceContext = .begin(), callerName: String? = nil, metadata: [String: String] = [:],
    attempt: Int = 1
  ) {
    self.method = method
    self.requestID = requestID
    self.deadline = deadline
    self.trace = trace
    self.callerName = callerName
    self.metadata = metadata
    self.attempt = attempt
  }

  /// The value of a `traceparent` header for this call.
  public var traceparent: String { trace.traceparent }

  /// The request id as hexadecimal digits, for logs.
  public var requestIDText: String {
    requestID.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// A new request id.
  public static func makeRequestID() -> [UInt8] { CallNumbers.sixteenBytes() }

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
