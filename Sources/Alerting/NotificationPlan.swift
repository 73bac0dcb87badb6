/// What a receiver is for, as far as the decision to tell it goes.
public struct ReceiverRules: Sendable, Hashable {
  /// Milder anomalies are not told.
  public var minimumSeverity: NoticeSeverity

  /// Whether it may wake a person, so that good news must not reach it.
  public var pages: Bool

  /// Whether it is told that an anomaly is over.
  public var wantsResolved: Bool

  /// What it is told as one thing.
  public var incidentScope: IncidentScope

  /// Whether something stays open at the other side until it is told of the end; such an end is
  /// told even when it has been silenced since.
  public var holdsIncidents: Bool

  /// Gathers the rules.
  public init(
    minimumSeverity: NoticeSeverity = .info, pages: Bool = false, wantsResolved: Bool = true,
    incidentScope: IncidentScope = .anomaly, holdsIncidents: Bool = false
  ) {
    self.minimumSeverity = minimumSeverity
    self.pages = pages
    self.wantsResolved = wantsResolved
    self.incidentScope = incidentScope
    self.holdsIncidents = holdsIncidents
  }
}

/// What one receiver has been told of one anomaly, queued sends included.
public struct NotificationThread: Sendable, Hashable {
  /// Where the thread stands.
  public enum Status: Int16, Sendable, Hashable {
    /// Nothing has been sent.
    case silent = 0
    /// The receiver holds the anomaly for open.
    case triggered = 1
    /// The receiver was told that it is over.
    case resolved = 2
  }

  /// Where it stands.
  public var status: Status

  /// The newest revision that was decided upon; nil before the first.
  public var revision: UInt32?

  /// Gathers what is known.
  public init(status: Status = .silent, revision: UInt32? = nil) {
    self.status = status
    self.revision = revision
  }
}

/// What to do about one receiver for one change.
public enum NotificationAction: Sendable, Hashable {
  /// Tell it that the anomaly is there, or how it stands now.
  case trigger
  /// Tell it that the anomaly is over.
  case resolve
  /// Do nothing.
  case skip(Reason)

  /// Why nothing is sent; logged, so that silence is never a mystery.
  public enum Reason: String, Sendable, Hashable, CaseIterable {
    /// This change was handled before.
    case alreadySent = "already sent"
    /// A newer change was handled before this one came.
    case overtaken = "overtaken by a newer change"
    /// The receiver never heard of the anomaly, so it need not hear of its end.
    case nothingToResolve = "nothing was sent that could be resolved"
    /// The receiver does not want to hear of ends.
    case resolveNotWanted = "the receiver does not want resolves"
    /// The anomaly is milder than the receiver's minimum.
    case belowMinimumSeverity = "severity below the receiver's minimum"
    /// Good news does not wake people.
    case opportunityNeverPages = "an opportunity never pages"
  }
}

/// Decides, from facts alone, what one receiver is to be told of one change.
///
/// No clock and no store: the same facts always give the same action.
public func planNotification(
  of notice: Notice, to rules: ReceiverRules, thread: NotificationThread
) -> NotificationAction {
  if let known = thread.revision {
    if notice.revision == known { return .skip(.alreadySent) }
    if notice.revision < known { return .skip(.overtaken) }
  }
  if notice.kind.isEnd {
    guard thread.status == .triggered else { return .skip(.nothingToResolve) }
    return rules.wantsResolved ? .resolve : .skip(.resolveNotWanted)
  }
  if rules.pages && notice.intent == .opportunity {
    // What was a risk before and turned out well is over for who was woken by it.
    return thread.status == .triggered ? .resolve : .skip(.opportunityNeverPages)
  }
  if notice.severity < rules.minimumSeverity && thread.status != .triggered {
    return .skip(.belowMinimumSeverity)
  }
  // Who was told hears of a milder severity too, else the old one would stand for ever.
  return .trigger
}
