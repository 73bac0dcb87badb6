internal import Alerting
internal import Postgres
internal import SeriesContract
internal import ServiceRuntime
internal import WorkQueue

/// Everything that the notifier keeps: anomalies, groups, threads, deliveries and the log of them.
///
/// Whoever writes locks the anomaly first, then groups in the order of their identities.
struct DeliveryStore: Sendable {
  let pool: PostgresPool
  let queue: WorkQueue
  let configuration: LiveConfiguration
  let giveUpSeconds: Double
  let publicURL: String?
  let figures: NotifierFigures
  let logger: Logger
}

extension PostgresValue {
  /// The identity of an anomaly.
  static func anomaly(_ anomaly: AnomalyReference) -> PostgresValue {
    .uuid(high: anomaly.high, low: anomaly.low)
  }
}

extension AnomalyReference {
  /// Reads the usual form of a UUID; nil for anything else.
  init?(text: String) {
    guard let id = WireUUID(text: text) else { return nil }
    self.init(high: id.high, low: id.low)
  }
}
