public import Alerting
public import JSON
internal import SeriesModel
internal import ServiceRuntime

/// An anomaly as Alertmanager and whoever reads its webhooks see it.
///
/// Labels are the identity of an alert, so nothing that changes by itself stands in them; numbers
/// and words are annotations.
public struct AlertmanagerAlert: Sendable, Hashable {
  /// The value of the label `alertname`.
  public static let name = "UsageAnomaly"

  /// What ends later than anybody looks: the moment that Go's zero time is written as.
  public static let noEnd = "0001-01-01T00:00:00Z"

  /// What makes it this alert and no other; none is empty.
  public let labels: Labels

  /// What is known of it now; none is empty.
  public let annotations: [String: String]

  /// When it began, in microseconds since 1970.
  public let startsUnixMicroseconds: Int64

  /// When it ended, in microseconds since 1970; nil while it fires.
  public let endedUnixMicroseconds: Int64?

  /// Where to look further; empty where no address is known.
  public let generatorURL: String

  /// Puts one anomaly of a message into Alertmanager's form.
  ///
  /// - Parameters:
  ///   - item: The anomaly.
  ///   - message: What it is told in: its resolve ends all of its alerts, and a mark sets them apart
  ///     from real ones.
  ///   - extraLabels: Added to those of the anomaly, which they do not replace.
  public init(
    _ item: OutgoingMessage.Item, in message: OutgoingMessage, extraLabels: Labels = [:]
  ) {
    let notice = item.notice
    var labels: Labels = [
      "alertname": Self.name, "customer_id": notice.customer.externalID, "metric": notice.metric,
      "anomaly_type": notice.type, "segment": notice.customer.segment,
      "csm": notice.customer.owner, "severity": notice.severity.name,
    ]
    if let mark = message.mark { labels["mark"] = mark.rawValue.lowercased() }
    labels.merge(extraLabels) { own, _ in own }
    self.labels = labels.filter { !$0.value.isEmpty }
    annotations = Self.annotations(item)
    generatorURL = item.text.link ?? ""
    startsUnixMicroseconds = Self.startUnixMicroseconds(notice)
    let isOver = message.action == .resolve || notice.kind.isEnd
    endedUnixMicroseconds = isOver ? notice.changedUnixMicroseconds : nil
  }

  private static func annotations(_ item: OutgoingMessage.Item) -> [String: String] {
    let notice = item.notice
    let text = item.text
    let annotations = [
      "summary": text.sentence,
      "description": text.facts.map { "\($0.name): \($0.value)" }.joined(separator: "\n"),
      "customer_name": oneLine(notice.customer.name), "metric_name": oneLine(notice.metricName),
      "baseline": "\(notice.baseline)", "actual": "\(notice.actual)",
      "duration": durationWords(notice.durationBuckets, notice.granularity),
      "possible_cause": oneLine(notice.possibleCause),
      "next_actions": text.nextActions.joined(separator: "; "),
      "intent": notice.intent.rawValue, "state": notice.state,
      "anomaly_id": notice.anomaly.text, "revision": "\(notice.revision)",
    ]
    return annotations.filter { !$0.value.isEmpty }
  }

  /// When an anomaly began, in microseconds since 1970.
  ///
  /// A day begins earlier or later by the customer's zone, but never after it was looked at.
  public static func startUnixMicroseconds(_ notice: Notice) -> Int64 {
    min(
      unixMicroseconds(of: notice.start), notice.detectedUnixMicroseconds,
      notice.changedUnixMicroseconds)
  }

  /// The first moment of a bucket, taken as one of UTC.
  private static func unixMicroseconds(of bucket: Bucket) -> Int64 {
    let index = Int64(bucket.index)
    let seconds: Int64 =
      switch bucket.granularity {
      case .fiveMinutes: index * 300
      case .hour: index * 3_600
      case .day: index * 86_400
      case .week: Int64(CivilDate(mondayOfWeek: Int(index)).dayIndex) * 86_400
      }
    return seconds * 1_000_000
  }

  /// Alertmanager's own name for the set of labels: 16 hexadecimal digits (FNV-1a of 64 bits).
  public var fingerprint: String { Self.fingerprint(of: labels) }

  /// Alertmanager's own name for a set of labels.
  public static func fingerprint(of labels: Labels) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for (name, value) in labels.sorted(by: { $0.key < $1.key }) {
      for byte in name.utf8 { add(byte) }
      add(0xff)
      for byte in value.utf8 { add(byte) }
      add(0xff)
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The labels of a group by the names that they have in alerts.
  public static func groupLabels(_ labels: Labels) -> Labels {
    let names = ["customer": "customer_id", "owner": "csm"]
    return Dictionary(
      labels.map { (names[$0.key] ?? $0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// Labels or annotations as an object, in the order of their names.
  public static func object(_ texts: [String: String]) -> JSONValue {
    var object = JSONObject()
    for (name, value) in texts.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
    return .object(object)
  }
}
