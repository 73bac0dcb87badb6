import Alerting
import SeriesModel

/// An anomaly that is only typed in, by its labels.
enum LabelledNotice {
  /// Makes an open anomaly of words such as `severity=critical`.
  ///
  /// What is not said is a warning of a risk: an open drop of a daily count of one series.
  static func notice(_ words: [String], at now: Int64) throws(CommandError) -> Notice {
    let labels = try labels(words)
    var notice = Notice(
      anomaly: AnomalyReference(high: 0, low: 1), revision: 1, kind: .opened,
      customer: Customer(
        id: CustomerID(high: 0, low: 1), externalID: labels["customer"] ?? "",
        name: labels["customer_name"] ?? "", segment: labels["segment"] ?? "",
        region: labels["region"] ?? "", owner: labels["owner"] ?? ""),
      metric: labels["metric"] ?? "",
      metricKind: try word("metric_kind", labels, MetricKind.allCases, { $0.word }) ?? .count,
      type: labels["anomaly_type"] ?? (labels["direction"] == "up" ? "spike" : "drop"),
      scope: try word("scope", labels, NoticeScope.allCases, { $0.rawValue }) ?? .series,
      severity: try word("severity", labels, NoticeSeverity.allCases, { $0.name }) ?? .warning,
      intent: try word("intent", labels, NoticeIntent.allCases, { $0.rawValue }) ?? .risk,
      state: "open",
      start: Bucket(
        try word("granularity", labels, Granularity.allCases, { $0.name }) ?? .day, 0),
      durationBuckets: 1, baseline: 1, actual: 0, summary: "",
      detectedUnixMicroseconds: now, changedUnixMicroseconds: now)
    if let state = labels["state"] {
      guard ["open", "acknowledged", "recovering"].contains(state) else {
        throw CommandError("state is open, acknowledged or recovering: what is over is not told")
      }
      notice.state = state
    }
    if let direction = labels["direction"], direction != notice.direction {
      throw CommandError(
        "an anomaly of type \(notice.type) has the direction \"\(notice.direction)\"")
    }
    return notice
  }

  private static func labels(_ words: [String]) throws(CommandError) -> Labels {
    var labels: Labels = [:]
    for text in words {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw CommandError("\"\(text)\" is not of the form label=value")
      }
      let name = String(parts[0])
      guard Notice.labelNames.contains(name) else {
        throw CommandError(
          "there is no label \"\(name)\"; there are \(Notice.labelNames.joined(separator: ", "))")
      }
      var value = parts[1]
      if value.count >= 2, value.first == "\"", value.last == "\"" {
        value = value.dropFirst().dropLast()
      }
      guard labels.updateValue(String(value), forKey: name) == nil else {
        throw CommandError("\(name) stands twice")
      }
    }
    return labels
  }

  private static func word<Value>(
    _ label: String, _ labels: Labels, _ values: [Value], _ name: (Value) -> String
  ) throws(CommandError) -> Value? {
    guard let text = labels[label] else { return nil }
    if let found = values.first(where: { name($0) == text }) { return found }
    throw CommandError("\(label) is one of \(values.map(name).joined(separator: ", "))")
  }
}

extension MetricKind {
  fileprivate var word: String {
    switch self {
    case .count: "count"
    case .gauge: "gauge"
    case .money: "money"
    case .ratio: "ratio"
    }
  }
}
