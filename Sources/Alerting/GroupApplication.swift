// What a group is after a flush was carried out.
extension NotificationGroup {
  /// Notes that a message was decided upon.
  public mutating func apply(_ message: PlannedMessage, at now: Int64) {
    apply([message], at: now)
  }

  /// Notes that messages of one flush were decided upon.
  public mutating func apply(_ messages: [PlannedMessage], at now: Int64) {
    var tells: [AnomalyReference: Told] = [:]
    for message in messages {
      tells.merge(message.tells) { _, last in last }
      switch message.action {
      case .trigger: lastSent[message.scope] = now
      case .acknowledge: break
      case .resolve: lastSent[message.scope] = nil
      }
    }
    for place in members.indices {
      guard let told = tells[members[place].notice.anomaly] else { continue }
      members[place].told = told
      members[place].prompt = nil
    }
    // Good news that a pager's incident turned into leaves too: it begins anew if it turns again.
    members.removeAll { $0.told?.state == .over }
  }

  /// Notes that a message went into a digest, because the receiver's budget had no place for it.
  public mutating func divert(_ message: PlannedMessage, at now: Int64) -> [AnomalyReference] {
    divert([message], at: now)
  }

  /// Notes that messages of one flush went into a digest, because the receiver's budget had no place
  /// for them.
  ///
  /// What the receiver holds for open stays so; it is not told again of what it did not hear. An end
  /// among it interrupts nobody, so it is still due: the group is to be looked at again on its next
  /// beat.
  ///
  /// - Returns: What the digest is to speak of, most important first.
  public mutating func divert(_ messages: [PlannedMessage], at now: Int64) -> [AnomalyReference] {
    var tells: [AnomalyReference: Told] = [:]
    for message in messages {
      tells.merge(message.tells) { _, last in last }
      // A repetition has had its turn.
      if message.reason == .repeated { lastSent[message.scope] = now }
    }
    var diverted: Set<AnomalyReference> = []
    for place in members.indices {
      let member = members[place]
      guard let news = tells[member.notice.anomaly], news.state != .over else { continue }
      let told = standing(of: member, after: news)
      guard told != member.told || member.prompt != nil else { continue }
      members[place].told = told
      members[place].prompt = nil
      diverted.insert(member.notice.anomaly)
    }
    return messages.flatMap(\.items).filter { diverted.contains($0) }
  }

  /// How an anomaly stands for a receiver that finds the news in a digest.
  private func standing(of member: GroupMember, after news: Told) -> Told {
    var told = news
    guard let before = member.told, before.isOpen else {
      told.state = .digested
      return told
    }
    // That somebody has taken it on is no news for a digest, and still to be passed on.
    if news.state == .acknowledged { told.state = before.state }
    let isSame =
      (told.state, told.type, told.severity) == (before.state, before.type, before.severity)
    return isSame ? before : told
  }

  /// Notes everything of a flush that is no message.
  public mutating func settle(_ flush: GroupFlush) {
    for place in members.indices where flush.digested[members[place].notice.anomaly] != nil {
      members[place].told = Told(members[place].notice, state: .digested)
      members[place].prompt = nil
    }
    for place in members.indices where flush.unsaid[members[place].notice.anomaly] != nil {
      // So that it is said once.
      let revision = members[place].notice.revision
      members[place].told?.revision = revision
    }
    members.removeAll { flush.leaving.contains($0.notice.anomaly) }
  }
}

/// Why nobody need hear of a change of what was told before.
public enum UnsaidReason: String, Sendable, Hashable {
  /// What the receiver knows of the anomaly is how it stands.
  case nothingNew = "nothing new since it was told"
  /// Nothing is open at the other side that could be closed.
  case nothingToResolve = "nothing was sent that could be resolved"
  /// The receiver does not want to hear of ends.
  case resolveNotWanted = "the receiver does not want resolves"
}
