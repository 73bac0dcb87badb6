/// What became of one notification, or of the decision not to send one.
public enum DeliveryStatus: Int16, Sendable, Hashable, CaseIterable {
  /// Waits to be sent, or to be sent again.
  case queued = 1
  /// The receiver's side has taken it.
  case sent = 2
  /// Given up; the reason says why.
  case undeliverable = 3
  /// No route led to a receiver.
  case withoutRoute = 4
  /// Not to be sent; the reason says why.
  case skipped = 5
}

/// One try to send.
public struct DeliveryTry: Sendable, Hashable {
  /// When it began, in microseconds since 1970.
  public var startedUnixMicroseconds: Int64
  /// From 1.
  public var number: Int
  /// What the other side said, or why it could not.
  public var answer: String
  /// How long it took, in microseconds; 0 while it is not over.
  public var latencyMicroseconds: Int64
  /// Whether no further try follows.
  public var isFinal: Bool
  /// Why it was not taken, such as "rateLimited"; empty where it was.
  public var failure: String
  /// What was sent, cut, without secrets.
  public var payload: String

  /// Gathers what is known of a try.
  public init(
    startedUnixMicroseconds: Int64, number: Int, answer: String, latencyMicroseconds: Int64,
    isFinal: Bool, failure: String = "", payload: String = ""
  ) {
    self.startedUnixMicroseconds = startedUnixMicroseconds
    self.number = number
    self.answer = answer
    self.latencyMicroseconds = latencyMicroseconds
    self.isFinal = isFinal
    self.failure = failure
    self.payload = payload
  }
}

/// One line of the delivery log.
public struct DeliveryRecord: Sendable, Hashable {
  /// Sixteen bytes.
  public var id: [UInt8]
  /// Of which anomaly.
  public var anomaly: AnomalyReference
  /// Of which of its changes.
  public var revision: UInt32
  /// What happened to the anomaly.
  public var kind: NoticeKind
  /// For whom; empty where no route led anywhere.
  public var receiver: String
  /// Such as "email".
  public var receiverKind: String
  /// By which the other side knows a repetition; empty where nothing is sent.
  public var deduplicationKey: String
  /// What became of it.
  public var status: DeliveryStatus
  /// Why; empty where it was sent.
  public var reason: String
  /// The way through the tree of routes.
  public var route: String
  /// When it was decided upon, in microseconds since 1970.
  public var queuedUnixMicroseconds: Int64
  /// When it was taken, in microseconds since 1970; nil while it was not.
  public var sentUnixMicroseconds: Int64?
  /// From the first to the last.
  public var tries: [DeliveryTry]
  /// The business's own key of the customer.
  public var customer: String
  /// What happened in words.
  public var summary: String
  /// Whom it is for, where the receiver stands for people; else empty.
  public var person = ""
  /// What the other side is to do: "trigger", "acknowledge", "resolve"; empty where nothing is sent.
  public var action = ""
  /// Why it is sent, such as "first"; empty where nothing is.
  public var notificationReason = ""
  /// What became of the anomaly, such as "silenced"; empty while that is open.
  public var disposition = ""
  /// All that it speaks of, most important first.
  public var items: [AnomalyReference] = []

  /// Gathers a line of the log.
  public init(
    id: [UInt8], anomaly: AnomalyReference, revision: UInt32, kind: NoticeKind,
    receiver: String, receiverKind: String, deduplicationKey: String, status: DeliveryStatus,
    reason: String, route: String, queuedUnixMicroseconds: Int64, sentUnixMicroseconds: Int64?,
    tries: [DeliveryTry], customer: String, summary: String
  ) {
    self.id = id
    self.anomaly = anomaly
    self.revision = revision
    self.kind = kind
    self.receiver = receiver
    self.receiverKind = receiverKind
    self.deduplicationKey = deduplicationKey
    self.status = status
    self.reason = reason
    self.route = route
    self.queuedUnixMicroseconds = queuedUnixMicroseconds
    self.sentUnixMicroseconds = sentUnixMicroseconds
    self.tries = tries
    self.customer = customer
    self.summary = summary
  }
}
