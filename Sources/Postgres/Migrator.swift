/// One step of a schema, applied once and never changed.
public struct Migration: Sendable {
  /// The place in the order of steps, from 1.
  public let version: Int

  /// What the step does, in a few words.
  public let name: StaticString

  /// The statements; they run in one transaction.
  public let sql: PostgresStatement

  /// Describes a step.
  public init(version: Int, name: StaticString, sql: PostgresStatement) {
    precondition(version > 0, "versions count from 1")
    self.version = version
    self.name = name
    self.sql = sql
  }
}

/// Brings the connection's current schema up to date.
///
/// Only forward; a step that was applied may not change any more (its SHA-256 is kept). Any number
/// of processes may migrate at once: one does, the others wait. A database that is ahead of the
/// code is accepted, because the older release keeps running while a newer one is rolled out.
public enum Migrator {
  /// Applies what is missing, each step in its own transaction.
  ///
  /// - Throws: ``PostgresError`` with `migration` when an applied step was changed, or when a
  ///   missing step lies before an applied one.
  public static func migrate(_ migrations: [Migration], on pool: PostgresPool) async throws {
    let steps = migrations.sorted { $0.version < $1.version }
    for (step, next) in zip(steps, steps.dropFirst()) {
      precondition(step.version != next.version, "two migrations of version \(step.version)")
    }
    for step in steps {
      try await pool.transaction { connection in try apply(step, on: connection) }
    }
  }

  private static func apply(
    _ step: Migration, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute("SET LOCAL statement_timeout = 0")
    try connection.execute(
      """
      SELECT pg_advisory_xact_lock(hashtextextended('tidemark schema ' || current_schema(), 0))
      """)
    try connection.execute(
      """
      CREATE TABLE IF NOT EXISTS schema_migration (
        version int PRIMARY KEY,
        name text NOT NULL,
        sha256 bytea NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )
      """)
    let known = try connection.execute(
      """
      SELECT max(version),
        bool_or(version = $1 AND sha256 = sha256(convert_to($2, 'UTF8'))),
        bool_or(version = $1)
      FROM schema_migration
      """, [.int32(Int32(step.version)), .text(step.sql.sql)]
    ).single
    let newest = known.optionalInt64(0) ?? 0
    if !known.isNull(2), known.bool(2) {
      if known.bool(1) { return }
      throw PostgresError(
        .migration, detail: "migration \(step.version) (\(step.name)) was changed after its use")
    }
    if newest > step.version {
      throw PostgresError(
        .migration,
        detail: "migration \(step.version) (\(step.name)) is missing before \(newest)")
    }
    try connection.executeScript(step.sql)
    try connection.execute(
      """
      INSERT INTO schema_migration (version, name, sha256)
      VALUES ($1, $2, sha256(convert_to($3, 'UTF8')))
      """, [.int32(Int32(step.version)), .text(step.name.description), .text(step.sql.sql)])
  }
}
