internal import Alerting

/// One message on its way to one receiver.
struct OutgoingMessage: Sendable {
  let delivery: String
  let notice: Notice
  let isTrigger: Bool
  let deduplicationKey: String
  /// The key that the trigger was sent with; nil before it was.
  let keyID: String?
}

/// What became of one try to send.
struct SendResult: Sendable {
  enum Outcome: Sendable {
    /// The other side took it.
    case taken
    /// It may succeed later, not before so many seconds.
    case retry(afterSeconds: Int?)
    /// It will never succeed.
    case refused
  }

  var outcome: Outcome
  /// What the other side said, or why nothing could be said; no secret in it.
  var answer: String
  /// Whether the other side may have taken it though we do not know.
  var mayHaveArrived = false
  /// The key that was used, for receivers that have several.
  var keyID: String?
}

/// A way to a receiver.
protocol DeliveryChannel: Sendable {
  /// Nil when the message may go now; else how long it is to wait, in microseconds.
  func waitMicroseconds(for message: OutgoingMessage, now: Int64) -> Int64?

  /// Sends one message, once.
  func send(_ message: OutgoingMessage) async -> SendResult
}
