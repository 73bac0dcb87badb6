internal import Alerting
internal import Egress
internal import Integration
internal import JSON
internal import SeriesModel
internal import ServiceRuntime

/// The body of a webhook, and the headers that belong to its format.
///
/// It depends on nothing but the message, so that a repetition under the same identity is the same.
struct WebhookBody {
  /// Largest body, in bytes, that Standard Webhooks recommends ("Payload size"); anomalies are left
  /// out until it fits, and one alone is sent as large as it is.
  static let recommendedBytes = 20_000

  let bytes: [UInt8]
  let headers: [EgressHeader]

  init(_ message: OutgoingMessage, id: String, settings: WebhookSettings, publicURL: String?) {
    switch settings.format {
    case .tidemark:
      bytes = Self.fitted(message) { message in
        [
          "type": .string(Self.type(message)), "timestamp": .string(Self.time(message)),
          "data": Self.data(message),
        ]
      }
      headers = [Self.json]
    case .cloudevents:
      let attributes = Self.attributes(message, id: id, publicURL: publicURL)
      switch settings.mode {
      case .binary:
        bytes = Self.fitted(message, Self.data)
        headers =
          [Self.json]
          + attributes.members.map { member in
            EgressHeader("ce-\(member.key)", Self.percentEncoded(member.value.stringValue ?? ""))
          }
      case .structured:
        bytes = Self.fitted(message) { message in
          var event = attributes
          event["datacontenttype"] = "application/json"
          event["data"] = Self.data(message)
          return .object(event)
        }
        headers = [EgressHeader("Content-Type", "application/cloudevents+json")]
      }
    case .alertmanager:
      bytes = Self.alertmanager(message, publicURL: publicURL).encodedBytes()
      headers = [Self.json]
    }
  }

  private static let json = EgressHeader("Content-Type", "application/json")

  private static func fitted(
    _ message: OutgoingMessage, _ render: (OutgoingMessage) -> JSONValue
  ) -> [UInt8] {
    message.fitting(bytesLimit: recommendedBytes, render)
      ?? render(message.keeping(1)).encodedBytes()
  }

  /// What happened, such as "tidemark.anomaly.opened".
  private static func type(_ message: OutgoingMessage) -> String {
    if message.mark == .test { return "tidemark.test" }
    if message.reason == .digest { return "tidemark.digest" }
    switch message.action {
    case .acknowledge: return "tidemark.anomaly.acknowledged"
    case .trigger, .resolve: break
    }
    let isSingle = message.items.count == 1 && message.omittedCount == 0
    return isSingle
      ? "tidemark.anomaly.\(message.lead.notice.kind.name)"
      : "tidemark.group.\(message.action == .resolve ? "resolved" : "changed")"
  }

  /// The moment of what happened, which is not that of the try.
  private static func time(_ message: OutgoingMessage) -> String {
    Timestamp.text(
      unixMicroseconds: message.items.map(\.notice.changedUnixMicroseconds).max() ?? 0)
  }

  private static func attributes(
    _ message: OutgoingMessage, id: String, publicURL: String?
  ) -> JSONObject {
    [
      "specversion": "1.0", "id": .string(id),
      "source": .string(publicURL ?? "/tidemark"), "type": .string(type(message)),
      "time": .string(time(message)), "subject": .string(message.lead.notice.anomaly.text),
    ]
  }

