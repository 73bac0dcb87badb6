public import Postgres

/// Durable work of one service: rows in its own schema, claimed under a lease.
///
/// A job is enqueued in the transaction of what causes it and removed in the transaction of what
/// it effects, so it takes effect exactly once; handlers outside the database must be idempotent.
/// NOTIFY only wakes: a lost one costs the time of a poll.
public struct WorkQueue: Sendable {
  /// How a queue retries.
  public struct Settings: Sendable, Hashable {
    /// After so many failures a job is set aside.
    public var attemptsLimit: Int

    /// The wait after the first failure, in milliseconds; it doubles each time.
    public var backoffMilliseconds: Int

    /// The longest wait, in milliseconds.
    public var backoffMillisecondsMax: Int

    /// Gathers the settings.
    public init(
      attemptsLimit: Int = 10, backoffMilliseconds: Int = 500,
      backoffMillisecondsMax: Int = 300_000
    ) {
      precondition(attemptsLimit > 0 && backoffMilliseconds >= 0, "a job is tried at least once")
      self.attemptsLimit = attemptsLimit
      self.backoffMilliseconds = backoffMilliseconds
      self.backoffMillisecondsMax = backoffMillisecondsMax
    }
  }

  /// The channel on which a schema's queue says that work has come.
  public static func channel(schema: String) -> String { "work_\(schema)" }

  let pool: PostgresPool
  let schema: String
  let settings: Settings

  /// Opens the queue in the schema of the pool's role.
  public init(pool: PostgresPool, schema: DatabaseRole, settings: Settings = Settings()) {
    precondition(schema.schemaName != nil, "the reader owns no queue")
    self.pool = pool
    self.schema = schema.schemaName ?? ""
    self.settings = settings
  }

  /// The queue's table, as one of the service's own migrations.
  public static func migration(version: Int) -> Migration {
    Migration(version: version, name: "work queue", sql: createTable)
  }

  private static let createTable: PostgresStatement = """
    CREATE TABLE work_job (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      kind text NOT NULL,
      key text NOT NULL,
      payload bytea NOT NULL,
      priority smallint NOT NULL,
      -- When it may be claimed; under lease, when the lease ends.
      due_at timestamptz NOT NULL,
      enqueued_at timestamptz NOT NULL,
      attempts int NOT NULL DEFAULT 0,
      -- Attempts that count against the limit.
      strikes int NOT NULL DEFAULT 0,
      generation bigint NOT NULL DEFAULT 0,
      last_reason text,
      set_aside_at timestamptz
    ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01,
      autovacuum_vacuum_threshold = 1000);
    CREATE UNIQUE INDEX work_job_waiting ON work_job (kind, key) WHERE attempts = 0;
    CREATE INDEX work_job_due ON work_job (priority, due_at, id) WHERE set_aside_at IS NULL;
    """

  /// Adds jobs in the caller's transaction and wakes the workers when it commits.
  ///
  /// - Throws: `PostgresError`.
  public func enqueue(
    _ jobs: [NewJob], on connection: isolated PostgresConnection
  ) throws(PostgresError) {
    if jobs.isEmpty { return }
    // One statement may not touch a row twice, and all writers lock rows in one order.
    var latest: [String: [String: NewJob]] = [:]
    for job in jobs { latest[job.kind, default: [:]][job.key] = job }
    let distinct = latest.values.flatMap(\.values).sorted { ($0.kind, $0.key) < ($1.kind, $1.key) }
    try connection.execute(
      """
      INSERT INTO work_job (kind, key, payload, priority, due_at, enqueued_at)
      SELECT kind, key, payload, priority, GREATEST(due, now()), now()
      FROM unnest($1::text[], $2::text[], $3::bytea[], $4::int2[], $5::timestamptz[])
        AS job(kind, key, payload, priority, due)
      ON CONFLICT (kind, key) WHERE attempts = 0 DO UPDATE SET
        payload = EXCLUDED.payload,
        priority = GREATEST(work_job.priority, EXCLUDED.priority),
        due_at = LEAST(work_job.due_at, EXCLUDED.due_at)
      """,
      [
        .textArray(distinct.map(\.kind)), .textArray(distinct.map(\.key)),
        .bytesArray(distinct.map(\.payload)), .int16Array(distinct.map(\.priority.rawValue)),
        .timestampArray(unixMicroseconds: distinct.map { $0.notBeforeUnixMicroseconds ?? 0 }),
      ])
    try connection.execute("SELECT pg_notify('work_' || current_schema(), '')")
  }

