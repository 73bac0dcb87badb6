internal import Cryptography
internal import Postgres
internal import RPC
internal import SeriesContract

/// A scan that was asked for, with the runs that baseline made of it.
struct Operation: Sendable, Hashable {
  let id: WireUUID
  let tokenID: PostgresUUID
  let requestHash: [UInt8]
  let runs: [Run]

  struct Run: Sendable, Hashable {
    let granularity: UInt8
    let runID: [UInt8]
  }
}

/// One thing that someone did.
struct AuditEvent: Sendable, Hashable {
  let key: String
  let holder: TokenHolder
  let action: String
  let subject: String
  let detail: String
  let traceID: String
  let channel: Channel

  enum Channel: String, Sendable {
    case http, rpc
    case commandLine = "command line"
  }
}

/// The gateway's tables.
struct GatewayStore: Sendable {
  private let pool: PostgresPool
  private let now: @Sendable () -> Int64

  init(pool: PostgresPool, now: @escaping @Sendable () -> Int64) {
    self.pool = pool
    self.now = now
  }

  func migrate() async throws { try await Migrator.migrate(GatewaySchema.migrations, on: pool) }

  /// The key that signs page tokens; the first replica makes it.
  func signingKey() async throws -> [UInt8] {
    let made = SecureRandom.bytes(32)
    return try await pool.transaction { connection in
      try connection.execute(
        "INSERT INTO signing_key (secret) VALUES ($1) ON CONFLICT (singleton) DO NOTHING",
        [.bytes(made)])
      return try connection.execute("SELECT secret FROM signing_key").single.bytes(0)
    }
  }

  func operation(_ id: WireUUID) async throws(PostgresError) -> Operation? {
    let rows = try await pool.query(
      """
      SELECT o.token_id, o.request_hash, r.granularity, r.run_id
      FROM operation o LEFT JOIN operation_run r ON r.operation_id = o.id
      WHERE o.id = $1 ORDER BY r.granularity
      """, [.uuid(high: id.high, low: id.low)])
    guard let first = rows.first else { return nil }
    let runs = rows.filter { !$0.isNull(2) }.map {
      Operation.Run(granularity: UInt8($0.int(2)), runID: $0.bytes(3))
    }
    return Operation(
      id: id, tokenID: first.uuid(0), requestHash: first.bytes(1), runs: runs)
  }

  /// Keeps an operation with its audit row; a repeat keeps what is there.
  func insert(_ operation: Operation, audit: AuditEvent) async throws {
    let moment = now()
    try await pool.transaction { connection in
      try connection.execute(
        """
        INSERT INTO operation (id, token_id, request_hash, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO NOTHING
        """,
        [
          .uuid(high: operation.id.high, low: operation.id.low), .uuid(operation.tokenID),
          .bytes(operation.requestHash), .timestamp(unixMicroseconds: moment),
        ])
      for run in operation.runs {
        try connection.execute(
          """
          INSERT INTO operation_run (operation_id, granularity, run_id) VALUES ($1, $2, $3)
          ON CONFLICT (operation_id, granularity) DO NOTHING
          """,
          [
            .uuid(high: operation.id.high, low: operation.id.low),
            .int16(Int16(run.granularity)), .bytes(run.runID),
          ])
      }
      try Self.insert(audit, moment, on: connection)
    }
  }

  /// Keeps an audit row; the same event again is one row.
  func insert(_ audit: AuditEvent) async throws {
    let moment = now()
    try await pool.transaction { connection in
      try Self.insert(audit, moment, on: connection)
    }
  }

  private static func insert(
    _ audit: AuditEvent, _ moment: Int64, on connection: isolated PostgresConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO audit_event
        (key, occurred_at, token_id, token_name, action, subject, detail, trace_id, channel)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key) DO NOTHING
      """,
      [
        .text(audit.key), .timestamp(unixMicroseconds: moment), .uuid(audit.holder.id),
        .text(audit.holder.name), .text(audit.action), .text(audit.subject), .text(audit.detail),
        .text(audit.traceID), .text(audit.channel.rawValue),
      ])
  }
}

extension GatewayError {
  /// Reads a failure of our own database.
  init(database error: PostgresError) {
    switch error.code {
    case .unreachable, .connectionLost, .exhausted, .serialization, .closed, .timeout:
      self.init(
        .upstreamUnavailable, "The database cannot answer now.",
        retryAfterSeconds: Self.upstreamRetrySeconds)
    case .cancelled: self.init(.deadlineExceeded, "The request was given up.")
    case .configuration, .authentication, .noSuchDatabase, .constraint, .permission, .statement,
      .value, .migration, .other:
      self.init(.internal, "The database failed.")
    }
  }
}
