import Alerting
import SeriesModel

/// A configuration and a stream of changes, all drawn from one seed.
struct ReferenceScenario {
  /// One thing that happens from outside.
  struct Step {
    var at: Int64
    var notice: Notice
    /// Puts the anomaly off until that moment.
    var snoozeUntil: Int64?
  }

  static let minute: Int64 = 60_000_000
  private static let labels: [(String, [String])] = [
    ("severity", ["info", "warning", "critical"]), ("segment", ["trial", "enterprise"]),
    ("metric", ["logins", "revenue", "api"]), ("state", ["open", "acknowledged"]),
    ("anomaly_type", ["drop", "level_down"]), ("intent", ["risk", "opportunity"]),
  ]

  private var random: SeededGenerator
  private(set) var settings = ReferenceSettings()
  private(set) var steps: [Step] = []

  init(seed: UInt64, changes: Int) {
    random = SeededGenerator(seed: seed)
    makeReceivers()
    makeTimes()
    settings.root = node(depth: 0)
    settings.root.receiver = "mail"
    if chance(2) {
      settings.rules = (0..<number(1, 2)).map { _ in
        ReferenceSettings.Rule(
          source: conditions(1), target: conditions(1),
          equal: chance(2) ? ["customer"] : [],
          receiver: chance(3) ? pick(["pager", "chat"]) : nil,
          minimum: number(1, 2))
      }
    }
    makeSteps(changes)
  }
}

// Chance.
extension ReferenceScenario {
  /// True once in that many times.
  private mutating func chance(_ count: Int) -> Bool {
    Int.random(in: 0..<count, using: &random) == 0
  }

  private mutating func number(_ low: Int, _ high: Int) -> Int {
    Int.random(in: low...high, using: &random)
  }

  private mutating func pick<Element>(_ list: [Element]) -> Element {
    list[Int.random(in: 0..<list.count, using: &random)]
  }
}

// Settings.
extension ReferenceScenario {
  private static let ways = ["mail", "pager", "chat", "ticket"]
  private static let addressees = ways + ["team", "owners", "absent"]

  private mutating func makeReceivers() {
    for name in Self.ways {
      var receiver = ReferenceSettings.Receiver()
      receiver.pages = name == "pager"
      receiver.holds = name == "pager" || name == "ticket"
      receiver.wantsEnds = !chance(5)
      receiver.scope = pick(IncidentScope.allCases)
      receiver.minimum = chance(4) ? .warning : .info
      if chance(3) {
        let limit = number(1, 6)
        receiver.budget = ReferenceSettings.Budget(
          limit: limit, window: pick([1_800, 7_200, 86_400]), reserve: number(0, limit))
      }
      settings.receivers[name] = receiver
    }
    settings.people = ["team": ["role:csm", "name-b"], "owners": ["owner"], "absent": ["nobody"]]
    for name in ["name-a", "name-b", "name-c"] {
      settings.humans.append(
        ReferenceSettings.Human(
          name: name, roles: chance(2) ? ["csm"] : ["finance"], channel: pick(Self.ways),
          quiet: chance(2) ? "night" : nil, hasDigest: chance(2),
          immediate: pick(NoticeSeverity.allCases), criticalOverrides: chance(2),
          portfolioOnly: chance(3)))
    }
    for name in ["ladder", "stair"] {
      let steps = (0..<number(1, 3)).map { _ in
        ReferenceSettings.Step(
          receivers: Array(Set((0..<2).map { _ in pick(Self.addressees) })).sorted(),
          delivery: Int64(number(60, 900)), acknowledgement: Int64(number(300, 7_200)))
      }
      settings.policies[name] = (steps, number(0, 1))
    }
  }

  private mutating func makeTimes() {
    let start = number(1, 18) * 60
    settings.hours = [
      "night": (0, number(2, 8) * 60), "office": (start, start + number(60, 300)),
    ]
    for _ in 0..<number(0, 2) {
      let from = Int64(number(0, 480)) * Self.minute + 31
      settings.silences.append(
        ReferenceSettings.Hush(
          conditions: conditions(1), from: from, to: from + Int64(number(10, 300)) * Self.minute))
    }
  }

  private mutating func conditions(_ count: Int) -> [ReferenceSettings.Condition] {
    (0..<count).map { _ in
      let (name, values) = pick(Self.labels)
      let operation = pick(["=", "=", "!=", "=~", "!~"])
      let value =
        operation.hasSuffix("~") ? "\(pick(values))|\(pick(values))" : pick(values)
      return ReferenceSettings.Condition(name: name, operation: operation, value: value)
    }
  }

