/// One message that a flush wants to send.
public struct PlannedMessage: Sendable, Hashable {
  /// The thread.
  public var scope: ThreadScope
  /// What the other side is to do.
  public var action: PlannedAction
  /// Why.
  public var reason: NotificationReason
  /// What it speaks of, most important first.
  public var items: [AnomalyReference]
  /// Those whose standing the message changes, with what is told of them.
  public var tells: [AnomalyReference: Told]

  /// Whether it interrupts somebody, so that it needs a place in the receiver's budget.
  public var interrupts: Bool {
    action == .trigger && reason != .someResolved && reason != .allResolved
  }
}

/// What the other side is to do with a thread.
public enum PlannedAction: String, Sendable, Hashable {
  /// Open it, or say how it stands now.
  case trigger
  /// Note that somebody has taken it on.
  case acknowledge
  /// Close it.
  case resolve
}

/// What is to be done about a group at one moment.
public struct GroupFlush: Sendable, Hashable {
  /// What is to be sent.
  public var messages: [PlannedMessage] = []
  /// What became of those that are not told now and were never told.
  public var standings: [AnomalyReference: Standing] = [:]
  /// Those that need no further word and leave the group.
  public var leaving: Set<AnomalyReference> = []
  /// What is told without a message: an end that the receiver does not want to hear of.
  public var settled: [AnomalyReference: Told] = [:]
  /// Changes of which nobody need hear, with the reason; told all the same where a message speaks
  /// of the anomaly for another one's sake.
  public var unsaid: [AnomalyReference: UnsaidReason] = [:]
  /// Those that go into a digest, with the reason.
  public var digested: [AnomalyReference: String] = [:]
  /// When the group is to be looked at again without being asked; nil is when something changes.
  public var nextUnixMicroseconds: Int64?
}

/// What may be done about one anomaly at one moment.
public enum FlushVerdict: Sendable, Hashable {
  /// It may be told.
  case tell
  /// It is not told now.
  case suppress(Standing)
  /// It goes into a digest, for this reason.
  case digest(String)
}

extension NotificationGroup {
  /// Decides, from facts alone, what a group's receiver is to be told now.
  ///
  /// - Parameters:
  ///   - now: Microseconds since 1970; one of the group's beats.
  ///   - verdict: What may be done about an anomaly at this moment.
  /// - Returns: What to send, what became of the rest, and when to look again.
  public func flush(at now: Int64, verdict: (GroupMember) -> FlushVerdict) -> GroupFlush {
    var plan = GroupFlush()
    var threads: [ThreadScope: ThreadNews] = [:]
    var waits: [Int64] = []
    for member in members {
      // In place: a thread may speak of thousands.
      classify(
        member, verdict(member),
        into: &threads[scope(of: member.notice), default: ThreadNews()], &plan)
    }
    for news in threads.values { waits += news.waits.map { $0 ?? now } }
    for (scope, news) in threads {
      guard let message = message(scope, news, at: now) else { continue }
      plan.messages.append(message)
    }
    plan.messages.sort { Self.isBefore($0, $1) }
    plan.nextUnixMicroseconds = nextFlush(after: now, waits, plan, threads)
    return plan
  }

  /// What is new in one thread.
  private struct ThreadNews {
    /// Open and allowed to be spoken of.
    var firing: [GroupMember] = []
    /// Of these, never told or changed since.
    var fresh: [GroupMember] = []
    var acknowledged: [GroupMember] = []
    var ended: [GroupMember] = []
    /// Whether anything was told before.
    var isKnown = false
    /// Whether something that the receiver holds for open may not be spoken of now.
    var isHiding = false
    /// When those that may not be spoken of now may be; nil where nobody knows.
    var waits: [Int64?] = []
  }

  private func classify(
    _ member: GroupMember, _ verdict: FlushVerdict, into news: inout ThreadNews,
    _ plan: inout GroupFlush
  ) {
    let id = member.notice.anomaly
    let isOpen = member.told?.isOpen == true
    if isOpen { news.isKnown = true }
    let refusal = refusal(of: member)
    if !member.isFiring || (refusal != nil && isOpen) {
      return end(member, verdict, into: &news, &plan)
    }
    if let refusal {
      // What was told before, or stands in a digest, was not refused.
      if member.told == nil { plan.standings[id] = refusal }
      plan.leaving.insert(id)
      return
    }
    if member.isMovedAway && !isOpen {
      // Another route speaks for it by now; who was told still hears how it goes on.
      plan.leaving.insert(id)
      return
    }
    let isNews = member.prompt != nil || (member.told.map { changed(member, since: $0) } ?? true)
    switch verdict {
    case .suppress(let standing):
      if member.told == nil { plan.standings[id] = standing }
      if isOpen { news.isHiding = true }
      news.waits.append(standing.untilUnixMicroseconds)
    case .digest(let reason) where !isOpen:
      if isNews { plan.digested[id] = reason } else { plan.unsaid[id] = unsaid(member) }
    case .digest, .tell:
      if !isNews { plan.unsaid[id] = unsaid(member) }
      if member.told?.state == .digested && !isNews { return }
      if rules.pages && member.told == nil && isAcknowledged(member) {
        // Whoever took it on need not be woken by it.
        plan.standings[id] = Standing(.held, cause: "acknowledged before anything was sent")
        return
      }
      news.firing.append(member)
      if isNews { news.fresh.append(member) }
      if isAcknowledged(member), member.told?.state == .firing { news.acknowledged.append(member) }
    }
  }

  /// Why a change that is no news need not be told; nil where there was no change.
  private func unsaid(_ member: GroupMember) -> UnsaidReason? {
    member.told?.revision == member.notice.revision ? nil : .nothingNew
  }

