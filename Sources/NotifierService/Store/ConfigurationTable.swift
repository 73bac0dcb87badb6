internal import Alerting
internal import Cryptography
internal import Postgres
internal import WorkQueue

extension DeliveryMigrations {
  static let configurations: PostgresStatement = """
    CREATE TABLE configuration (
      version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      -- The file of routes, as it was given.
      yaml bytea NOT NULL,
      author text NOT NULL,
      comment text NOT NULL,
      created_at timestamptz NOT NULL,
      activated_at timestamptz,
      -- One at most is in force.
      is_active boolean NOT NULL DEFAULT false
    );
    CREATE UNIQUE INDEX configuration_active ON configuration (is_active) WHERE is_active;
    CREATE TABLE inbound (
      -- What the sender calls the message, so that a repetition is known.
      receiver text NOT NULL,
      message text NOT NULL,
      received_at timestamptz NOT NULL,
      PRIMARY KEY (receiver, message)
    );
    """
}

/// One version of the file of routes.
struct StoredConfiguration: Sendable {
  var version: Int64
  var yaml: [UInt8]
  var author: String
  var comment: String
  var createdAt: Int64
  var activatedAt: Int64?
  var isActive: Bool
}

// Versions of the configuration.
extension DeliveryStore {
  /// The kind of job that leads what lasts through a new configuration; its key is the version.
  static let rerouteJob = "reroute"

  /// Anomalies that one transaction leads anew.
  private static let rerouteBatch = 200

  private static func configuration(_ row: PostgresRow) -> StoredConfiguration {
    StoredConfiguration(
      version: row.int64(0), yaml: row.bytes(1), author: row.text(2), comment: row.text(3),
      createdAt: row.timestamp(4), activatedAt: row.optionalTimestamp(5), isActive: row.bool(6))
  }

  private static let columns: PostgresStatement = """
    SELECT version, yaml, author, comment, created_at, activated_at, is_active FROM configuration
    WHERE CASE WHEN $1 = 0 THEN is_active ELSE version = $1 END
    """

  /// A version, or the one in force for 0; nil where there is none.
  func configuration(version: Int64) async throws -> StoredConfiguration? {
    try await pool.query(Self.columns, [.int64(version)]).first.map(Self.configuration)
  }

  /// Versions, newest first, without their text.
  func configurations(before: Int64, limit: Int) async throws -> [StoredConfiguration] {
    try await pool.query(
      """
      SELECT version, ''::bytea, author, comment, created_at, activated_at, is_active
      FROM configuration WHERE version < $1 ORDER BY version DESC LIMIT $2
      """, [.int64(before), .int64(Int64(limit))]
    ).map(Self.configuration)
  }

  /// Keeps a version; it is in force only when it is activated.
  func put(
    yaml: [UInt8], author: String, comment: String, now: Int64
  ) async throws -> StoredConfiguration {
    try await pool.transaction { connection in
      try insertConfiguration(
        yaml: yaml, author: author, comment: comment, now: now, on: connection)
    }
  }

  private func insertConfiguration(
    yaml: [UInt8], author: String, comment: String, now: Int64,
    on connection: isolated PostgresConnection
  ) throws -> StoredConfiguration {
    let rows = try connection.execute(
      """
      INSERT INTO configuration (yaml, author, comment, created_at) VALUES ($1, $2, $3, $4)
      RETURNING version, yaml, author, comment, created_at, activated_at, is_active
      """,
      [.bytes(yaml), .text(author), .text(comment), .timestamp(unixMicroseconds: now)])
    guard let row = rows.first else { preconditionFailure("an insert gives its row") }
    return Self.configuration(row)
  }

  /// Puts a version into force, with the work of leading all that lasts through it; nil for one
  /// that does not exist.
  func activate(version: Int64, now: Int64) async throws -> StoredConfiguration? {
    try await pool.transaction { connection in
      try activate(version: version, now: now, on: connection)
    }
  }

  private func activate(
    version: Int64, now: Int64, on connection: isolated PostgresConnection
  ) throws -> StoredConfiguration? {
    try connection.execute("LOCK TABLE configuration IN SHARE ROW EXCLUSIVE MODE", [])
    guard let found = try connection.execute(Self.columns, [.int64(version)]).first else {
      return nil
    }
    if found.bool(6) { return Self.configuration(found) }
    try connection.execute("UPDATE configuration SET is_active = false WHERE is_active", [])
    try connection.execute(
      "UPDATE configuration SET is_active = true, activated_at = $2 WHERE version = $1",
      [.int64(version), .timestamp(unixMicroseconds: now)])
    try queue.enqueue([NewJob(kind: Self.rerouteJob, key: "\(version)")], on: connection)
    return try connection.execute(Self.columns, [.int64(version)]).first.map(Self.configuration)
  }

  /// Takes over the file beside the service where it has changed since it was last taken over.
  ///
  /// - Returns: The version in force.
  func adopt(file yaml: [UInt8], name: String, now: Int64) async throws -> StoredConfiguration? {
    let author = "file \(name)"
    return try await pool.transaction { connection in
      try connection.execute("LOCK TABLE configuration IN SHARE ROW EXCLUSIVE MODE", [])
      let last = try connection.execute(
        "SELECT yaml FROM configuration WHERE author = $1 ORDER BY version DESC LIMIT 1",
        [.text(author)])
      if last.first?.bytes(0) != yaml {
        let new = try insertConfiguration(
          yaml: yaml, author: author, comment: "", now: now, on: connection)
        return try activate(version: new.version, now: now, on: connection)
      }
      return try connection.execute(Self.columns, [.int64(0)]).first.map(Self.configuration)
    }
  }

  /// Leads anomalies that last through the configuration in force, a batch a job.
  func reroute(_ job: ClaimedJob, now: Int64) async throws {
    let after = AnomalyReference(text: String(decoding: job.payload, as: UTF8.self))
    let batch = try await pool.query(
      """
      SELECT anomaly_id FROM anomaly WHERE NOT is_over AND ($1::uuid IS NULL OR anomaly_id > $1)
      ORDER BY anomaly_id LIMIT $2
      """, [after.map { .anomaly($0) } ?? .null, .int64(Int64(Self.rerouteBatch))]
    ).map { AnomalyReference(high: $0.uuid(0).high, low: $0.uuid(0).low) }
    for anomaly in batch {
      try await pool.transaction { connection in
        try lock(anomaly, on: connection)
        guard let notice = try newest(anomaly, on: connection), !notice.kind.isEnd else { return }
        let routing = configuration.current.alerting.routing(of: notice)
        try route(notice, routing, now: now, on: connection)
      }
    }
    try await pool.transaction { connection in
      if let last = batch.last, batch.count == Self.rerouteBatch {
        try queue.enqueue(
          [NewJob(kind: Self.rerouteJob, key: job.key, payload: Array(last.text.utf8))],
          on: connection)
      }
      try queue.complete(job, on: connection)
    }
  }
}
