import Alerting
import SeriesModel

// What a group's receiver may be told, and what it is told.
extension ReferenceNotifier {
  struct Wanted {
    var id = ""
    var group: Group
    var thread: String
    var action: String
    var reason: String
    var firing: [Member]
    var over: [Member]

    var items: [AnomalyReference] { (firing + over).map(\.notice.anomaly) }
    var interrupts: Bool { action == "trigger" && reason != "some_resolved" }
  }

  enum Word: Equatable {
    case speak
    case collect
    case hide(Disposition)
  }

  private struct Thread {
    var firing: [Member] = []
    var news: [Member] = []
    var over: [Member] = []
    var isOpenThere = false
    var isPartlyHidden = false
  }

  func word(_ notice: Notice, _ target: Target, at now: Int64) -> Word {
    if isInhibited(notice, target) { return .hide(.inhibited) }
    let minute = Int(now / 60_000_000 % 1_440)
    func isNow(_ name: String) -> Bool {
      settings.hours[name].map { minute >= $0.start && minute < $0.end } ?? false
    }
    if !target.hit.active.isEmpty && !target.hit.active.contains(where: isNow) {
      return .hide(.muted)
    }
    if target.hit.mute.contains(where: isNow) { return .hide(.muted) }
    let labels = labels[notice.anomaly] ?? [:]
    for hush in settings.silences where now >= hush.from && now < hush.to {
      if hush.conditions.allSatisfy({ $0.holds(labels) }) { return .hide(.silenced) }
    }
    if let until = snoozes[notice.anomaly], now < until { return .hide(.snoozed) }
    if target.hit.digest != nil { return .collect }
    guard let human = settings.humans.first(where: { $0.name == target.person }) else {
      return .speak
    }
    if notice.severity == .critical && human.criticalOverrides { return .speak }
    let pages = settings.receivers[human.channel]?.pages ?? false
    if human.hasDigest && notice.severity < human.immediate && !pages { return .collect }
    return human.quiet.map(isNow) ?? false ? .hide(.held) : .speak
  }

  private func isInhibited(_ notice: Notice, _ target: Target) -> Bool {
    if settings.rules.isEmpty { return false }
    let labels = self.labels[notice.anomaly] ?? [:]
    for rule in settings.rules where rule.receiver == nil || rule.receiver == target.receiver {
      guard rule.target.allSatisfy({ $0.holds(labels) }) else { continue }
      let isSourceToo = rule.source.allSatisfy { $0.holds(labels) }
      var sources = 0
      for other in notices.values where other.anomaly != notice.anomaly && !other.kind.isEnd {
        let its = self.labels[other.anomaly] ?? [:]
        guard rule.source.allSatisfy({ $0.holds(its) }) else { continue }
        guard rule.equal.allSatisfy({ its[$0] ?? "" == labels[$0] ?? "" }) else { continue }
        // What is a target as well cannot inhibit a source.
        if isSourceToo && rule.target.allSatisfy({ $0.holds(its) }) { continue }
        sources += 1
      }
      if sources >= rule.minimum { return true }
    }
    return false
  }

  func threadName(of notice: Notice, in group: Group) -> String {
    switch purpose(group.target).scope {
    case .anomaly: "a \(notice.anomaly.low)"
    case .customer: "c \(notice.customer.externalID)"
    case .group: "g"
    }
  }

  func flush(_ group: Group, at now: Int64) -> [Wanted] {
    var threads: [String: Thread] = [:]
    for (anomaly, member) in group.members {
      let name = threadName(of: member.notice, in: group)
      var thread = threads[name] ?? Thread()
      if !sort(member, into: &thread, group, at: now) { group.members[anomaly] = nil }
      threads[name] = thread
    }
    return threads.compactMap { message($0.key, $0.value, group, at: now) }
      .sorted { ($0.items[0].high, $0.items[0].low) < ($1.items[0].high, $1.items[0].low) }
  }

