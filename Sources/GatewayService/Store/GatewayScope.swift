/// What a token allows.
public enum GatewayScope: String, Sendable, Hashable, CaseIterable {
  /// To read anomalies.
  case readAnomalies = "anomalies:read"
  /// To act on anomalies: dismiss.
  case actOnAnomalies = "anomalies:act"
  /// To start scans.
  case createScans = "scans:create"
}
