import Alerting
import SeriesModel

/// The notifier once more, told in the plainest way: every group ticks as Alertmanager's dispatcher
/// does, whether something waits or not, and everything is looked at again each time.
///
/// It shares nothing with the product but the values that go in and come out.
final class ReferenceNotifier {
  /// What one receiver was last told of one anomaly.
  struct Heard: Equatable {
    /// `open`, `taken` or `digest`.
    var word: String
    var type: String
    var severity: NoticeSeverity

    var isOpen: Bool { word == "open" || word == "taken" }
  }

  final class Member {
    var notice: Notice
    var heard: Heard?
    var isGone = false
    var isPrompted = false

    init(_ notice: Notice) { self.notice = notice }
  }

  final class Group {
    let target: Target
    let id: String
    var members: [AnomalyReference: Member] = [:]
    var tick: Int64 = 0
    var hasFlushed = false
    var toldAt: [String: Int64] = [:]

    init(_ target: Target, id: String) {
      self.target = target
      self.id = id
    }
  }

  /// Somebody to be told, by a way through the tree.
  struct Target {
    var receiver: String
    var person: String?
    var hit: Hit
    var isFirstStep = false
  }

  /// A node that labels came to, with what it has from its parents.
  struct Hit {
    var key: String
    var receiver: String
    var groupBy: [String] = []
    var wait: Int64 = 30
    var interval: Int64 = 300
    var repetition: Int64 = 14_400
    var active: [String] = []
    var mute: [String] = []
    var escalation: String?
    var digest: String?
  }

  let settings: ReferenceSettings
  var groups: [String: Group] = [:]
  var notices: [AnomalyReference: Notice] = [:]
  /// What routes look at, kept because it is asked for at every tick.
  var labels: [AnomalyReference: [String: String]] = [:]
  var snoozes: [AnomalyReference: Int64] = [:]
  var climbs: [Climb] = []
  var interruptions: [String: [Int64]] = [:]
  /// What became of each anomaly, by its group's id; without one where no route leads anywhere.
  var account: [AnomalyReference: [String: Disposition]] = [:]
  var digests: [String: Set<AnomalyReference>] = [:]

  init(_ settings: ReferenceSettings) { self.settings = settings }
}

// Routing and grouping.
extension ReferenceNotifier {
  func hits(_ labels: [String: String]) -> [Hit] {
    walk(settings.root, labels, Hit(key: "{}", receiver: "")) ?? []
  }

  /// Nil where the node does not match.
  private func walk(
    _ node: ReferenceSettings.Node, _ labels: [String: String], _ parent: Hit
  ) -> [Hit]? {
    for condition in node.conditions where !condition.holds(labels) { return nil }
    var own = parent
    if let receiver = node.receiver {
      own.receiver = receiver
      own.escalation = nil
    }
    if let escalation = node.escalation { own.escalation = escalation }
    if let digest = node.digest { own.digest = digest }
    own.groupBy = node.groupBy ?? own.groupBy
    own.wait = node.wait ?? own.wait
    own.interval = node.interval ?? own.interval
    own.repetition = node.repetition ?? own.repetition
    own.active = node.active
    own.mute = node.mute
    var found: [Hit] = []
    for child in node.children {
      var start = own
      start.key += "/{" + child.conditions.map(\.text).sorted().joined(separator: ",") + "}"
      guard let below = walk(child, labels, start) else { continue }
      found += below
      if !child.continues { break }
    }
    return found.isEmpty ? [own] : found
  }

  func targets(_ receivers: [String], _ hit: Hit, _ notice: Notice, isFirst: Bool) -> [Target] {
    var found: [Target] = []
    for receiver in receivers {
      guard let words = settings.people[receiver] else {
        if settings.receivers[receiver] != nil {
          found.append(Target(receiver: receiver, hit: hit, isFirstStep: isFirst))
        }
        continue
      }
      var names: [String] = []
      for word in words {
        for human in settings.humans where !names.contains(human.name) {
          if isMeant(human, by: word, owner: notice.customer.owner) { names.append(human.name) }
        }
      }
      found += names.map {
        Target(receiver: receiver, person: $0, hit: hit, isFirstStep: isFirst)
      }
    }
    return found
  }

  private func isMeant(_ human: ReferenceSettings.Human, by word: String, owner: String) -> Bool {
    let isOwner = human.name == owner || human.roles.contains(owner)
    if human.portfolioOnly && !isOwner { return false }
    if word == "owner" {
      let isSomebodysName = settings.humans.contains { $0.name == owner }
      return isSomebodysName ? human.name == owner : human.roles.contains(owner)
    }
    return word.hasPrefix("role:")
      ? human.roles.contains(String(word.dropFirst(5))) : human.name == word
  }

  func targets(_ notice: Notice) -> [Target] {
    hits(labels[notice.anomaly] ?? [:]).flatMap { hit -> [Target] in
      guard let name = hit.escalation, let policy = settings.policies[name] else {
        return targets([hit.receiver], hit, notice, isFirst: false)
      }
      return targets(policy.steps[0].receivers, hit, notice, isFirst: true)
    }
  }

  /// The group's key as Alertmanager writes it, after whom it tells.
  func groupText(_ target: Target, _ notice: Notice) -> String {
    let changing = ["state", "severity", "intent", "anomaly_type"]
    var shown: [String] = []
    for (name, value) in labels[notice.anomaly] ?? [:] where !value.isEmpty {
      let isShown =
        target.hit.groupBy == ["..."]
        ? !changing.contains(name) : target.hit.groupBy.contains(name)
      if isShown { shown.append("\(name)=\"\(value)\"") }
    }
    return "\(target.hit.key):{\(shown.sorted().joined(separator: ","))}"
  }

