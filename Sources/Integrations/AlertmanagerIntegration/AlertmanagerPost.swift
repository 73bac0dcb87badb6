internal import Alerting
internal import Integration
internal import JSON
internal import ServiceRuntime

/// The alerts of one message, and what is to be remembered of them.
struct AlertmanagerPost {
  /// Longest memory of former labels, in bytes; what does not fit ends by its time.
  static let referenceBytesLimit = 8_192

  let body: [UInt8]

  /// The labels of each alert by its anomaly, so that they can be ended when they change.
  let reference: String

  init(_ message: OutgoingMessage, settings: AlertmanagerSettings, now: Int64) {
    let former = Self.labels(in: message.reference)
    let lasting = Int64(settings.resendInterval) * AlertmanagerSettings.intervalsUntilEnd
    let end = now + lasting * 1_000_000
    var alerts: [JSONValue] = []
    var told: [(anomaly: String, labels: Labels)] = []
    for item in message.items {
      let anomaly = item.notice.anomaly.text
      let alert = AlertmanagerAlert(item, in: message, extraLabels: settings.labels)
      alerts.append(Self.alert(alert, ends: alert.endedUnixMicroseconds ?? end))
      if let old = former[anomaly], old != alert.labels {
        alerts.append(Self.ended(alert, labels: old, now: now))
      }
      if alert.endedUnixMicroseconds == nil { told.append((anomaly, alert.labels)) }
    }
    body = JSONValue.array(alerts).encodedBytes()
    // Those that this message leaves out fire on, so they are still to be remembered.
    let spoken = Set(message.items.map(\.notice.anomaly.text))
    told += former.filter { !spoken.contains($0.key) }.sorted { $0.key < $1.key }.map {
      ($0.key, $0.value)
    }
    reference = Self.reference(told)
  }

  private static func alert(_ alert: AlertmanagerAlert, ends: Int64) -> JSONValue {
    var object: JSONObject = [
      "labels": AlertmanagerAlert.object(alert.labels),
      "annotations": AlertmanagerAlert.object(alert.annotations),
      "startsAt": .string(Timestamp.text(unixMicroseconds: alert.startsUnixMicroseconds)),
      // An end before the beginning would be refused, and with it all alerts of the request.
      "endsAt": .string(
        Timestamp.text(unixMicroseconds: max(ends, alert.startsUnixMicroseconds + 1_000))),
    ]
    if !alert.generatorURL.isEmpty { object["generatorURL"] = .string(alert.generatorURL) }
    return .object(object)
  }

  /// The end of an alert that goes on under other labels.
  private static func ended(_ alert: AlertmanagerAlert, labels: Labels, now: Int64) -> JSONValue {
    let start = min(alert.startsUnixMicroseconds, now - 1_000)
    return [
      "labels": AlertmanagerAlert.object(labels),
      "annotations": AlertmanagerAlert.object(alert.annotations),
      "startsAt": .string(Timestamp.text(unixMicroseconds: start)),
      "endsAt": .string(Timestamp.text(unixMicroseconds: now)),
    ]
  }

  private static func reference(_ told: [(anomaly: String, labels: Labels)]) -> String {
    var object = JSONObject()
    var count = 2
    for (anomaly, labels) in told {
      let value = AlertmanagerAlert.object(labels)
      count += anomaly.utf8.count + 4 + value.encodedBytes().count
      if count > referenceBytesLimit { break }
      object[anomaly] = value
    }
    return JSONValue.object(object).encoded()
  }

  private static func labels(in reference: String?) -> [String: Labels] {
    guard let reference else { return [:] }
    do {
      let object = try JSONValue(parsing: reference).objectValue ?? JSONObject()
      let pairs = object.members.map { member in
        let labels = (member.value.objectValue?.members ?? []).compactMap { label in
          label.value.stringValue.map { (label.key, $0) }
        }
        return (member.key, Dictionary(labels, uniquingKeysWith: { first, _ in first }))
      }
      return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    } catch {
      // A reference of another integration that the receiver had before: nothing of ours fires.
      return [:]
    }
  }
}