  /// Why the receiver does not take an anomaly at all; nil where it does.
  private func refusal(of member: GroupMember) -> Standing? {
    if rules.pages && member.notice.intent == .opportunity {
      return Standing(
        .withoutRoute, cause: NotificationAction.Reason.opportunityNeverPages.rawValue)
    }
    // Who was told hears of a milder severity too, else the old one would stand for ever.
    if member.notice.severity < rules.minimumSeverity && member.told == nil {
      return Standing(
        .withoutRoute, cause: NotificationAction.Reason.belowMinimumSeverity.rawValue)
    }
    return nil
  }

  private func end(
    _ member: GroupMember, _ verdict: FlushVerdict, into news: inout ThreadNews,
    _ plan: inout GroupFlush
  ) {
    let id = member.notice.anomaly
    guard let told = member.told else {
      plan.standings[id] = Standing(
        .dismissedBeforeSending, cause: "\(member.notice.kind.name) before anything was sent")
      plan.leaving.insert(id)
      return
    }
    guard told.isOpen else {
      plan.unsaid[id] = .nothingToResolve
      plan.leaving.insert(id)
      return
    }
    guard rules.wantsResolved else {
      plan.settled[id] = Told(member.notice, state: .over)
      plan.unsaid[id] = .resolveNotWanted
      plan.leaving.insert(id)
      return
    }
    // An end goes through silences, because its beginning was told. It does not break the quiet
    // of a night unless something stays open at the other side until then.
    if !rules.holdsIncidents, case .suppress(let standing) = verdict,
      standing.disposition == .muted || standing.disposition == .held
    {
      news.isHiding = true
      news.waits.append(standing.untilUnixMicroseconds)
      return
    }
    news.ended.append(member)
  }

  private func isAcknowledged(_ member: GroupMember) -> Bool {
    member.notice.state == "acknowledged"
  }

  private func changed(_ member: GroupMember, since told: Told) -> Bool {
    if told.state == .over { return true }
    let isWorse = member.notice.severity > told.severity
    // What went into a digest interrupts only when it gets worse.
    if told.state == .digested { return isWorse }
    if told.state == .acknowledged && !isAcknowledged(member) { return true }
    return told.type != member.notice.type || told.severity != member.notice.severity
  }

  private func message(
    _ scope: ThreadScope, _ news: ThreadNews, at now: Int64
  ) -> PlannedMessage? {
    let isOver = news.firing.isEmpty
    if isOver && news.ended.isEmpty { return nil }
    let reason: NotificationReason
    if !news.fresh.isEmpty {
      reason = news.fresh.compactMap(\.prompt).first ?? (news.isKnown ? .newInGroup : .first)
    } else if isOver && !news.isHiding {
      reason = .allResolved
    } else if !news.ended.isEmpty {
      reason = .someResolved
    } else if rules.holdsIncidents && !news.isHiding && !news.acknowledged.isEmpty
      && news.firing.allSatisfy({ isAcknowledged($0) })
    {
      reason = .acknowledged
    } else if isRepeatDue(scope, news.firing, at: now) {
      reason = .repeated
    } else {
      return nil
    }
    return message(scope, news, reason: reason)
  }

  private func message(
    _ scope: ThreadScope, _ news: ThreadNews, reason: NotificationReason
  ) -> PlannedMessage {
    var tells: [AnomalyReference: Told] = [:]
    for member in news.firing {
      let isTaken = isAcknowledged(member)
      tells[member.notice.anomaly] = Told(member.notice, state: isTaken ? .acknowledged : .firing)
    }
    for member in news.ended { tells[member.notice.anomaly] = Told(member.notice, state: .over) }
    let items = (news.firing.sorted(by: Self.isWorse) + news.ended.sorted(by: Self.isWorse))
      .map(\.notice.anomaly)
    let action: PlannedAction =
      reason == .allResolved ? .resolve : reason == .acknowledged ? .acknowledge : .trigger
    return PlannedMessage(
      scope: scope, action: action, reason: reason, items: items, tells: tells)
  }

  private func isRepeatDue(_ scope: ThreadScope, _ firing: [GroupMember], at now: Int64) -> Bool {
    guard firing.contains(where: { isRepeated($0) }), let due = repeatDue(scope) else {
      return false
    }
    return due <= now
  }

  /// What somebody has taken on, or another route speaks for, need not be told again.
  private func isRepeated(_ member: GroupMember) -> Bool {
    !isAcknowledged(member) && !member.isMovedAway
  }

  private func repeatDue(_ scope: ThreadScope) -> Int64? {
    lastSent[scope].map { $0 + Int64(policy.repeatIntervalSeconds * 1_000_000) }
  }
}

// What comes first, and when to look again.
extension NotificationGroup {
  static func isWorse(_ left: GroupMember, _ right: GroupMember) -> Bool {
    Notice.isMoreImportant(left.notice, right.notice)
  }

  private static func isBefore(_ left: PlannedMessage, _ right: PlannedMessage) -> Bool {
    guard let a = left.items.first, let b = right.items.first else { return left.items.isEmpty }
    return (a.high, a.low) < (b.high, b.low)
  }

  private func nextFlush(
    after now: Int64, _ waits: [Int64], _ plan: GroupFlush,
    _ threads: [ThreadScope: ThreadNews]
  ) -> Int64? {
    var moments = waits
    let sent = Set(plan.messages.map(\.scope))
    for (scope, news) in threads
    where news.firing.contains(where: { isRepeated($0) }) {
      let due =
        sent.contains(scope)
        ? now + Int64(policy.repeatIntervalSeconds * 1_000_000) : repeatDue(scope)
      if let due { moments.append(due) }
    }
    guard let first = moments.min() else { return nil }
    return Self.beat(after: now, policy: policy, notBefore: first)
  }
}