  /// Puts a member where it belongs; false where the group is done with it.
  private func sort(
    _ member: Member, into thread: inout Thread, _ group: Group, at now: Int64
  ) -> Bool {
    let notice = member.notice
    let purpose = purpose(group.target)
    let isOpenThere = member.heard?.isOpen ?? false
    if isOpenThere { thread.isOpenThere = true }
    let isGoodNewsForPager = purpose.pages && notice.intent == .opportunity
    let word = word(notice, group.target, at: now)
    if notice.kind.isEnd || isGoodNewsForPager && isOpenThere {
      return sortEnd(member, word, into: &thread, group)
    }
    if isGoodNewsForPager || notice.severity < purpose.minimum && member.heard == nil {
      if member.heard == nil { note(.withoutRoute, notice.anomaly, group) }
      return false
    }
    if member.isGone && !isOpenThere {
      forget(notice.anomaly, group)
      return false
    }
    let isTaken = notice.state == "acknowledged"
    let isNews = member.isPrompted || isNewsSince(member.heard, notice, isTaken)
    if case .hide(let disposition) = word {
      if member.heard == nil { note(disposition, notice.anomaly, group) }
      if isOpenThere { thread.isPartlyHidden = true }
      return true
    }
    if word == .collect && !isOpenThere {
      let name = group.target.hit.digest ?? group.target.person ?? ""
      if isNews { collect(member, name, group) }
      return true
    }
    if member.heard?.word == "digest" && !isNews { return true }
    if purpose.pages && member.heard == nil && isTaken {
      note(.held, notice.anomaly, group)
      return true
    }
    thread.firing.append(member)
    if isNews { thread.news.append(member) }
    return true
  }

  private func sortEnd(
    _ member: Member, _ word: Word, into thread: inout Thread, _ group: Group
  ) -> Bool {
    let purpose = purpose(group.target)
    guard let heard = member.heard else {
      note(.dismissedBeforeSending, member.notice.anomaly, group)
      return false
    }
    if !heard.isOpen || !purpose.wantsEnds { return false }
    if !purpose.holds, word == .hide(.muted) || word == .hide(.held) {
      thread.isPartlyHidden = true
    } else {
      thread.over.append(member)
    }
    return true
  }

  private func isNewsSince(_ heard: Heard?, _ notice: Notice, _ isTaken: Bool) -> Bool {
    guard let heard else { return true }
    switch heard.word {
    case "digest": return notice.severity > heard.severity
    case "taken" where !isTaken: return true
    default: return heard.type != notice.type || heard.severity != notice.severity
    }
  }

  private func message(_ name: String, _ thread: Thread, _ group: Group, at now: Int64) -> Wanted? {
    if thread.firing.isEmpty && thread.over.isEmpty { return nil }
    let purpose = purpose(group.target)
    let open = thread.firing.filter { $0.notice.state != "acknowledged" }
    var wanted = Wanted(
      group: group, thread: name, action: "trigger", reason: "", firing: ranked(thread.firing),
      over: ranked(thread.over))
    if thread.news.contains(where: { $0.isPrompted }) {
      wanted.reason = "escalation"
    } else if !thread.news.isEmpty {
      wanted.reason = thread.isOpenThere ? "new_in_group" : "first"
    } else if thread.firing.isEmpty && !thread.isPartlyHidden {
      wanted.reason = "all_resolved"
      wanted.action = "resolve"
    } else if !thread.over.isEmpty {
      wanted.reason = "some_resolved"
    } else if purpose.holds && !thread.isPartlyHidden && open.isEmpty
      && thread.firing.contains(where: { $0.heard?.word == "open" })
    {
      wanted.reason = "acknowledged"
      wanted.action = "acknowledge"
    } else if open.contains(where: { !$0.isGone }), let last = group.toldAt[name],
      now - last >= group.target.hit.repetition * 1_000_000
    {
      wanted.reason = "repeated"
    } else {
      return nil
    }
    return wanted
  }

