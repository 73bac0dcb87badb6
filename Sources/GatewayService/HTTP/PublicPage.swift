/// The pages of the public API; a path names one or none.
enum PublicPage: Sendable, Hashable {
  case anomalies(customer: String)
  case scan
  case dismissal(anomaly: String)
  case operation(id: String)
  case description
  case unknown

  /// Finds the page of a path, given by its parts.
  init(_ segments: [String]) {
    switch segments.count {
    case 5
    where segments[0] == "api" && segments[1] == "customers" && !segments[2].isEmpty
      && segments[3] == "usage" && segments[4] == "anomalies":
      self = .anomalies(customer: segments[2])
    case 4 where segments == ["api", "analytics", "anomalies", "scan"]: self = .scan
    case 5
    where Array(segments[..<3]) == ["api", "analytics", "anomalies"]
      && !segments[3].isEmpty && segments[4] == "dismiss":
      self = .dismissal(anomaly: segments[3])
    case 4 where Array(segments[..<3]) == ["api", "v1", "operations"] && !segments[3].isEmpty:
      self = .operation(id: segments[3])
    case 1 where segments == ["openapi.json"]: self = .description
    default: self = .unknown
    }
  }

  /// The methods that it knows; none where there is no page.
  var methods: [String] {
    switch self {
    case .anomalies, .operation, .description: ["GET", "HEAD"]
    case .scan: ["POST"]
    case .dismissal: ["PUT"]
    case .unknown: []
    }
  }

  /// The scope that a token needs.
  var scope: GatewayScope? {
    switch self {
    case .anomalies: .readAnomalies
    case .scan, .operation: .createScans
    case .dismissal: .actOnAnomalies
    case .description, .unknown: nil
    }
  }

  /// A word for figures and logs, from a closed set.
  var name: String {
    switch self {
    case .anomalies: "anomalies"
    case .scan: "scan"
    case .dismissal: "dismiss"
    case .operation: "operation"
    case .description: "openapi"
    case .unknown: "unknown"
    }
  }
}