  func id(_ target: Target, _ notice: Notice) -> String {
    "\(target.receiver)\u{0}\(target.person ?? "")\u{0}\(groupText(target, notice))"
  }

  func purpose(_ target: Target) -> ReferenceSettings.Receiver {
    guard let name = target.person, let human = settings.humans.first(where: { $0.name == name })
    else { return settings.receivers[target.receiver] ?? ReferenceSettings.Receiver() }
    return settings.receivers[human.channel] ?? ReferenceSettings.Receiver()
  }
}

// Changes, and the dispatcher's timers.
extension ReferenceNotifier {
  func receive(_ notice: Notice, at now: Int64) {
    let isNew = notices[notice.anomaly] == nil
    notices[notice.anomaly] = notice
    labels[notice.anomaly] = notice.labels
    let targets = targets(notice)
    if notice.kind.isEnd {
      if isNew { passOver(notice, targets) }
      for group in groups.values { group.members[notice.anomaly]?.notice = notice }
    } else {
      account[notice.anomaly, default: [:]][""] = targets.isEmpty ? .withoutRoute : nil
      let own = targets.map { insert(notice, $0, at: now) }
      for target in targets where target.isFirstStep { prepareClimb(notice, target.hit) }
      follow(notice, own)
    }
    hearChange(notice, at: now)
  }

  private func passOver(_ notice: Notice, _ targets: [Target]) {
    if targets.isEmpty { account[notice.anomaly, default: [:]][""] = .withoutRoute }
    for target in targets {
      account[notice.anomaly, default: [:]][id(target, notice)] = .dismissedBeforeSending
    }
  }

  /// Groups that the anomaly's routes no longer lead to are told nothing again; who hears of single
  /// anomalies goes on with the thread in the new group.
  private func follow(_ notice: Notice, _ own: [Group]) {
    let climbed = climbedGroups(notice)
    for group in groups.values.sorted(by: { $0.id < $1.id }) {
      guard let member = group.members[notice.anomaly], !own.contains(where: { $0 === group })
      else { continue }
      member.notice = notice
      if climbed.contains(group.id) { continue }
      let heir = own.first {
        $0.target.receiver == group.target.receiver && $0.target.person == group.target.person
          && purpose($0.target).scope == .anomaly && $0.members[notice.anomaly]?.heard == nil
      }
      guard let heir, member.heard != nil else {
        member.isGone = true
        continue
      }
      let thread = threadName(of: notice, in: group)
      heir.members[notice.anomaly]?.heard = member.heard
      heir.toldAt[thread] = group.toldAt.removeValue(forKey: thread)
      group.members[notice.anomaly] = nil
      if let standing = account[notice.anomaly]?.removeValue(forKey: group.id) {
        note(standing, notice.anomaly, heir)
      }
    }
  }

  @discardableResult
  func insert(_ notice: Notice, _ target: Target, at now: Int64) -> Group {
    let id = id(target, notice)
    let group = groups[id] ?? Group(target, id: id)
    groups[id] = group
    let wait = group.target.hit.wait * 1_000_000
    if group.members.isEmpty {
      group.hasFlushed = false
      group.tick = now + wait
    }
    if let member = group.members[notice.anomaly] {
      member.notice = notice
      member.isGone = false
    } else {
      group.members[notice.anomaly] = Member(notice)
    }
    if !group.hasFlushed && notice.detectedUnixMicroseconds + wait <= now { group.tick = now }
    note(.pending, notice.anomaly, group)
    return group
  }

  /// Lets time pass up to a moment, that one included.
  func run(to end: Int64) -> [Told] {
    var told: [Told] = []
    while let next = nextTick(), next <= end { told += tick(at: next) }
    return told
  }

  func nextTick() -> Int64? {
    var next: Int64?
    for group in groups.values where !group.members.isEmpty {
      next = min(next ?? group.tick, group.tick)
    }
    for climb in climbs { if let due = deadline(climb) { next = min(next ?? due, due) } }
    return next
  }

  private func tick(at now: Int64) -> [Told] {
    climb(at: now)
    var wanted: [String: [Wanted]] = [:]
    for group in groups.values.sorted(by: { $0.id < $1.id })
    where !group.members.isEmpty && group.tick <= now {
      group.tick = now + group.target.hit.interval * 1_000_000
      group.hasFlushed = true
      for (number, message) in flush(group, at: now).enumerated() {
        var message = message
        message.id = "\(group.id)/\(number)"
        wanted[group.target.receiver, default: []].append(message)
      }
    }
    let told = wanted.keys.sorted().flatMap { send(wanted[$0] ?? [], to: $0, at: now) }
    // The dispatcher drops a group with nothing in it.
    groups = groups.filter { !$0.value.members.isEmpty }
    return told
  }

  /// Notes the best that became of an anomaly.
  func note(_ disposition: Disposition, _ anomaly: AnomalyReference, _ group: Group) {
    let before = account[anomaly]?[group.id]
    let rank: (Disposition) -> Int = { $0 == .sent ? 3 : $0 == .digested ? 2 : 1 }
    if let before, disposition == .pending || rank(before) > rank(disposition) { return }
    account[anomaly, default: [:]][group.id] = disposition
  }
}
