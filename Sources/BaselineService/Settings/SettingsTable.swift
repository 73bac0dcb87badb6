import Baselines
import EvidenceContract
import Locking
import Postgres
import RPC

/// What people set about judgement, at rest: as it is, and as it was after any earlier change that
/// was taken.
struct SettingsTable: Sendable {
  private static let sensitivityKind: Int16 = 1
  private static let ruleKind: Int16 = 2

  let pool: PostgresPool
  private let known = Locked<JudgementSettings?>(nil)

  init(pool: PostgresPool) { self.pool = pool }

  /// Takes over all settings as they are after a change; an earlier one than is known is dropped.
  ///
  /// - Returns: The number of the change whose settings are held then.
  /// - Throws: FAILED_PRECONDITION with `other_settings` when other settings are held under the same
  ///   number, as where the one who hands over was put back to an earlier day.
  func take(_ settings: JudgementSettings) async throws -> Int64 {
    let columns = try Self.columns(settings)
    return try await pool.transaction { connection in
      let last = try connection.execute("SELECT value FROM setting_sequence FOR UPDATE").single
        .int64(0)
      if settings.sequence == last,
        try connection.execute(Self.differStatement, columns).single.bool(0)
      {
        throw RPCError(
          .failedPrecondition, field: "sequence", reason: "other_settings",
          "sequence: other settings are held as those of change \(last)")
      }
      guard settings.sequence > last else { return last }
      try connection.execute(Self.endStatement, columns + [.int64(settings.sequence)])
      try connection.execute(Self.beginStatement, columns + [.int64(settings.sequence)])
      try connection.execute(
        "UPDATE setting_sequence SET value = $1", [.int64(settings.sequence)])
      return settings.sequence
    }
  }

  /// Whether anything else holds than is among the settings.
  private static let differStatement: PostgresStatement = """
    SELECT EXISTS (
      SELECT FROM (
        SELECT kind, name, scope, content FROM setting WHERE until_sequence IS NULL) AS held
      FULL JOIN unnest($1::int2[], $2::text[], $3::text[], $4::bytea[])
        AS told(kind, name, scope, content) USING (kind, name, scope, content)
      WHERE held IS NULL OR told IS NULL)
    """

  /// Ends what is not among the settings any more, or says something else.
  private static let endStatement: PostgresStatement = """
    UPDATE setting SET until_sequence = $5
    WHERE until_sequence IS NULL AND NOT EXISTS (
      SELECT FROM unnest($1::int2[], $2::text[], $3::text[], $4::bytea[])
        AS now(kind, name, scope, content)
      WHERE (now.kind, now.name, now.scope, now.content)
        = (setting.kind, setting.name, setting.scope, setting.content))
    """

  /// Begins what is among them and was not before.
  private static let beginStatement: PostgresStatement = """
    INSERT INTO setting (kind, name, scope, sequence, content)
    SELECT kind, name, scope, $5, content
    FROM unnest($1::int2[], $2::text[], $3::text[], $4::bytea[])
      AS now(kind, name, scope, content)
    WHERE NOT EXISTS (
      SELECT FROM setting AS known
      WHERE (known.kind, known.name, known.scope) = (now.kind, now.name, now.scope)
        AND known.until_sequence IS NULL)
    """

  private static func columns(_ settings: JudgementSettings) throws -> [PostgresValue] {
    let scales = settings.sensitivity
    let rules = settings.rules
    return [
      .int16Array(scales.map { _ in sensitivityKind } + rules.map { _ in ruleKind }),
      .textArray(scales.map { _ in "" } + rules.map(\.name)),
      .textArray(scales.map(\.scope.text) + rules.map(\.scope.text)),
      .bytesArray(
        try scales.map { try EvidenceContract.SensitivityRule($0).wireBytes() }
          + rules.map { try EvidenceContract.StaticRule($0).wireBytes() }),
    ]
  }

  /// The settings as they were after a change, by name and scope.
  ///
  /// The last ones asked for are kept: all ranges of a run ask for the same.
  func settings(asOf sequence: Int64) async throws -> JudgementSettings {
    if let kept = known.withLock({ $0 }), kept.sequence == sequence { return kept }
    let rows = try await pool.query(
      """
      SELECT kind, content FROM setting
      WHERE sequence <= $1 AND (until_sequence IS NULL OR until_sequence > $1)
      ORDER BY kind, name COLLATE "C", scope COLLATE "C"
      """, [.int64(sequence)])
    var settings = JudgementSettings(sequence: sequence)
    for row in rows {
      if row.int64(0) == Int64(Self.ruleKind) {
        let wire = try EvidenceContract.StaticRule(wireBytes: row.bytes(1))
        settings.rules.append(try Baselines.StaticRule(wire, field: "rule"))
      } else {
        let wire = try EvidenceContract.SensitivityRule(wireBytes: row.bytes(1))
        settings.sensitivity.append(
          try Baselines.SensitivityRule(wire, field: "sensitivity"))
      }
    }
    let read = settings
    known.withLock { $0 = read }
    return read
  }

  /// The settings as they are now.
  func newest() async throws -> JudgementSettings {
    try await settings(
      asOf: try await pool.query("SELECT value FROM setting_sequence").single.int64(0))
  }
}
