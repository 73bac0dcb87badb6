internal import Alerting
internal import AnomalyContract
internal import DeliveryContract
internal import JSON
internal import PagerDutyIntegration
internal import Postgres
internal import RPC
internal import ServiceRuntime
internal import WorkQueue

/// Hands what people did at PagerDuty to the classifier, which owns the state of anomalies.
struct InboundForwarding: Sendable {
  /// The kind of job; its key is the event and the anomaly.
  static let jobKind = "transition"
  private static let timeoutMilliseconds = 10_000

  let store: DeliveryStore
  /// Nil where the classifier's address is not known: then nothing is taken from outside.
  let classifier: ClassifierClient?
  let logger: Logger

  /// What an event means for its anomalies; nil is nothing.
  static func verb(_ kind: PagerDutyInbound.Kind) -> TransitionVerb? {
    switch kind {
    case .acknowledged: .acknowledge
    case .resolved: .resolve
    case .reopened: .reopen
    case .unacknowledged, .reassigned, .priorityUpdated: nil
    }
  }

  /// Writes an event down with its work; how many anomalies it moves, or nil for a repetition.
  func take(_ event: PagerDutyInbound.Event, receiver: String, now: Int64) async throws -> Int? {
    try await store.pool.transaction { connection in
      let inserted = try connection.execute(
        """
        INSERT INTO inbound (receiver, message, received_at) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
        """, [.text(receiver), .text(event.id), .timestamp(unixMicroseconds: now)])
      if inserted.affected == 0 { return nil }
      guard let verb = Self.verb(event.kind) else { return 0 }
      let rows = try connection.execute(
        """
        SELECT DISTINCT i.anomaly_id FROM delivery AS d
        JOIN delivery_item AS i ON i.delivery_id = d.id
        JOIN anomaly AS a ON a.anomaly_id = i.anomaly_id
        WHERE d.deduplication_key = $1 AND d.action = 'trigger'
        """, [.text(event.threadKey)])
      let payload: JSONObject = [
        "verb": .integer(Int64(verb.rawValue)), "who": .string(event.agent ?? "PagerDuty"),
      ]
      let jobs = rows.map { row in
        let id = AnomalyReference(high: row.uuid(0).high, low: row.uuid(0).low)
        return NewJob(
          kind: Self.jobKind, key: "\(event.id) \(id.text)",
          payload: JSONValue.object(payload).encodedBytes(), priority: .high)
      }
      try store.queue.enqueue(jobs, on: connection)
      return jobs.count
    }
  }

  /// Does one job.
  func handle(_ job: ClaimedJob) async throws -> WorkOutcome {
    let parts = job.key.split(separator: " ")
    let payload = try JSONValue(parsing: job.payload)
    guard let classifier, parts.count == 2, let verb = payload["verb"]?.integerValue,
      let anomaly = AnomalyReference(text: String(parts[1]))
    else { return .poison(reason: "the job cannot be read, or the classifier is not known") }
    var request = TransitionRequest()
    request.anomalyID = anomaly.wireBytes
    request.verb = TransitionVerb(rawValue: Int32(clamping: verb))
    request.actorName = "pagerduty:\(payload["who"]?.stringValue ?? "")"
    request.reason = "done at PagerDuty"
    do throws(RPCError) {
      _ = try await classifier.transition(
        request, options: CallOptions(timeoutMilliseconds: Self.timeoutMilliseconds))
      return .finished
    } catch {
      switch error.code {
      case .unavailable, .deadlineExceeded, .resourceExhausted, .cancelled, .aborted:
        return .postponed(reason: error.description, afterSeconds: nil)
      case .notFound, .failedPrecondition:
        // It is gone or over already: nothing is left to be done about it.
        logger.info("inbound wish without effect", ["anomaly": anomaly.text, "why": "\(error)"])
        return .finished
      default:
        return .failed(reason: error.description)
      }
    }
  }
}
