internal import Classification
internal import Postgres
internal import SeriesContract
internal import SeriesModel

/// What a person wishes for an anomaly.
struct TransitionWish: Sendable, Hashable {
  var anomaly: AnomalyID
  var verb: Classification.TransitionVerb
  var actor: ActorID?
  var actorName = ""
  var reason = ""
  var comment = ""
}

extension ClassifierStore {
  /// Carries out a wish in one transaction; a repeat changes nothing.
  ///
  /// - Throws: ``ClassifierError`` with `unknownAnomaly`, `stateConflict`, or `badRequest` for a
  ///   dismissal that does not say whose it is.
  func transition(
    _ wish: TransitionWish
  ) async throws -> (record: AnomalyRecord, changed: Bool) {
    let moment = now()
    return try await pool.transaction { connection in
      let first = try Self.find(wish.anomaly, customer: nil, on: connection)
      // Judging holds this lock as well, so that both never write at once; what was read before
      // it may be old.
      var cursor = try Self.lock(first, on: connection)
      let record = try Self.find(wish.anomaly, customer: first.customer.id, on: connection)
      let plan = transitionPlan(
        wish.verb, state: record.episode.state, isAcknowledged: record.episode.isAcknowledged)
      switch plan {
      case .unchanged: return (record, false)
      case .conflict:
        throw ClassifierError(
          .stateConflict, field: "verb",
          "the anomaly is \(record.episode.state.name): \(wish.verb.name) is not possible")
      case .move(let state, let isAcknowledged, let kind):
        var moved = try Self.moved(record, wish, to: state, atUnixMicroseconds: moment)
        moved.episode.isAcknowledged = isAcknowledged
        if kind != nil { moved.revision += 1 }
        try AnomalyTable.save(moved, on: connection)
        try Self.record(wish, of: moved, atUnixMicroseconds: moment, on: connection)
        if state.isActive, cursor.isStored, cursor[moved.episode.direction] == moved.id {
          cursor.followed.insert(moved.episode.direction)
          try SeriesTable.save([(key: moved.key, cursor: cursor)], on: connection)
        }
        if case .cohort = moved.reach.scope {
          try PlatformEventTable.setActive(state.isActive, of: moved.id, on: connection)
        }
        if let kind {
          try ChangeTable.append(
            [RecordedChange(moved, kind, atUnixMicroseconds: moment)], queue: queue,
            on: connection)
        }
        return (moved, true)
      }
    }
  }

  /// Takes the lock under which an anomaly is written; a cursor comes with that of a series only.
  private static func lock(
    _ record: AnomalyRecord, on connection: isolated PostgresConnection
  ) throws -> SeriesCursor {
    switch record.reach.scope {
    case .series: return try SeriesTable.lock([record.key], on: connection)[0]
    case .customer:
      _ = try IncidentTable.lock(
        [record.customer.id], record.metric.granularity, on: connection)
    case .cohort: try PlatformEventTable.lock(record.id, on: connection)
    }
    return SeriesCursor()
  }

  private static func moved(
    _ record: AnomalyRecord, _ wish: TransitionWish, to state: Classification.AnomalyState,
    atUnixMicroseconds moment: Int64
  ) throws(ClassifierError) -> AnomalyRecord {
    var moved = record
    moved.episode.state = state
    switch wish.verb {
    case .acknowledge: break
    case .dismiss:
      guard let actor = wish.actor else {
        throw ClassifierError(
          .badRequest, field: "actor_id",
          "actor_id or actor_name must say who dismisses the anomaly")
      }
      moved.dismissal = Dismissal(atUnixMicroseconds: moment, by: actor, reason: wish.reason)
    case .resolve: moved.resolvedUnixMicroseconds = moment
    case .reopen:
      moved.resolvedUnixMicroseconds = nil
      moved.dismissal = nil
      moved.episode.calmBuckets = 0
    }
    return moved
  }

  private static func record(
    _ wish: TransitionWish, of record: AnomalyRecord, atUnixMicroseconds moment: Int64,
    on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO transition (customer_id, anomaly_id, number, verb, actor_id, actor_name, reason,
        comment, at_unix_us)
      SELECT $1, $2, COALESCE(max(number), 0) + 1, $3, $4::uuid, $5, $6, $7, $8 FROM transition
      WHERE customer_id = $1 AND anomaly_id = $2
      """,
      [
        .uuid(record.customer.id.postgres), .uuid(record.id.postgres),
        .int16(Int16(wish.verb.rawValue)),
        wish.actor.map { .uuid(high: $0.high, low: $0.low) } ?? .null, .text(wish.actorName),
        .text(wish.reason), .text(wish.comment), .int64(moment),
      ])
  }
}
