internal import Alerting
internal import Integration
internal import JSON
internal import SeriesModel
internal import ServiceRuntime

/// An event of PagerDuty's Events API v2.
struct PagerDutyEvent {
  /// Largest event that is sent, in bytes, as Alertmanager has it.
  static let bytesLimit = 512_000
  /// Longest summary, in characters.
  static let summaryLimit = 1_024

  let body: [UInt8]

  init(_ message: OutgoingMessage, routingKey: String) {
    var event: JSONObject = [
      "routing_key": .string(routingKey),
      "event_action": .string(message.action.rawValue),
      "dedup_key": .string(message.threadKey),
    ]
    guard message.action == .trigger else {
      body = JSONValue.object(event).encodedBytes()
      return
    }
    event["client"] = "Tidemark"
    if let link = message.link {
      event["client_url"] = .string(link)
      event["links"] = [["href": .string(link), "text": "Anomalies of the customer"]]
    }
    event["payload"] = .object(Self.payload(message, details: Self.details(message)))
    var bytes = JSONValue.object(event).encodedBytes()
    if bytes.count > Self.bytesLimit {
      let note: JSONValue = [
        "error": "The details were left out because they exceed the size of an event."
      ]
      event["payload"] = .object(Self.payload(message, details: note))
      bytes = JSONValue.object(event).encodedBytes()
    }
    body = bytes
  }

  private static func payload(_ message: OutgoingMessage, details: JSONValue) -> JSONObject {
    let notice = message.lead.notice
    return [
      "summary": .string(message.subject.cut(scalars: summaryLimit)),
      "source": .string(notice.customer.externalID),
      "severity": .string(notice.severity.name),
      "timestamp": .string(Timestamp.text(unixMicroseconds: notice.detectedUnixMicroseconds)),
      "component": .string(notice.metric),
      "group": .string(notice.customer.segment),
      "class": .string(notice.type),
      "custom_details": details,
    ]
  }

  private static func details(_ message: OutgoingMessage) -> JSONValue {
    let text = message.lead.text
    var details: JSONObject = ["What happened": .string(text.sentence)]
    for fact in text.facts { details[fact.name] = .string(fact.value) }
    if !text.nextActions.isEmpty {
      details["Next actions"] = .array(text.nextActions.map { .string($0) })
    }
    let others = message.items.dropFirst().map { JSONValue.string($0.text.sentence) }
    if !others.isEmpty { details["Also"] = .array(Array(others)) }
    if message.omittedCount > 0 { details["And more"] = .integer(Int64(message.omittedCount)) }
    details["anomaly_id"] = .string(message.lead.notice.anomaly.text)
    return .object(details)
  }
}
