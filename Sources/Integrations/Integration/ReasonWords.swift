internal import Alerting

extension OutgoingMessage {
  /// One sentence on why this is told again; nil where the message says so itself.
  public var reasonWords: String? {
    if action == .acknowledge { return "Somebody has taken this on." }
    return switch reason {
    case .acknowledged: "Somebody has taken this on."
    case .escalation: "Escalated, because nobody has taken this on so far."
    case .repeated: "Nothing has changed since this was last told."
    case .test: "This only tries whether messages arrive."
    case .reminder: "Something that you set up ends soon."
    case .first, .newInGroup, .someResolved, .allResolved, .digest: nil
    }
  }

  /// The subjects of all anomalies but the lead, at most so many.
  public func otherSubjects(limit: Int) -> [String] {
    items.dropFirst().prefix(limit).map(\.text.subject)
  }

  /// How many anomalies are neither the lead nor among so many others.
  public func remainingCount(afterOthers limit: Int) -> Int {
    omittedCount + max(0, items.count - 1 - limit)
  }
}

extension String {
  /// The scheme, host and port of an address, without the path that may be a secret.
  public var origin: String {
    split(separator: "/", omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
  }
}
