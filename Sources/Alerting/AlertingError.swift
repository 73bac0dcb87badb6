/// Why settings or a request cannot be used.
public struct AlertingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  ///
  /// Closed: all callers are built with us, so a switch stays exhaustive.
  public enum Code: String, Sendable {
    /// A matcher that is not `name operator value`.
    case badMatcher
    /// A regular expression that is wrong, too large, or uses what is not offered.
    case badPattern
    /// A tree whose root or branches break a rule.
    case badRoute
    /// A route names a receiver that does not exist.
    case unknownReceiver
    /// A time, a range of days or the like that cannot be read.
    case badSchedule
    /// A silence that would hide everything, never end, or last longer than is allowed.
    case badSilence
    /// A rule of inhibition that cannot be applied.
    case badInhibition
    /// A policy of escalation without steps, receivers or deadlines.
    case badEscalation
    /// A budget whose numbers contradict each other.
    case badBudget
    /// A person who cannot be reached, or who cannot be told from another.
    case badPerson
    /// A template of a message that cannot be filled.
    case badTemplate
  }

  /// The kind of failure, for the caller to switch on.
  public let code: Code

  /// What is wrong, for the author of the settings.
  public let detail: String

  /// Makes an error from its kind and what is wrong.
  public init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  /// One line, safe to log.
  public var description: String { "alerting: \(code.rawValue): \(detail)" }
}
