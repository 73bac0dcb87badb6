import Alerting
import JSON
import ServiceRuntime

/// What would become of one anomaly, for people and for programs.
struct RoutingAccount {
  let trial: RoutingTrial
  let notice: Notice
  let configuration: AlertingConfiguration
  let moment: Int64

  /// One line a fact.
  var lines: [String] {
    var lines = ["at \(Self.time(moment))", "labels: \(labels)"]
    for match in trial.matches {
      lines.append("route \(match.path)")
      lines.append("  \(Self.policy(match.policy))")
      var group: String?
      for answer in trial.answers where answer.destination.match == match {
        if group != answer.groupKey { lines.append("  group \(answer.groupKey)") }
        group = answer.groupKey
        lines.append("  -> \(who(answer.destination)): \(outcome(answer))")
      }
    }
    lines += trial.nowhere.map { "nobody is told: \($0)" }
    var policy: String?
    for step in trial.steps {
      if policy != step.place.policy {
        lines.append("escalation \(step.place.policy), if nobody acknowledges")
      }
      policy = step.place.policy
      let told = step.destinations.map { who($0) + how($0, at: step.at) } + step.nowhere
      lines.append(
        "  \(Self.time(step.at)) step \(step.place.step + 1), round \(step.place.round + 1)"
          + " (\(step.reason.rawValue)): \(told.joined(separator: "; "));"
          + " delivered by \(Self.time(step.deliveredBy)),"
          + " acknowledged by \(Self.time(step.acknowledgedBy))")
    }
    return lines
  }

  private var labels: String {
    notice.labels.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
      .map { "\($0.key)=\"\($0.value)\"" }.joined(separator: " ")
  }

  private static func time(_ microseconds: Int64) -> String {
    Timestamp.text(unixMicroseconds: microseconds, milliseconds: false)
  }

  private static func policy(_ policy: RoutePolicy) -> String {
    func text(_ seconds: Double) -> String { durationText(milliseconds: Int64(seconds * 1_000)) }
    var parts = [
      "receiver \(policy.receiver)", "group_wait \(text(policy.groupWaitSeconds))",
      "group_interval \(text(policy.groupIntervalSeconds))",
      "repeat_interval \(text(policy.repeatIntervalSeconds))",
    ]
    if let escalation = policy.escalation { parts[0] = "escalation \(escalation)" }
    if let digest = policy.digest { parts.append("digest \(digest)") }
    if !policy.muteTimes.isEmpty {
      parts.append("muted within \(policy.muteTimes.joined(separator: ", "))")
    }
    if !policy.activeTimes.isEmpty {
      parts.append("active within \(policy.activeTimes.joined(separator: ", "))")
    }
    return parts.joined(separator: ", ")
  }

  private func who(_ destination: Destination) -> String {
    destination.person.map { "\(destination.receiver): \($0)" } ?? destination.receiver
  }

  private func how(_ destination: Destination, at moment: Int64) -> String {
    switch configuration.choice(of: destination.person, notice, at: moment) {
    case nil: ""
    case .send(let channels): " by \(channels.joined(separator: ", else "))"
    case .digest: " in a digest"
    case .hold(let until): " not before \(Self.time(until))"
    }
  }

  private func outcome(_ answer: RoutingTrial.Answer) -> String {
    var text: String
    switch answer.verdict {
    case .tell: text = "told" + how(answer.destination, at: moment)
    case .digest(let cause):
      text = "digested (\(cause))"
    case .suppress(let standing):
      text = "\(standing.disposition.name) (\(standing.cause))"
      if let until = standing.untilUnixMicroseconds { text += " until \(Self.time(until))" }
    }
    if let first = answer.firstSend {
      text += ", first message \(Self.time(first))"
    } else if case .digest = answer.verdict {
      text += ", no message of its own"
    } else {
      text += ", no message within \(RoutingTrial.horizonDays) days"
    }
    return text
  }
}

// For programs.
extension RoutingAccount {
  /// The same as one object.
  var json: JSONValue {
    var object = JSONObject()
    object["at"] = .string(Self.time(moment))
    object["labels"] = .object(Self.object(notice.labels))
    object["routes"] = .array(trial.matches.map { route($0) })
    object["nowhere"] = .array(trial.nowhere.map { .string($0) })
    object["escalation"] = .array(trial.steps.map { step($0) })
    return .object(object)
  }

  private static func object(_ labels: Labels) -> JSONObject {
    var object = JSONObject()
    for (name, value) in labels.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
    return object
  }

  private func route(_ match: RouteMatch) -> JSONValue {
    var object = JSONObject()
    object["path"] = .string(match.path)
    object["receiver"] = .string(match.receiver)
    object["escalation"] = match.policy.escalation.map { .string($0) } ?? .null
    object["digest"] = match.policy.digest.map { .string($0) } ?? .null
    object["group_wait_seconds"] = .number(match.policy.groupWaitSeconds)
    object["group_interval_seconds"] = .number(match.policy.groupIntervalSeconds)
    object["repeat_interval_seconds"] = .number(match.policy.repeatIntervalSeconds)
    object["receivers"] = .array(
      trial.answers.filter { $0.destination.match == match }.map { self.answer($0) })
    return .object(object)
  }

  private func answer(_ answer: RoutingTrial.Answer) -> JSONValue {
    var object = addressee(answer.destination, at: moment)
    object["group_key"] = .string(answer.groupKey)
    switch answer.verdict {
    case .tell: object["verdict"] = "told"
    case .digest(let cause):
      object["verdict"] = "digested"
      object["cause"] = .string(cause)
      object["digest"] = answer.digest.map { .string($0) } ?? .null
    case .suppress(let standing):
      object["verdict"] = .string(standing.disposition.name)
      object["cause"] = .string(standing.cause)
      object["until"] = standing.untilUnixMicroseconds.map { .string(Self.time($0)) } ?? .null
    }
    object["first_message"] = answer.firstSend.map { .string(Self.time($0)) } ?? .null
    return .object(object)
  }

  private func addressee(_ destination: Destination, at moment: Int64) -> JSONObject {
    var object = JSONObject()
    object["receiver"] = .string(destination.receiver)
    guard let person = destination.person else { return object }
    object["person"] = .string(person)
    switch configuration.choice(of: person, notice, at: moment) {
    case nil: break
    case .send(let channels): object["channels"] = .array(channels.map { .string($0) })
    case .digest: object["choice"] = "digest"
    case .hold(let until): object["not_before"] = .string(Self.time(until))
    }
    return object
  }

  private func step(_ step: RoutingTrial.Step) -> JSONValue {
    var object = JSONObject()
    object["policy"] = .string(step.place.policy)
    object["step"] = .integer(Int64(step.place.step))
    object["round"] = .integer(Int64(step.place.round))
    object["reason"] = .string(step.reason.rawValue)
    object["at"] = .string(Self.time(step.at))
    object["delivered_by"] = .string(Self.time(step.deliveredBy))
    object["acknowledged_by"] = .string(Self.time(step.acknowledgedBy))
    object["receivers"] = .array(step.destinations.map { .object(addressee($0, at: step.at)) })
    object["nowhere"] = .array(step.nowhere.map { .string($0) })
    return .object(object)
  }
}
