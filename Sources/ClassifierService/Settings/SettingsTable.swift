internal import Baselines
internal import EvidenceContract
internal import Postgres
internal import RPC
internal import WorkQueue

/// The settings at rest: what holds, and what ever held, with who set it and when.
struct SettingsTable: Sendable {
  let pool: PostgresPool
  let queue: WorkQueue
  let now: @Sendable () -> Int64

  init(_ store: ClassifierStore) {
    pool = store.pool
    queue = store.queue
    now = store.now
  }

  /// What a change came to.
  struct Change: Sendable, Hashable {
    var created: Int64 = 0
    var changed: Int64 = 0
    var removed: Int64 = 0
    var sequence: Int64
  }

  /// Puts settings; those that say what holds already are left alone.
  ///
  /// - Throws: RESOURCE_EXHAUSTED when there would be too many; then nothing is put.
  func put(_ settings: [SettingContent], by actor: String) async throws -> Change {
    let keys = Self.columns(settings.map(\.key))
    let contents = PostgresValue.bytesArray(settings.map(\.content))
    return try await change(by: actor) { connection, change, ending in
      change.changed = Int64(
        try connection.execute(
          """
          UPDATE setting AS known SET until_sequence = $4, ended_by = $5, ended_unix_us = $6
          FROM unnest($1::int2[], $2::text[], $3::text[], $7::bytea[])
            AS put(kind, name, scope, content)
          WHERE (known.kind, known.name, known.scope) = (put.kind, put.name, put.scope)
            AND known.until_sequence IS NULL AND known.content <> put.content
          """, keys + ending + [contents]
        ).affected)
      change.created =
        Int64(
          try connection.execute(
            """
            INSERT INTO setting (kind, name, scope, sequence, content, set_by, set_unix_us)
            SELECT kind, name, scope, $4, content, $5, $6
            FROM unnest($1::int2[], $2::text[], $3::text[], $7::bytea[])
              AS put(kind, name, scope, content)
            WHERE NOT EXISTS (
              SELECT FROM setting AS known
              WHERE (known.kind, known.name, known.scope) = (put.kind, put.name, put.scope)
                AND known.until_sequence IS NULL)
            """, keys + ending + [contents]
          ).affected) - change.changed
      if change.created > 0 { try Self.checkCounts(on: connection) }
      return change.created + change.changed > 0
    }
  }

  /// Removes settings; unknown ones are passed over.
  func remove(_ keys: [SettingKey], by actor: String) async throws -> Change {
    try await change(by: actor) { connection, change, ending in
      change.removed = Int64(
        try connection.execute(
          """
          UPDATE setting AS known SET until_sequence = $4, ended_by = $5, ended_unix_us = $6
          FROM unnest($1::int2[], $2::text[], $3::text[]) AS removed(kind, name, scope)
          WHERE (known.kind, known.name, known.scope)
              = (removed.kind, removed.name, removed.scope)
            AND known.until_sequence IS NULL
          """, Self.columns(keys) + ending
        ).affected)
      return change.removed > 0
    }
  }

  /// Makes one change under the lock of all; where something is different afterwards it has a
  /// number, and a job carries it to baseline.
  private func change(
    by actor: String,
    _ body:
      @Sendable @escaping (
        isolated PostgresConnection, inout Change, _ ending: [PostgresValue]
      ) throws -> Bool
  ) async throws -> Change {
    let moment = now()
    return try await pool.transaction { connection in
      var change = Change(
        sequence: try connection.execute("SELECT value FROM setting_sequence FOR UPDATE").single
          .int64(0))
      let next = change.sequence + 1
      let ending: [PostgresValue] = [.int64(next), .text(actor), .int64(moment)]
      if try body(connection, &change, ending) {
        change.sequence = next
        try connection.execute("UPDATE setting_sequence SET value = $1", [.int64(next)])
        try queue.enqueue([SettingsHandOver.job], on: connection)
      }
      return change
    }
  }

  private static func checkCounts(on connection: isolated PostgresConnection) throws {
    let counts = try connection.execute(
      """
      SELECT count(*) FILTER (WHERE kind = 1), count(*) FILTER (WHERE kind = 2) FROM setting
      WHERE until_sequence IS NULL
      """
    ).single
    let limits = [
      ("sensitivity", JudgementSettings.sensitivityMax), ("rules", JudgementSettings.rulesMax),
    ]
    for (column, (field, limit)) in limits.enumerated() where counts.int(column) > limit {
      throw RPCError(
        .resourceExhausted, field: field, reason: "too_many",
        "\(field): a house may hold \(limit) of them and would have \(counts.int(column))")
    }
  }

