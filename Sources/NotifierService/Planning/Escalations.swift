internal import Alerting
internal import Postgres
internal import WorkQueue

// Who is told next, when nobody answers.
extension DeliveryStore {
  /// The kind of job that hears an escalation's clock; its key is anomaly and route.
  static let escalationJob = "escalate"

  /// An escalation as it is kept.
  private struct StoredEscalation {
    var anomaly: AnomalyReference
    var match: RouteMatch
    var state: EscalationState
  }

  /// Notes that an anomaly escalates; its clocks begin with the first message.
  func beginEscalation(
    _ place: EscalationPlace, _ notice: Notice, _ match: RouteMatch,
    on connection: isolated PostgresConnection
  ) throws {
    guard let policy = configuration.current.alerting.escalations[place.policy],
      !notice.kind.isEnd
    else { return }
    let known = try connection.execute(
      "SELECT FROM escalation WHERE anomaly_id = $1 AND route_key = $2",
      [.anomaly(notice.anomaly), .text(match.key)])
    if known.count > 0 { return }
    try save(
      StoredEscalation(
        anomaly: notice.anomaly, match: match, state: EscalationState(policy: policy)),
      on: connection)
  }

  /// Lets escalations of an anomaly know whether a receiver took the message of a group to one of
  /// their steps; else none ever will.
  func informEscalations(
    of anomaly: AnomalyReference, in identity: [UInt8], isDelivered: Bool, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    let rows = try connection.execute(
      """
      SELECT m.escalation, g.match FROM group_member AS m JOIN alarm_group AS g USING (identity)
      WHERE m.identity = $1 AND m.anomaly_id = $2 AND m.escalation IS NOT NULL
      """, [.bytes(identity), .anomaly(anomaly)])
    guard let row = rows.first, let place = EscalationPlace(stored: row.text(0)) else { return }
    let key = try RouteMatch(stored: row.text(1)).key
    for var escalation in try escalations(of: anomaly, on: connection)
    where escalation.match.key == key {
      _ = escalation.state.advance(.started, at: now)
      let event: EscalationEvent =
        isDelivered
        ? .delivered(step: place.step, round: place.round)
        : .deliveryFailed(step: place.step, round: place.round)
      let actions = escalation.state.advance(event, at: now)
      try carryOut(actions, escalation, now: now, on: connection)
    }
  }

  /// Lets escalations know of a change of their anomaly.
  func informEscalations(
    of notice: Notice, now: Int64, on connection: isolated PostgresConnection
  ) throws {
    for var escalation in try escalations(of: notice.anomaly, on: connection) {
      guard let event = EscalationEvent(notice, escalation.state.phase) else { continue }
      let actions = escalation.state.advance(event, at: now)
      try carryOut(actions, escalation, now: now, on: connection)
    }
  }

  /// Lets one escalation hear its clock, and completes the job.
  func escalate(_ job: ClaimedJob, now: Int64) async throws {
    let parts = job.key.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    try await pool.transaction { connection in
      if parts.count == 2, let anomaly = AnomalyReference(text: String(parts[0])) {
        try lock(anomaly, on: connection)
        // Routes that were left escalate nothing any more.
        let routing = try newest(anomaly, on: connection).map {
          configuration.current.alerting.routing(of: $0)
        }
        let isRouted = routing?.matches.contains { $0.key == parts[1] } ?? false
        for var escalation in try escalations(of: anomaly, on: connection)
        where isRouted && escalation.match.key == parts[1] {
          let actions = escalation.state.advance(.clock, at: now)
          try carryOut(actions, escalation, now: now, on: connection)
        }
      }
      try queue.complete(job, on: connection)
    }
  }

