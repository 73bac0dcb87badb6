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
  /// Longest other name of a payload, in characters; a limit of our own.
  static let nameLimit = 1_024
  /// What stands for the details of an event that is too large with them.
  static let note: JSONValue = [
    "error": "The details were left out because they exceed the size of an event."
  ]

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
      event["payload"] = .object(Self.payload(message, details: Self.note))
      bytes = JSONValue.object(event).encodedBytes()
    }
    body = bytes
  }

  /// A change event, which belongs to no incident and wakes nobody.
  init(_ announcement: Announcement, routingKey: String) {
    var payload: JSONObject = [
      "summary": .string(Self.filled(announcement.summary, limit: Self.summaryLimit)),
      "source": .string(Self.filled(announcement.source, limit: Self.nameLimit)),
      "timestamp": .string(Timestamp.text(unixMicroseconds: announcement.unixMicroseconds)),
    ]
    var details = JSONObject()
    for fact in announcement.facts { details[fact.name] = .string(fact.value) }
    payload["custom_details"] = .object(details)
    var event: JSONObject = ["routing_key": .string(routingKey)]
    if let link = announcement.link {
      event["links"] = [["href": .string(link), "text": "Tidemark"]]
    }
    event["payload"] = .object(payload)
    var bytes = JSONValue.object(event).encodedBytes()
    if bytes.count > Self.bytesLimit {
      payload["custom_details"] = Self.note
      event["payload"] = .object(payload)
      bytes = JSONValue.object(event).encodedBytes()
    }
    body = bytes
  }

  /// PagerDuty refuses a required text that is blank.
  private static func filled(_ text: String, limit: Int) -> String {
    text.allSatisfy(\.isWhitespace) ? "(none)" : text.cut(scalars: limit)
  }

  private static func payload(_ message: OutgoingMessage, details: JSONValue) -> JSONObject {
    let notice = message.lead.notice
    return [
      "summary": .string(filled(message.subject, limit: summaryLimit)),
      "source": .string(filled(notice.customer.externalID, limit: nameLimit)),
      "severity": .string(notice.severity.name),
      "timestamp": .string(Timestamp.text(unixMicroseconds: notice.detectedUnixMicroseconds)),
      "component": .string(notice.metric.cut(scalars: nameLimit)),
      "group": .string(notice.customer.segment.cut(scalars: nameLimit)),
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
