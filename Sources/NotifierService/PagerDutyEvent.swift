internal import Alerting
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

  init(
    _ notice: Notice, isTrigger: Bool, routingKey: String, deduplicationKey: String,
    publicURL: String?
  ) {
    let text = NoticeText(notice, publicURL: publicURL)
    var event: JSONObject = [
      "routing_key": .string(routingKey),
      "event_action": .string(isTrigger ? "trigger" : "resolve"),
      "dedup_key": .string(deduplicationKey),
    ]
    guard isTrigger else {
      body = JSONValue.object(event).encodedBytes()
      return
    }
    event["client"] = "Tidemark"
    if let link = text.link {
      event["client_url"] = .string(link)
      event["links"] = [["href": .string(link), "text": "Anomalies of the customer"]]
    }
    event["payload"] = .object(Self.payload(notice, text, details: Self.details(notice, text)))
    var bytes = JSONValue.object(event).encodedBytes()
    if bytes.count > Self.bytesLimit {
      let note: JSONValue = [
        "error": "The details were left out because they exceed the size of an event."
      ]
      event["payload"] = .object(Self.payload(notice, text, details: note))
      bytes = JSONValue.object(event).encodedBytes()
    }
    body = bytes
  }

  private static func payload(
    _ notice: Notice, _ text: NoticeText, details: JSONValue
  ) -> JSONObject {
    [
      "summary": .string(cut(text.subject)),
      "source": .string(notice.customer.externalID),
      "severity": .string(notice.severity.name),
      "timestamp": .string(Timestamp.text(unixMicroseconds: notice.detectedUnixMicroseconds)),
      "component": .string(notice.metric),
      "group": .string(notice.customer.segment),
      "class": .string(notice.type),
      "custom_details": details,
    ]
  }

  private static func cut(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(summaryLimit)))
  }

  private static func details(_ notice: Notice, _ text: NoticeText) -> JSONValue {
    var details: JSONObject = ["What happened": .string(text.sentence)]
    for fact in text.facts { details[fact.name] = .string(fact.value) }
    if !text.nextActions.isEmpty {
      details["Next actions"] = .array(text.nextActions.map { .string($0) })
    }
    details["anomaly_id"] = .string(notice.anomaly.text)
    return .object(details)
  }
}
