internal import Egress

/// What became of one try to send.
public struct SendResult: Sendable {
  /// What is to be done about it.
  public enum Outcome: Sendable, Hashable {
    /// The other side took it.
    case taken
    /// It may succeed later, not before so many seconds.
    case retry(afterSeconds: Int?)
    /// It will never succeed.
    case refused
    /// It will never succeed, and neither will anything else to this receiver.
    case disabled
  }

  /// What is to be done.
  public var outcome: Outcome
  /// Why it was not taken; nil where it was.
  public var failure: FailureReason?
  /// What the other side said, or why nothing could be said; no secret in it.
  public var answer: String
  /// Whether the other side may have taken it though we do not know.
  public var mayHaveArrived: Bool
  /// What the other side calls the thread, to be given with all that follows; nil leaves it.
  public var reference: String?
  /// What was sent, without secrets, cut; for the log.
  public var payload: String

  /// Gathers what became of a try.
  public init(
    outcome: Outcome, failure: FailureReason? = nil, answer: String, mayHaveArrived: Bool = false,
    reference: String? = nil, payload: String = ""
  ) {
    self.outcome = outcome
    self.failure = failure
    self.answer = answer
    self.mayHaveArrived = mayHaveArrived
    self.reference = reference
    self.payload = payload
  }

  /// A message that will never be taken, for a reason of our own.
  public static func refused(_ why: String) -> SendResult {
    SendResult(outcome: .refused, failure: .clientError, answer: why)
  }
}

/// Why a message was not taken, in Alertmanager's words.
public enum FailureReason: String, Sendable, Hashable, CaseIterable {
  /// The message itself was refused.
  case clientError
  /// The credentials were refused.
  case authError
  /// Too many at once.
  case rateLimited
  /// The other side failed.
  case serverError
  /// No answer in time.
  case contextDeadlineExceeded
  /// We stopped.
  case contextCanceled
  /// Anything else: no way there, a certificate that is not accepted.
  case other
}

/// A way to a receiver.
public protocol DeliveryChannel: Sendable {
  /// Nil when the message may go now; else how long it is to wait, in microseconds.
  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64?

  /// Sends one message, once; `now` is microseconds since 1970, for formats that carry the moment
  /// of sending.
  func send(_ message: OutgoingMessage, now: Int64) async -> SendResult
}

extension DeliveryChannel {
  /// Nothing limits how fast messages go.
  public func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64? { nil }
}
