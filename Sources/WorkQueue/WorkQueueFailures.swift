internal import Postgres

extension WorkQueue {
  /// The longest reason that is kept, in bytes.
  static let reasonBytesMax = 1_000

  /// Gives a job back after a failure; after too many it is set aside with the reason.
  ///
  /// - Parameters:
  ///   - job: The job under lease.
  ///   - reason: What went wrong, for people.
  ///   - retryAfterSeconds: When to try again; nil waits longer each time, with jitter.
  ///   - isPoison: Set the job aside at once, because no repeat can succeed.
  /// - Throws: ``WorkQueueError`` when another worker has it, or an error of the database.
  public func fail(
    _ job: ClaimedJob, reason: String, retryAfterSeconds: Double? = nil, isPoison: Bool = false
  ) async throws {
    try await giveBack(
      job, reason: reason, afterSeconds: retryAfterSeconds ?? backoffSeconds(job.attempts),
      strikesLimit: isPoison ? 0 : settings.attemptsLimit, counts: true)
  }

  /// Gives a job back that could not be tried, because what it needs is away.
  ///
  /// However long that lasts, the job is never set aside for it.
  public func postpone(
    _ job: ClaimedJob, reason: String, afterSeconds: Double? = nil
  ) async throws {
    try await giveBack(
      job, reason: reason, afterSeconds: afterSeconds ?? backoffSeconds(job.attempts),
      strikesLimit: .max, counts: false)
  }

  private func giveBack(
    _ job: ClaimedJob, reason: String, afterSeconds: Double, strikesLimit: Int, counts: Bool
  ) async throws {
    let kept = String(
      decoding: reason.utf8.filter { $0 != 0 }.prefix(Self.reasonBytesMax), as: UTF8.self)
    let rows = try await pool.query(
      """
      UPDATE work_job SET
        due_at = now() + make_interval(secs => $3),
        last_reason = $4,
        strikes = CASE WHEN $6 THEN strikes ELSE strikes - 1 END,
        generation = generation + 1,
        set_aside_at = CASE WHEN $6 AND strikes >= $5 THEN now() END
      WHERE id = $1 AND generation = $2
      """,
      [
        .int64(job.id), .int64(job.generation), .double(max(0, afterSeconds)), .text(kept),
        .int32(Int32(clamping: strikesLimit)), .bool(counts),
      ])
    if rows.affected == 0 { throw Self.leaseLost(job) }
  }

  /// Doubles with each attempt up to a limit; a fifth of it is left to chance, so that what failed
  /// together does not come back together.
  func backoffSeconds(_ attempts: Int) -> Double {
    let doublings = min(max(0, attempts - 1), 30)
    let whole = min(
      settings.backoffMillisecondsMax, settings.backoffMilliseconds << doublings)
    return Double(whole) / 1_000 * Double.random(in: 0.8...1.2)
  }

  /// Lengthens the leases of jobs that are still being done and returns those that are ours.
  func renewLeases(_ jobs: [ClaimedJob], leaseSeconds: Double) async throws -> Set<Int64> {
    let rows = try await pool.query(
      """
      UPDATE work_job SET due_at = now() + make_interval(secs => $3)
      FROM unnest($1::bigint[], $2::bigint[]) AS held(id, generation)
      WHERE work_job.id = held.id AND work_job.generation = held.generation
      RETURNING work_job.id
      """,
      [
        .int64Array(jobs.map(\.id)), .int64Array(jobs.map(\.generation)), .double(leaseSeconds),
      ])
    return Set(rows.map { $0.int64(0) })
  }

  /// The jobs set aside, the oldest first.
  public func setAsideJobs(limit: Int = 100) async throws -> [SetAsideJob] {
    try await pool.query(
      """
      SELECT id, kind, key, attempts, COALESCE(last_reason, ''), set_aside_at
      FROM work_job WHERE set_aside_at IS NOT NULL ORDER BY set_aside_at, id LIMIT $1
      """, [.int64(Int64(limit))]
    ).map { row in
      SetAsideJob(
        id: row.int64(0), kind: row.text(1), key: row.text(2), attempts: row.int(3),
        reason: row.text(4), setAsideUnixMicroseconds: row.timestamp(5))
    }
  }

  /// Lets jobs that were set aside be tried anew, from now on and with a clean record.
  ///
  /// - Returns: How many there were.
  @discardableResult
  public func requeue(_ ids: [Int64]) async throws -> Int {
    try await pool.transaction { connection in
      let rows = try connection.execute(
        """
        UPDATE work_job SET set_aside_at = NULL, strikes = 0, due_at = now()
        WHERE id = ANY ($1) AND set_aside_at IS NOT NULL
        """, [.int64Array(ids)])
      try connection.execute("SELECT pg_notify('work_' || current_schema(), '')")
      return rows.affected
    }
  }

  /// How much work there is of each kind that has any.
  public func depths() async throws -> [WorkQueueDepth] {
    try await pool.query(
      """
      SELECT kind,
        -- What is only to be done at a later time does not wait yet.
        count(*) FILTER (WHERE set_aside_at IS NULL AND (attempts > 0 OR due_at <= now())),
        COALESCE(extract(epoch FROM now() - min(GREATEST(enqueued_at, due_at))
          FILTER (WHERE set_aside_at IS NULL AND attempts = 0 AND due_at <= now())), 0)::float8,
        count(*) FILTER (WHERE set_aside_at IS NOT NULL)
      FROM work_job GROUP BY kind ORDER BY kind
      """
    ).map { row in
      WorkQueueDepth(
        kind: row.text(0), depth: row.int64(1), oldestSeconds: max(0, row.double(2)),
        setAside: row.int64(3))
    }
  }
}
