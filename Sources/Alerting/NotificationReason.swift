/// Why a message goes out; Alertmanager's reasons, and those of what it does not have.
public enum NotificationReason: String, Sendable, Hashable, CaseIterable {
  /// Nothing was told in this thread before.
  case first
  /// Anomalies joined the group, or one changed in a way that people are told of.
  case newInGroup = "new_in_group"
  /// Some of the group are over.
  case someResolved = "some_resolved"
  /// All of the group are over.
  case allResolved = "all_resolved"
  /// Nothing changed for as long as the route's repeat interval.
  case repeated
  /// Somebody took it on.
  case acknowledged
  /// Nobody took it on in time, or the step before could not be reached.
  case escalation
  /// The collection of what did not need to interrupt.
  case digest
  /// Something that somebody set up ends soon.
  case reminder
  /// Somebody tries whether the way works.
  case test
}