  private func carryOut(
    _ actions: [EscalationAction], _ escalation: StoredEscalation, now: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    try save(escalation, on: connection)
    if let deadline = escalation.state.nextDeadline {
      try queue.enqueue(
        [
          NewJob(
            kind: Self.escalationJob, key: "\(escalation.anomaly.text) \(escalation.match.key)",
            notBeforeUnixMicroseconds: deadline, priority: .high)
        ], on: connection)
    }
    guard let notice = try newest(escalation.anomaly, on: connection), !notice.kind.isEnd else {
      return
    }
    for case .notify(_, let step, let round, _) in actions {
      let place = EscalationPlace(policy: escalation.state.policy.name, step: step, round: round)
      let routing = configuration.current.alerting.routing(
        of: notice, by: escalation.match, step: place)
      for cause in routing.nowhere {
        try logWithoutRoute(notice, cause, isAlone: false, now: now, on: connection)
      }
      var receivers: Set<String> = []
      for destination in routing.destinations {
        let labels = destination.groupLabels(of: notice.labels)
        let identity = StoredGroup.identity(destination.place, labels)
        let known = try groups([identity], on: connection).first
        try join(
          notice, destination, identity, known, prompt: .escalation, now: now, on: connection)
        receivers.insert(destination.receiver)
      }
      try enqueuePlanning(receivers, on: connection)
    }
  }

  private func escalations(
    of anomaly: AnomalyReference, on connection: isolated PostgresConnection
  ) throws -> [StoredEscalation] {
    let rows = try connection.execute(
      """
      SELECT policy, match, phase, step, round, last_round, started_at, step_started_at,
        delivered_at, acknowledged_at, ended_at, ended, delivery_was_late,
        acknowledgement_was_late
      FROM escalation WHERE anomaly_id = $1 ORDER BY route_key FOR UPDATE
      """, [.anomaly(anomaly)])
    let policies = configuration.current.alerting.escalations
    return try rows.compactMap { row in
      // A policy that is gone escalates nothing any more.
      guard let policy = policies[row.text(0)] else { return nil }
      let state = EscalationState(
        policy: policy, phase: EscalationState.Phase(rawValue: Int16(row.int(2))) ?? .ended,
        step: row.int(3), round: row.int(4), lastRound: row.int(5),
        startedAt: row.optionalTimestamp(6), stepStartedAt: row.optionalTimestamp(7),
        deliveredAt: row.optionalTimestamp(8), acknowledgedAt: row.optionalTimestamp(9),
        endedAt: row.optionalTimestamp(10),
        ended: row.optionalInt64(11).flatMap { EscalationEnd(rawValue: Int16($0)) },
        deliveryWasLate: row.bool(12), acknowledgementWasLate: row.bool(13))
      return StoredEscalation(
        anomaly: anomaly, match: try RouteMatch(stored: row.text(1)), state: state)
    }
  }

  private func save(
    _ escalation: StoredEscalation, on connection: isolated PostgresConnection
  ) throws {
    let state = escalation.state
    try connection.execute(
      """
      INSERT INTO escalation (anomaly_id, route_key, policy, match, phase, step, round, last_round,
        started_at, step_started_at, delivered_at, acknowledged_at, ended_at, ended,
        delivery_was_late, acknowledgement_was_late)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
      ON CONFLICT (anomaly_id, route_key) DO UPDATE SET policy = EXCLUDED.policy,
        match = EXCLUDED.match, phase = EXCLUDED.phase, step = EXCLUDED.step,
        round = EXCLUDED.round, last_round = EXCLUDED.last_round,
        started_at = EXCLUDED.started_at, step_started_at = EXCLUDED.step_started_at,
        delivered_at = EXCLUDED.delivered_at, acknowledged_at = EXCLUDED.acknowledged_at,
        ended_at = EXCLUDED.ended_at, ended = EXCLUDED.ended,
        delivery_was_late = EXCLUDED.delivery_was_late,
        acknowledgement_was_late = EXCLUDED.acknowledgement_was_late
      """,
      [
        .anomaly(escalation.anomaly), .text(escalation.match.key), .text(state.policy.name),
        .text(escalation.match.stored), .int16(state.phase.rawValue), .int32(Int32(state.step)),
        .int32(Int32(state.round)), .int32(Int32(state.lastRound)),
        .optionalTimestamp(state.startedAt), .optionalTimestamp(state.stepStartedAt),
        .optionalTimestamp(state.deliveredAt), .optionalTimestamp(state.acknowledgedAt),
        .optionalTimestamp(state.endedAt), state.ended.map { .int16($0.rawValue) } ?? .null,
        .bool(state.deliveryWasLate), .bool(state.acknowledgementWasLate),
      ])
  }
}
