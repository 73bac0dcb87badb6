/// What became of one anomaly for one receiver.
///
/// Every anomaly that was raised has exactly one for each receiver that its routes lead to, or the
/// one ``withoutRoute``; so nothing is ever lost without a word.
public enum Disposition: Int16, Sendable, Hashable, CaseIterable {
  /// Its group waits for more, or it was decided upon and is on its way.
  case pending = 0
  /// The receiver's side has taken it.
  case sent = 1
  /// It stands in a digest, or waits for the next one.
  case digested = 2
  /// It waits for a reason of its own: a person's quiet hours, a platform event that speaks for it.
  case held = 3
  /// A silence covers it.
  case silenced = 4
  /// Another anomaly stands for it.
  case inhibited = 5
  /// Its route does not speak at this time.
  case muted = 6
  /// Somebody put it off.
  case snoozed = 7
  /// No route leads to a receiver that takes it.
  case withoutRoute = 8
  /// All tries failed.
  case undeliverable = 9
  /// It was over, dismissed or withdrawn before anything was sent.
  case dismissedBeforeSending = 10

  /// The words of logs and accounts.
  public var name: String {
    switch self {
    case .pending: "pending"
    case .sent: "sent"
    case .digested: "digested"
    case .held: "held"
    case .silenced: "silenced"
    case .inhibited: "inhibited"
    case .muted: "muted"
    case .snoozed: "snoozed"
    case .withoutRoute: "without route"
    case .undeliverable: "undeliverable"
    case .dismissedBeforeSending: "dismissed before sending"
    }
  }
}

/// A disposition with what caused it.
public struct Standing: Sendable, Hashable {
  /// What became of it.
  public var disposition: Disposition

  /// The silence, the anomaly, the schedule or the sentence that says why; empty where it was sent.
  public var cause: String

  /// When it may change by itself, in microseconds since 1970; nil where nobody knows.
  public var untilUnixMicroseconds: Int64?

  /// Pairs a disposition with its cause.
  public init(_ disposition: Disposition, cause: String = "", until: Int64? = nil) {
    self.disposition = disposition
    self.cause = cause
    untilUnixMicroseconds = until
  }
}
