// What a group is after a flush was carried out.
extension NotificationGroup {
  /// Notes that a message was decided upon.
  public mutating func apply(_ message: PlannedMessage, at now: Int64) {
    if message.action == .trigger { lastSent[message.scope] = now }
    for place in members.indices {
      guard let told = message.tells[members[place].notice.anomaly] else { continue }
      members[place].told = told
    }
    members.removeAll { $0.told?.state == .over && $0.notice.kind.isEnd }
    if message.action == .resolve { lastSent[message.scope] = nil }
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
