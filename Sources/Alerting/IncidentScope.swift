/// What a receiver is told as one thing: one incident, one ticket, one thread of mail.
public enum IncidentScope: String, Sendable, Hashable, CaseIterable {
  /// Each anomaly by itself.
  case anomaly
  /// All anomalies that a route groups.
  case group
  /// All anomalies of a customer.
  case customer
}
