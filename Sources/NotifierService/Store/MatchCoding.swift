internal import Alerting
internal import JSON

// Routes and labels as they are kept beside what they led to.
extension RouteMatch {
  /// The JSON of a row.
  var stored: String {
    var object: JSONObject = [
      "path": .string(path), "key": .string(key), "receiver": .string(policy.receiver),
      "group_wait": .number(policy.groupWaitSeconds),
      "group_interval": .number(policy.groupIntervalSeconds),
      "repeat_interval": .number(policy.repeatIntervalSeconds),
      "active": .array(policy.activeTimes.map { .string($0) }),
      "mute": .array(policy.muteTimes.map { .string($0) }),
    ]
    if case .labels(let labels) = policy.grouping {
      object["group_by"] = .array(labels.map { .string($0) })
    }
    if let escalation = policy.escalation { object["escalation"] = .string(escalation) }
    if let digest = policy.digest { object["digest"] = .string(digest) }
    return JSONValue.object(object).encoded()
  }

  /// Reads the JSON of a row.
  init(stored text: String) throws {
    let value = try JSONValue(parsing: text)
    func texts(_ key: String) -> [String] {
      value[key]?.arrayValue?.compactMap(\.stringValue) ?? []
    }
    let grouping: Grouping = value["group_by"] == nil ? .all : .labels(texts("group_by"))
    let usual = RoutePolicy(receiver: "")
    self.init(
      path: value["path"]?.stringValue ?? "", key: value["key"]?.stringValue ?? "",
      policy: RoutePolicy(
        receiver: value["receiver"]?.stringValue ?? "", grouping: grouping,
        groupWaitSeconds: value["group_wait"]?.doubleValue ?? usual.groupWaitSeconds,
        groupIntervalSeconds: value["group_interval"]?.doubleValue ?? usual.groupIntervalSeconds,
        repeatIntervalSeconds: value["repeat_interval"]?.doubleValue ?? usual.repeatIntervalSeconds,
        activeTimes: texts("active"), muteTimes: texts("mute"),
        escalation: value["escalation"]?.stringValue, digest: value["digest"]?.stringValue))
  }
}

/// Labels as a row has them.
enum StoredLabels {
  static func text(_ labels: Labels) -> String {
    var object: JSONObject = [:]
    for (name, value) in labels.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
    return JSONValue.object(object).encoded()
  }

  static func labels(_ text: String) throws -> Labels {
    var labels: Labels = [:]
    for member in try JSONValue(parsing: text).objectValue?.members ?? [] {
      labels[member.key] = member.value.stringValue ?? ""
    }
    return labels
  }
}
