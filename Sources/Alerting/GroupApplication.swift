// What a group is after a flush was carried out.
extension NotificationGroup {
  /// Notes that a message was decided upon.
  public mutating func apply(_ message: PlannedMessage, at now: Int64) {
    if message.action == .trigger { lastSent[message.scope] = now }
    for place in members.indices {
      guard let told = message.tells[members[place].notice.anomaly] else { continue }
      members[place].told = told
      members[place].prompt = nil
    }
    members.removeAll { $0.told?.state == .over && $0.notice.kind.isEnd }
    if message.action == .resolve { lastSent[message.scope] = nil }
  }

  /// Notes that a message went into a digest, because the receiver's budget had no place for it.
  ///
  /// What the receiver holds for open stays so; it is not told again of what it did not hear.
  ///
  /// - Returns: What the digest is to speak of.
  public mutating func divert(_ message: PlannedMessage) -> [AnomalyReference] {
    var diverted: [AnomalyReference] = []
    for place in members.indices {
      let member = members[place]
      guard var told = message.tells[member.notice.anomaly], told != member.told else { continue }
      if member.told?.isOpen != true { told.state = .digested }
      members[place].told = told
      members[place].prompt = nil
      diverted.append(member.notice.anomaly)
    }
    return diverted
  }

  /// Notes everything of a flush that is no message.
  public mutating func settle(_ flush: GroupFlush) {
    for place in members.indices {
      let id = members[place].notice.anomaly
      if flush.digested[id] != nil {
        members[place].told = Told(members[place].notice, state: .digested)
      }
    }
    members.removeAll { flush.leaving.contains($0.notice.anomaly) }
  }
}