  /// Takes up to `limit` due jobs under a lease, the most urgent first.
  ///
  /// A job whose leases ran out too often, as of one that ends its process, is set aside instead.
  ///
  /// - Throws: `PostgresError`.
  public func claim(
    kinds: [String], limit: Int, leaseSeconds: Double
  ) async throws -> [ClaimedJob] {
    precondition(limit > 0, "a claim takes at least one job")
    return try await pool.transaction { connection in
      var claimed: [ClaimedJob] = []
      for priority in WorkPriority.allCases.reversed() where claimed.count < limit {
        let rows = try connection.execute(
          Self.claimStatement,
          [
            .int16(priority.rawValue), .textArray(kinds), .int64(Int64(limit - claimed.count)),
            .double(leaseSeconds), .int32(Int32(settings.attemptsLimit)),
          ])
        for row in rows where !row.bool(6) {
          claimed.append(
            ClaimedJob(
              id: row.int64(0), kind: row.text(1), key: row.text(2), payload: row.bytes(3),
              attempts: row.int(4), generation: row.int64(5)))
        }
      }
      return claimed
    }
  }

  private static let claimStatement: PostgresStatement = """
    WITH due AS MATERIALIZED (
      SELECT id FROM work_job
      WHERE set_aside_at IS NULL AND priority = $1 AND due_at <= now() AND kind = ANY ($2)
      ORDER BY due_at, id
      LIMIT $3
      FOR UPDATE SKIP LOCKED
    )
    UPDATE work_job AS job SET
      due_at = now() + make_interval(secs => $4),
      attempts = attempts + 1,
      strikes = strikes + 1,
      generation = generation + 1,
      set_aside_at = CASE WHEN strikes >= $5 THEN now() END,
      last_reason = CASE WHEN strikes >= $5
        THEN COALESCE(last_reason || '; ', '') || 'its lease ran out ' || strikes || ' times'
        ELSE last_reason END
    FROM due WHERE job.id = due.id
    RETURNING job.id, kind, key, payload, attempts, generation, set_aside_at IS NOT NULL
    """

  /// Removes a job in the transaction of what it effected.
  ///
  /// - Throws: ``WorkQueueError`` with `leaseLost` when another worker has it; the transaction
  ///   must not be committed then.
  public func complete(_ job: ClaimedJob, on connection: isolated PostgresConnection) throws {
    let rows = try connection.execute(
      "DELETE FROM work_job WHERE id = $1 AND generation = $2",
      [.int64(job.id), .int64(job.generation)])
    if rows.affected == 0 { throw Self.leaseLost(job) }
  }

  /// Removes a job in a transaction of its own.
  func complete(_ job: ClaimedJob) async throws {
    try await pool.transaction { connection in try complete(job, on: connection) }
  }

  /// Lengthens the lease in the transaction of a part of the work, so that the part counts only
  /// if the job is still ours.
  ///
  /// - Throws: ``WorkQueueError`` with `leaseLost` when another worker has it.
  public func renew(
    _ job: ClaimedJob, leaseSeconds: Double, on connection: isolated PostgresConnection
  ) throws {
    let rows = try connection.execute(
      """
      UPDATE work_job SET due_at = now() + make_interval(secs => $3)
      WHERE id = $1 AND generation = $2
      """, [.int64(job.id), .int64(job.generation), .double(leaseSeconds)])
    if rows.affected == 0 { throw Self.leaseLost(job) }
  }

  static func leaseLost(_ job: ClaimedJob) -> WorkQueueError {
    WorkQueueError(
      code: .leaseLost,
      detail: "job \(job.id) of kind \(job.kind), generation \(job.generation)")
  }
}