  private static func columns(_ keys: [SettingKey]) -> [PostgresValue] {
    [
      .int16Array(keys.map(\.kind.rawValue)), .textArray(keys.map(\.name)),
      .textArray(keys.map(\.scope.text)),
    ]
  }

  /// The numbers of the last change and of the last one that baseline has taken.
  func sequences() async throws -> (last: Int64, taken: Int64) {
    let row = try await pool.query("SELECT value, taken FROM setting_sequence").single
    return (row.int64(0), row.int64(1))
  }

  /// Notes that baseline has the settings as they were after a change.
  func markTaken(_ sequence: Int64) async throws {
    _ = try await pool.query(
      "UPDATE setting_sequence SET taken = greatest(taken, $1)", [.int64(sequence)])
  }

  /// Gives all that holds a number above every one that baseline knows.
  ///
  /// - Parameters:
  ///   - handedOver: The change that was handed over.
  ///   - held: The one that baseline knows; nil where it has other settings under the same number.
  /// - Returns: The new number; nil where a later change is known here by now, which is on its way.
  /// - Throws: ``PostgresError``.
  func restate(_ handedOver: Int64, held: Int64?) async throws -> Int64? {
    try await pool.transaction { connection in
      let last = try connection.execute("SELECT value FROM setting_sequence FOR UPDATE").single
        .int64(0)
      guard held.map({ last < $0 }) ?? (last == handedOver) else { return nil }
      let next = max(last, held ?? last) + 1
      try connection.execute("UPDATE setting_sequence SET value = $1", [.int64(next)])
      try queue.enqueue([SettingsHandOver.job], on: connection)
      return next
    }
  }

  /// Queues the hand-over once more: baseline's database may have been put back to an earlier day,
  /// or this one.
  ///
  /// - Parameter isReachable: Whether baseline has an address; what was set waits for one.
  /// - Throws: ``PostgresError``.
  func remind(isReachable: Bool) async throws {
    try await pool.transaction { connection in
      let last = try connection.execute("SELECT value FROM setting_sequence").single.int64(0)
      if isReachable || last > 0 { try queue.enqueue([SettingsHandOver.job], on: connection) }
    }
  }

  /// All that holds now, as it is handed over.
  func newest() async throws -> TakeSettingsRequest {
    // One statement sees one moment.
    let rows = try await pool.query(
      """
      SELECT value, kind, content FROM setting_sequence
      LEFT JOIN setting ON until_sequence IS NULL
      ORDER BY kind, name, scope
      """)
    var request = TakeSettingsRequest()
    for row in rows {
      request.sequence = row.int64(0)
      switch row.optionalInt64(1).map({ SettingKey.Kind(rawValue: Int16(truncatingIfNeeded: $0)) })
      {
      case .some(.sensitivity):
        request.sensitivity.append(
          try EvidenceContract.SensitivityRule(wireBytes: row.bytes(2)))
      case .some(.rule):
        request.rules.append(try EvidenceContract.StaticRule(wireBytes: row.bytes(2)))
      case .some(.none), .none: continue
      }
    }
    return request
  }

  /// A page of settings by kind, name, scope and change.
  func list(
    includesPast: Bool, after place: SettingPlace?, limit: Int
  ) async throws -> [(place: SettingPlace, setting: Setting)] {
    let rows = try await pool.query(
      """
      SELECT kind, name, scope, sequence, content, set_by, set_unix_us, ended_by, ended_unix_us
      FROM setting
      WHERE ($1 OR until_sequence IS NULL)
        AND ($2::int2 IS NULL OR (kind, name, scope, sequence) > ($2, $3, $4, $5))
      ORDER BY kind, name, scope, sequence LIMIT $6
      """,
      [
        .bool(includesPast), place.map { .int16($0.kind) } ?? .null,
        .optionalText(place?.name), .optionalText(place?.scope),
        place.map { .int64($0.sequence) } ?? .null, .int64(Int64(limit)),
      ])
    return try rows.map { row in
      var setting = Setting()
      if row.int64(0) == Int64(SettingKey.Kind.rule.rawValue) {
        setting.rule = try EvidenceContract.StaticRule(wireBytes: row.bytes(4))
      } else {
        setting.sensitivity = try EvidenceContract.SensitivityRule(wireBytes: row.bytes(4))
      }
      setting.sequence = row.int64(3)
      setting.setBy = row.text(5)
      setting.setUnixUs = row.int64(6)
      setting.endedBy = row.text(7)
      setting.endedUnixUs = row.int64(8)
      let place = SettingPlace(
        kind: Int16(truncatingIfNeeded: row.int64(0)), name: row.text(1), scope: row.text(2),
        sequence: row.int64(3))
      return (place, setting)
    }
  }
}