  private func ranked(_ members: [Member]) -> [Member] {
    members.sorted { left, right in
      let (a, b) = (left.notice, right.notice)
      if a.severity != b.severity { return a.severity > b.severity }
      if size(a) != size(b) { return size(a) > size(b) }
      return (a.anomaly.high, a.anomaly.low) < (b.anomaly.high, b.anomaly.low)
    }
  }

  private func size(_ notice: Notice) -> Double {
    abs(notice.actual - notice.baseline) / notice.baseline
  }

  private func forget(_ anomaly: AnomalyReference, _ group: Group) {
    let unsaid: [Disposition] = [.pending, .held, .silenced, .inhibited, .muted, .snoozed]
    if let found = account[anomaly]?[group.id], unsaid.contains(found) {
      account[anomaly]?[group.id] = nil
    }
  }

  private func collect(_ member: Member, _ name: String, _ group: Group) {
    let notice = member.notice
    if member.heard?.isOpen != true {
      member.heard = Heard(word: "digest", type: notice.type, severity: notice.severity)
    }
    member.isPrompted = false
    note(.digested, notice.anomaly, group)
    digests[name, default: []].insert(notice.anomaly)
  }

  /// Sends what the budget has room for, the worst first; the rest goes into the digest.
  func send(_ wanted: [Wanted], to receiver: String, at now: Int64) -> [Told] {
    var refused: Set<String> = []
    if let budget = settings.receivers[receiver]?.budget {
      var used = (interruptions[receiver] ?? []).filter { $0 > now - budget.window * 1_000_000 }
      let order = wanted.filter(\.interrupts).sorted { left, right in
        let (a, b) = ((left.firing + left.over)[0].notice, (right.firing + right.over)[0].notice)
        if a.severity != b.severity { return a.severity > b.severity }
        return size(a) != size(b) ? size(a) > size(b) : left.id < right.id
      }
      for message in order {
        let isCritical = (message.firing + message.over)[0].notice.severity == .critical
        let limit = isCritical ? budget.limit : budget.limit - budget.reserve
        if used.count < limit { used.append(now) } else { refused.insert(message.id) }
      }
      interruptions[receiver] = used
    }
    var told: [Told] = []
    for message in wanted {
      if refused.contains(message.id) {
        divert(message, at: now)
      } else {
        carryOut(message, at: now)
        told.append(
          Told(
            at: now, receiver: receiver, person: message.group.target.person,
            group: String(message.group.id.split(separator: "\u{0}").last ?? ""),
            action: message.action, reason: message.reason, items: message.items))
      }
    }
    return told
  }

  private func carryOut(_ message: Wanted, at now: Int64) {
    if message.action == "trigger" { message.group.toldAt[message.thread] = now }
    if message.action == "resolve" { message.group.toldAt[message.thread] = nil }
    for member in message.firing {
      let notice = member.notice
      let word = notice.state == "acknowledged" ? "taken" : "open"
      member.heard = Heard(word: word, type: notice.type, severity: notice.severity)
      member.isPrompted = false
      note(.sent, notice.anomaly, message.group)
      hearDelivery(notice.anomaly, message.group.target.hit, at: now)
    }
    for member in message.over { message.group.members[member.notice.anomaly] = nil }
  }

  private func divert(_ message: Wanted, at now: Int64) {
    if message.reason == "repeated" { message.group.toldAt[message.thread] = now }
    for member in message.firing {
      let notice = member.notice
      if let heard = member.heard, heard.isOpen {
        let isTaken = notice.state == "acknowledged"
        guard member.isPrompted || isNewsSince(heard, notice, isTaken) else { continue }
        member.heard = Heard(
          word: isTaken ? heard.word : "open", type: notice.type, severity: notice.severity)
      } else if member.heard?.word == "digest" && !member.isPrompted
        && !isNewsSince(member.heard, notice, false)
      {
        continue
      }
      collect(member, "weekly", message.group)
    }
  }
}