  private mutating func node(depth: Int) -> ReferenceSettings.Node {
    var node = ReferenceSettings.Node()
    if depth > 0 {
      node.conditions = conditions(number(0, 2))
      node.continues = chance(2)
      if chance(4) { node.active = ["office"] }
      if chance(4) { node.mute = [pick(["night", "office"])] }
      if !chance(3) { node.receiver = pick(Self.addressees) }
      if chance(6) { node.digest = "weekly" }
    }
    if chance(4) { node.escalation = pick(["ladder", "stair"]) }
    if chance(2) {
      node.groupBy = pick([
        [], ["customer"], ["customer", "severity"], ["..."], ["metric"],
      ])
    }
    if chance(2) { node.wait = Int64(pick([0, 30, 600])) }
    if depth == 0 || chance(2) { node.interval = Int64(pick([900, 1_200, 3_600])) }
    if chance(2) { node.repetition = Int64(pick([1_800, 5_400, 14_400])) }
    let count = depth < 3 ? number(0, depth == 0 ? 4 : 2) : 0
    for _ in 0..<count { node.children.append(self.node(depth: depth + 1)) }
    return node
  }
}

// Changes.
extension ReferenceScenario {
  private mutating func makeSteps(_ changes: Int) {
    var current: [UInt64: Notice] = [:]
    var now: Int64 = 0
    for _ in 0..<changes {
      // Never on a beat, where it would be a matter of taste which comes first.
      now += Int64(pick([1, 20, 300, 1_500])) * 1_000_000 + Int64(number(1, 999_999))
      let key = UInt64(number(1, 12))
      let next = current[key].map { change($0, at: now) } ?? opened(key, at: now)
      current[key] = next
      let snooze = chance(12) ? now + Int64(number(5, 200)) * Self.minute : nil
      steps.append(Step(at: now, notice: next, snoozeUntil: snooze))
    }
    for key in current.keys.sorted() {
      guard var last = current[key], !last.kind.isEnd else { continue }
      now += Int64(number(1, 9_999_999))
      end(&last, pick([.resolved, .dismissed, .withdrawn]), at: now)
      steps.append(Step(at: now, notice: last))
    }
  }

  private mutating func opened(_ key: UInt64, at now: Int64) -> Notice {
    let severity = pick(NoticeSeverity.allCases)
    var notice = Notice.numbered(
      key, severity: severity, intent: chance(4) ? .opportunity : .risk,
      customer: UInt64(number(1, 3)), actual: Double(number(1, 39_999)))
    notice.customer.segment = pick(["trial", "enterprise"])
    notice.customer.owner = pick(["name-a", "csm", "stranger"])
    notice.metric = pick(["logins", "revenue", "api"])
    let delay = Int64(pick([0, 1, 20, 40, 7_200])) * 1_000_000
    notice.detectedUnixMicroseconds = now - delay
    notice.changedUnixMicroseconds = now
    if chance(15) { end(&notice, .resolved, at: now) }
    return notice
  }

  private mutating func change(_ last: Notice, at now: Int64) -> Notice {
    var notice = last
    notice.revision += 1
    notice.changedUnixMicroseconds = now
    if last.kind.isEnd {
      if chance(4) {
        end(&notice, .withdrawn, at: now)
      } else {
        notice.kind = .reopened
        notice.state = "open"
      }
      return notice
    }
    notice.kind = .changed
    switch number(0, 9) {
    case 0...2: notice.severity = pick(NoticeSeverity.allCases)
    case 3: notice.type = pick(["drop", "level_down"])
    case 4: notice.actual = Double(number(1, 39_999))
    case 5: notice.intent = pick([.risk, .opportunity])
    case 6, 7: notice.state = notice.state == "open" ? "acknowledged" : "open"
    default: end(&notice, pick([.resolved, .resolved, .dismissed, .withdrawn]), at: now)
    }
    return notice
  }

  private mutating func end(_ notice: inout Notice, _ kind: NoticeKind, at now: Int64) {
    if notice.changedUnixMicroseconds != now { notice.revision += 1 }
    notice.kind = kind
    notice.state = kind.name
    notice.changedUnixMicroseconds = now
  }
}