  /// The value of a header as CloudEvents' binding to HTTP has it: printable ASCII but space, quote
  /// and percent stands as it is, all else as percent and two digits a byte.
  private static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.map { byte in
      let isPlain = byte > 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x25
      return isPlain
        ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }.joined()
  }

  private static func data(_ message: OutgoingMessage) -> JSONValue {
    var data: JSONObject = [
      "receiver": .string(message.receiver), "thread": .string(message.threadKey),
      "action": .string(message.action.rawValue), "reason": .string(message.reason.rawValue),
      "subject": .string(message.subject), "group_key": .string(message.groupKey),
      "group_labels": AlertmanagerAlert.object(message.groupLabels),
      "anomalies": .array(message.items.map(anomaly)),
      "omitted_count": .integer(Int64(message.omittedCount)),
    ]
    if let link = message.link { data["link"] = .string(link) }
    if let mark = message.mark { data["mark"] = .string(mark.rawValue.lowercased()) }
    return .object(data)
  }

  private static func anomaly(_ item: OutgoingMessage.Item) -> JSONValue {
    let notice = item.notice
    let customer = notice.customer
    var anomaly: JSONObject = [
      "id": .string(notice.anomaly.text), "revision": .integer(Int64(notice.revision)),
      "change": .string(notice.kind.name), "state": .string(notice.state),
      "type": .string(notice.type), "severity": .string(notice.severity.name),
      "intent": .string(notice.intent.rawValue), "summary": .string(notice.summary),
      "sentence": .string(item.text.sentence),
      "customer": [
        "id": .string(customer.externalID), "name": .string(customer.name),
        "segment": .string(customer.segment), "region": .string(customer.region),
        "owner": .string(customer.owner),
      ],
      "metric": [
        "name": .string(notice.metric), "display_name": .string(notice.metricName),
        "unit": .string(notice.unit), "granularity": .string(notice.granularity.name),
      ],
      "baseline": .number(notice.baseline), "actual": .number(notice.actual),
      "duration_buckets": .integer(notice.durationBuckets),
      "possible_cause": .string(notice.possibleCause),
      "actions": .array(notice.actions.map { .string($0) }),
      "started_at": .string(
        Timestamp.text(unixMicroseconds: AlertmanagerAlert.startUnixMicroseconds(notice))),
      "detected_at": .string(Timestamp.text(unixMicroseconds: notice.detectedUnixMicroseconds)),
      "changed_at": .string(Timestamp.text(unixMicroseconds: notice.changedUnixMicroseconds)),
    ]
    if let link = item.text.link { anomaly["link"] = .string(link) }
    return .object(anomaly)
  }
}

// What Alertmanager sends to webhooks.
extension WebhookBody {
  private static func alertmanager(_ message: OutgoingMessage, publicURL: String?) -> JSONValue {
    let alerts = message.items.map { AlertmanagerAlert($0, in: message) }
    let isFiring = alerts.contains { $0.endedUnixMicroseconds == nil }
    return [
      "receiver": .string(message.receiver), "status": isFiring ? "firing" : "resolved",
      "alerts": .array(alerts.map(alert)),
      "groupLabels": AlertmanagerAlert.object(
        AlertmanagerAlert.groupLabels(message.groupLabels)),
      "commonLabels": AlertmanagerAlert.object(common(alerts.map(\.labels))),
      "commonAnnotations": AlertmanagerAlert.object(common(alerts.map(\.annotations))),
      "externalURL": .string(publicURL ?? ""), "version": "4",
      "groupKey": .string(message.groupKey),
      "truncatedAlerts": .integer(Int64(message.omittedCount)),
      "notification_reason": .string(message.reason.rawValue),
    ]
  }

  private static func alert(_ alert: AlertmanagerAlert) -> JSONValue {
    [
      "status": alert.endedUnixMicroseconds == nil ? "firing" : "resolved",
      "labels": AlertmanagerAlert.object(alert.labels),
      "annotations": AlertmanagerAlert.object(alert.annotations),
      "startsAt": .string(Timestamp.text(unixMicroseconds: alert.startsUnixMicroseconds)),
      "endsAt": .string(
        alert.endedUnixMicroseconds.map { Timestamp.text(unixMicroseconds: $0) }
          ?? AlertmanagerAlert.noEnd),
      "generatorURL": .string(alert.generatorURL), "fingerprint": .string(alert.fingerprint),
    ]
  }

  /// What all have with the same value.
  private static func common(_ all: [[String: String]]) -> [String: String] {
    guard let first = all.first else { return [:] }
    return first.filter { pair in all.allSatisfy { $0[pair.key] == pair.value } }
  }
}
