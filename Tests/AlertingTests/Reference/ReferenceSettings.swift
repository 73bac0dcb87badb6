import Alerting
import SeriesModel

/// Settings in the plainest form, from which the reference model works and the product's are made.
struct ReferenceSettings {
  struct Condition {
    var name: String
    /// One of `=`, `!=`, `=~`, `!~`.
    var operation: String
    /// A word; with `=~` and `!~` words between bars.
    var value: String

    var text: String { "\(name)\(operation)\"\(value)\"" }

    func holds(_ labels: [String: String]) -> Bool {
      let found = labels[name] ?? ""
      let isOne = value.split(separator: "|", omittingEmptySubsequences: false)
        .contains { $0 == found }
      switch operation {
      case "=": return found == value
      case "!=": return found != value
      case "=~": return isOne
      default: return !isOne
      }
    }
  }

  struct Node {
    var conditions: [Condition] = []
    var continues = false
    var receiver: String?
    /// Names of labels; `...` is all of them.
    var groupBy: [String]?
    var wait: Int64?
    var interval: Int64?
    var repetition: Int64?
    var active: [String] = []
    var mute: [String] = []
    var escalation: String?
    var digest: String?
    var children: [Node] = []
  }

  struct Budget {
    var limit: Int
    var window: Int64
    var reserve: Int
  }

  struct Receiver {
    var minimum = NoticeSeverity.info
    var pages = false
    var wantsEnds = true
    var scope = IncidentScope.anomaly
    var holds = false
    var budget: Budget?
  }

  struct Human {
    var name: String
    var roles: [String]
    var channel: String
    var quiet: String?
    var hasDigest: Bool
    var immediate: NoticeSeverity
    var criticalOverrides: Bool
    var portfolioOnly: Bool
  }

  struct Rule {
    var source: [Condition]
    var target: [Condition]
    var equal: [String]
    var receiver: String?
    var minimum: Int
  }

  struct Step {
    var receivers: [String]
    var delivery: Int64
    var acknowledgement: Int64
  }

  struct Hush {
    var conditions: [Condition]
    var from: Int64
    var to: Int64
  }

  var root = Node()
  var receivers: [String: Receiver] = [:]
  /// Receivers that stand for people: `owner`, `role:x` or a name.
  var people: [String: [String]] = [:]
  /// Parts of every day, in minutes.
  var hours: [String: (start: Int, end: Int)] = [:]
  var rules: [Rule] = []
  var policies: [String: (steps: [Step], repeats: Int)] = [:]
  var humans: [Human] = []
  var silences: [Hush] = []
}

// The product's form.
extension ReferenceSettings {
  private func matchers(_ conditions: [Condition]) throws -> [Matcher] {
    try conditions.map { try Matcher(parsing: $0.text) }
  }

  private func route(_ node: Node) throws -> Route {
    var made = Route(
      receiver: node.receiver, matchers: try matchers(node.conditions), continues: node.continues,
      groupWaitSeconds: node.wait.map { Double($0) },
      groupIntervalSeconds: node.interval.map { Double($0) },
      repeatIntervalSeconds: node.repetition.map { Double($0) }, activeTimes: node.active,
      muteTimes: node.mute, escalation: node.escalation, digest: node.digest,
      children: try node.children.map { try self.route($0) })
    if let groupBy = node.groupBy {
      made.grouping = groupBy == ["..."] ? .all : .labels(groupBy)
    }
    return made
  }

  private func schedule(_ name: String) throws -> TimeSchedule? {
    guard let part = hours[name] else { return nil }
    let clock = [part.start, part.end].map { minute in
      let words = [minute / 60, minute % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
      return words.joined(separator: ":")
    }
    return TimeSchedule(
      name: name, spans: [try TimeSpan(parsingTimes: [(start: clock[0], end: clock[1])])])
  }

  private func directory() throws -> Directory {
    try Directory(
      humans.map { human in
        try Person(
          name: human.name, roles: human.roles, channels: [human.channel],
          quietHours: try human.quiet.flatMap { try schedule($0) },
          digest: human.hasDigest ? try DigestSchedule(at: "08:00", zone: .utc) : nil,
          immediateSeverity: human.immediate, criticalOverridesQuietHours: human.criticalOverrides,
          portfolioOnly: human.portfolioOnly)
      })
  }

  func configuration() throws -> AlertingConfiguration {
    let names = RouteNames(
      receivers: Set(receivers.keys).union(people.keys), schedules: Set(hours.keys),
      escalations: Set(policies.keys), digests: ["weekly"])
    var made = AlertingConfiguration(tree: try RouteTree(root: try self.route(root), names: names))
    made.receivers = receivers.mapValues {
      ReceiverRules(
        minimumSeverity: $0.minimum, pages: $0.pages, wantsResolved: $0.wantsEnds,
        incidentScope: $0.scope, holdsIncidents: $0.holds)
    }
    made.people = people.mapValues { words in
      words.map { word in
        if word == "owner" { return .owner }
        return word.hasPrefix("role:") ? .role(String(word.dropFirst(5))) : .name(word)
      }
    }
    for (name, receiver) in receivers {
      guard let budget = receiver.budget else { continue }
      made.budgets[name] = ReceiverBudget(
        budget: try AlarmBudget(
          limit: budget.limit, windowSeconds: budget.window, criticalReserve: budget.reserve),
        digest: "weekly")
    }
    for name in hours.keys { made.schedules[name] = try schedule(name) }
    made.inhibitions = try rules.enumerated().map { number, rule in
      try InhibitionRule(
        name: "rule \(number)", sourceMatchers: try matchers(rule.source),
        targetMatchers: try matchers(rule.target), equal: rule.equal,
        scope: rule.receiver.map { .receiver($0) } ?? .everywhere, minimumSources: rule.minimum)
    }
    for (name, policy) in policies {
      let steps = policy.steps.map {
        EscalationStep(
          receivers: $0.receivers, deliverySLOSeconds: $0.delivery,
          acknowledgeDeadlineSeconds: $0.acknowledgement)
      }
      made.escalations[name] = try EscalationPolicy(
        name: name, steps: steps, repeats: policy.repeats)
    }
    made.digests["weekly"] = Digest(
      name: "weekly", receiver: "mail", schedule: try DigestSchedule(at: "08:00", zone: .utc))
    made.directory = try directory()
    return made
  }

  func productSilences() throws -> [Silence] {
    try silences.enumerated().map { number, hush in
      Silence(
        id: SilenceID(high: 5, low: UInt64(number)), matchers: [try matchers(hush.conditions)],
        createdBy: "ada", startsAt: hush.from, endsAt: hush.to, createdAt: hush.from)
    }
  }
}
