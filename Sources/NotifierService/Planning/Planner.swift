internal import Alerting
internal import Postgres
internal import WorkQueue

// The decisions about one receiver's groups, carried out.
extension DeliveryStore {
  /// The kind of job that looks at a receiver's groups; its key is the receiver.
  static let planJob = "plan"

  /// Most groups that one transaction looks at.
  static let groupsLimit = 200

  /// What a flush wants to send, with the group that it belongs to.
  private struct Proposal {
    var group: Int
    var ranked: RankedMessage
  }

  /// Flushes the groups of a receiver that are due, and completes the job.
  ///
  /// All that is due is decided together, so that the receiver's budget goes to the worst.
  func plan(_ job: ClaimedJob, now: Int64) async throws {
    try await pool.transaction { connection in
      let receiver = job.key
      // A second job of the receiver may run: it waits here and finds the groups flushed.
      try connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('plan/' || $1, 0))", [.text(receiver)])
      let due = try connection.execute(
        """
        SELECT identity FROM alarm_group WHERE receiver = $1 AND flush_at <= $2
        ORDER BY flush_at LIMIT $3
        """, [.text(receiver), .timestamp(unixMicroseconds: now), .int64(Int64(Self.groupsLimit))]
      ).map { $0.bytes(0) }
      if !due.isEmpty { try flush(due, of: receiver, now: now, on: connection) }
      try enqueuePlanning([receiver], on: connection)
      try queue.complete(job, on: connection)
    }
  }

  private func flush(
    _ due: [[UInt8]], of receiver: String, now: Int64, on connection: isolated PostgresConnection
  ) throws {
    let alerting = configuration.current.alerting
    var groups = try groups(due, on: connection)
    let moment = try self.moment(of: groups, now: now, on: connection)
    var proposals: [Proposal] = []
    for index in groups.indices {
      try addThreads(to: &groups[index], on: connection)
      let place = groups[index].place
      let flush = groups[index].group.flush(at: now) { member in
        alerting.verdict(of: member, in: place, at: moment)
      }
      try settle(flush, &groups[index], now: now, on: connection)
      let members = groups[index].membersByAnomaly
      for (number, message) in flush.messages.enumerated() {
        guard let lead = message.items.first.flatMap({ members[$0] }) else { continue }
        proposals.append(
          Proposal(
            group: index,
            ranked: RankedMessage(id: "\(index)/\(number)", message: message, lead: lead.notice)))
      }
      groups[index].lastFlush = now
      groups[index].flushAt = flush.nextUnixMicroseconds
      try save(groups[index], on: connection)
    }
    let overflow = alerting.overflow(
      of: proposals.map(\.ranked), receiver: receiver,
      sent: try interruptions(of: receiver, alerting, now: now, on: connection), at: now)
    for proposal in proposals {
      let message = proposal.ranked.message
      if overflow.contains(proposal.ranked.id) {
        try divert(message, &groups[proposal.group], now: now, on: connection)
      } else {
        try write(message, &groups[proposal.group], now: now, on: connection)
      }
    }
  }

  /// When a receiver was interrupted, as far as its budget looks back.
  private func interruptions(
    of receiver: String, _ alerting: AlertingConfiguration, now: Int64,
    on connection: isolated PostgresConnection
  ) throws -> [Int64] {
    guard let budget = alerting.budgets[receiver]?.budget else { return [] }
    return try connection.execute(
      """
      SELECT queued_at FROM delivery WHERE told_receiver = $1 AND interrupts AND queued_at > $2
      """,
      [.text(receiver), .timestamp(unixMicroseconds: now - budget.windowSeconds * 1_000_000)]
    ).map { $0.timestamp(0) }
  }

  /// What holds now for these groups.
  private func moment(
    of groups: [StoredGroup], now: Int64, on connection: isolated PostgresConnection
  ) throws -> AlertingMoment {
    var moment = AlertingMoment(now: now, silences: try silences(at: now, on: connection))
    let rules = configuration.current.alerting.inhibitions
    if !rules.isEmpty {
      moment.inhibitor = Inhibitor(firing: try firing(on: connection), rules: rules)
    }
    for member in groups.flatMap(\.group.members) {
      moment.snoozedUntil[member.notice.anomaly] = member.notice.snoozedUntilUnixMicroseconds
    }
    return moment
  }

  private func addThreads(
    to group: inout StoredGroup, on connection: isolated PostgresConnection
  ) throws {
    var scopes: [String: ThreadScope] = [:]
    for member in group.group.members {
      guard let channel = channels(of: group.place, for: member.notice).first else { continue }
      let scope = group.group.scope(of: member.notice)
      scopes[threadKey(scope, in: group.place, labels: group.labels, channel: channel)] = scope
    }
    let rows = try connection.execute(
      """
      SELECT thread_key, last_sent_at FROM notification_thread
      WHERE thread_key = ANY ($1) AND last_sent_at IS NOT NULL
      """, [.textArray(scopes.keys.sorted())])
    for row in rows {
      guard let scope = scopes[row.text(0)] else { continue }
      group.group.lastSent[scope] = row.timestamp(1)
    }
  }

  /// Writes what a flush says of those that are not told now.
  private func settle(
    _ flush: GroupFlush, _ group: inout StoredGroup, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    let before = group.group
    let known = group.membersByAnomaly
    for (anomaly, cause) in flush.digested.sorted(by: { $0.key.text < $1.key.text }) {
      guard let member = known[anomaly] else { continue }
      let name = group.place.match.policy.digest ?? personalDigest(group.place)
      try digest(member.notice, in: name, cause: cause, now: now, on: connection)
      group.entries[anomaly]?.standing = Standing(.digested, cause: cause)
    }
    let silencing = flush.standings.values.filter { $0.disposition == .silenced }
      .flatMap { $0.cause.split(separator: ",").map(String.init) }
    try noteMatched(Set(silencing), now: now, on: connection)
    let spokenOf = Set(flush.messages.flatMap(\.items))
    let unsaid = flush.unsaid.filter { !spokenOf.contains($0.key) }
    for (anomaly, reason) in unsaid.sorted(by: { $0.key.text < $1.key.text }) {
      guard let member = known[anomaly] else { continue }
      try log(
        Standing(.pending, cause: reason.rawValue), member.notice, group, now: now, on: connection)
    }
    group.group.settle(flush)
    let settled = group.membersByAnomaly
    for member in before.members {
      let anomaly = member.notice.anomaly
      guard var entry = group.entries[anomaly] else { continue }
      if let standing = flush.standings[anomaly] {
        let isNews =
          standing.disposition != entry.standing.disposition
          || standing.cause != entry.standing.cause
        entry.standing = standing
        if isNews { try log(standing, member.notice, group, now: now, on: connection) }
      }
      let isLeaving = flush.leaving.contains(anomaly)
      let isSaid = entry.standing.disposition == .sent || entry.standing.disposition == .digested
      if isLeaving && member.isMovedAway && member.told == nil && !isSaid {
        // It is accounted for where its routes lead now.
        try connection.execute(
          "DELETE FROM group_member WHERE identity = $1 AND anomaly_id = $2",
          [.bytes(group.identity), .anomaly(anomaly)])
        continue
      }
      group.entries[anomaly] = entry
      var after = settled[anomaly] ?? member
      if let told = flush.settled[anomaly] { after.told = told }
      guard isLeaving || after != member || flush.standings[anomaly] != nil else { continue }
      try save(after, entry, in: group.identity, isLeaving: isLeaving, now: now, on: connection)
    }
  }

  private func divert(
    _ message: PlannedMessage, _ group: inout StoredGroup, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    let name = configuration.current.alerting.budgets[group.place.receiver]?.digest ?? ""
    let diverted = group.group.divert(message, at: now)
    // An end among it interrupts nobody and is still due.
    group.wake(at: now)
    try save(group, on: connection)
    let members = group.membersByAnomaly
    for anomaly in diverted {
      guard let member = members[anomaly], var entry = group.entries[anomaly] else { continue }
      let cause = "the budget of \(group.place.receiver) is used up"
      try digest(member.notice, in: name, cause: cause, now: now, on: connection)
      entry.standing = Standing(.digested, cause: cause)
      try log(entry.standing, member.notice, group, now: now, on: connection)
      try save(member, entry, in: group.identity, isLeaving: false, now: now, on: connection)
    }
  }

  /// Writes a message as a delivery, and what it tells.
  private func write(
    _ message: PlannedMessage, _ group: inout StoredGroup, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    let known = group.membersByAnomaly
    let notices = message.items.compactMap { known[$0]?.notice }
    guard let lead = notices.first else { return }
    let channels = channels(of: group.place, for: lead)
    let leaving = Set(message.tells.filter { $0.value.state == .over }.keys)
    let members = group.group.members
    group.group.apply(message, at: now)
    guard let channel = channels.first else {
      let standing = Standing(.undeliverable, cause: "nobody to be reached")
      for member in members where message.tells[member.notice.anomaly] != nil {
        group.entries[member.notice.anomaly]?.standing = standing
        try log(standing, member.notice, group, now: now, on: connection)
      }
      try saveTold(message, members, group, leaving, now: now, on: connection)
      return
    }
    for (anomaly, told) in message.tells where told.isOpen {
      if group.entries[anomaly]?.standing.disposition != .sent {
        group.entries[anomaly]?.standing = Standing(.pending, cause: "on its way")
      }
    }
    try saveTold(message, members, group, leaving, now: now, on: connection)
    try insert(
      NewDelivery(
        threadKey: threadKey(
          message.scope, in: group.place, labels: group.labels, channel: channel),
        channel: channel, fallbacks: Array(channels.dropFirst()), place: group.place,
        identity: group.identity, groupKey: group.place.groupKey(labels: group.labels),
        groupLabels: group.labels, action: message.action, reason: message.reason,
        notices: notices, interrupts: message.interrupts),
      now: now, on: connection)
  }

  private func saveTold(
    _ message: PlannedMessage, _ members: [GroupMember], _ group: StoredGroup,
    _ leaving: Set<AnomalyReference>, now: Int64, on connection: isolated PostgresConnection
  ) throws {
    for var member in members {
      let anomaly = member.notice.anomaly
      guard let told = message.tells[anomaly], let entry = group.entries[anomaly] else { continue }
      member.told = told
      member.prompt = nil
      try save(
        member, entry, in: group.identity, isLeaving: leaving.contains(anomaly), now: now,
        on: connection)
    }
  }
}
