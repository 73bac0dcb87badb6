internal import CPostgres

/// The roles of a Tidemark database.
public enum DatabaseRole: String, Sendable, CaseIterable {
  case ingest, baseline, classifier, notifier, gateway
  /// Reads what is meant for people and for other software, and nothing else.
  case reader

  /// The role's name in PostgreSQL, such as `tidemark_ingest`.
  public var roleName: String { "tidemark_\(rawValue)" }

  /// The schema that the role owns; the reader owns none.
  public var schemaName: String? { self == .reader ? nil : rawValue }

  /// The roles whose schema this one may look into, as far as views there allow it.
  var mayVisit: [DatabaseRole] {
    switch self {
    case .baseline: [.ingest]
    case .reader: [.classifier]
    default: []
    }
  }
}

/// Makes the database, its roles and their schemas.
///
/// May be repeated, and run for several databases of one cluster at once.
public enum DatabaseSetup {
  /// Brings everything into being that is not there yet, and sets the passwords.
  ///
  /// - Parameters:
  ///   - adminURL: An address with a role that may create databases and roles.
  ///   - databaseName: The database to make.
  ///   - passwords: One password a role; a role without one keeps what it has.
  /// - Throws: ``PostgresError``.
  public static func prepare(
    adminURL: String, databaseName: String, passwords: [DatabaseRole: String] = [:]
  ) async throws {
    let admin = PostgresConfiguration(url: adminURL, applicationName: "tidemark setup")
    let cluster = PostgresPool(configuration: admin, size: 1)
    do {
      try await cluster.withConnection { connection in
        try connection.makeRoles(passwords)
        try connection.makeDatabase(databaseName)
      }
      await cluster.close()
    } catch {
      await cluster.close()
      throw error
    }
    let pool = PostgresPool(
      configuration: try admin.replacing(databaseName: databaseName), size: 1)
    do {
      try await pool.transaction { connection in try connection.makeSchemas(databaseName) }
      await pool.close()
    } catch {
      await pool.close()
      throw error
    }
  }

  /// Removes a database with all that is in it, ending the sessions that use it.
  ///
  /// - Throws: ``PostgresError``.
  public static func remove(adminURL: String, databaseName: String) async throws {
    let admin = PostgresConfiguration(url: adminURL, applicationName: "tidemark setup")
    let cluster = PostgresPool(configuration: admin, size: 1)
    do {
      try await cluster.withConnection { connection in
        try connection.removeDatabase(databaseName)
      }
      await cluster.close()
    } catch {
      await cluster.close()
      throw error
    }
  }
}

extension PostgresConnection {
  /// All set-ups of a cluster pass here one after the other: roles belong to the cluster.
  private func alone(_ body: () throws -> Void) throws {
    try execute("SELECT pg_advisory_lock(hashtextextended('tidemark cluster', 0))")
    defer {
      // When it fails the session is broken, and with it the lock is gone.
      do throws(PostgresError) {
        try execute("SELECT pg_advisory_unlock(hashtextextended('tidemark cluster', 0))")
      } catch {
        close()
      }
    }
    try body()
  }

  fileprivate func makeRoles(_ passwords: [DatabaseRole: String]) throws {
    try alone {
      for role in DatabaseRole.allCases {
        let known = try execute(
          "SELECT 1 FROM pg_roles WHERE rolname = $1", [.text(role.roleName)])
        if known.isEmpty {
          try executeScript(text: "CREATE ROLE \(role.roleName) LOGIN NOINHERIT")
          if let schema = role.schemaName {
            try executeScript(
              text: "ALTER ROLE \(role.roleName) SET search_path = \(schema), pg_temp")
          }
        }
        if let password = passwords[role] {
          let verifier = try scramVerifier(of: password, for: role.roleName)
          try executeScript(text: "ALTER ROLE \(role.roleName) PASSWORD '\(verifier)'")
        }
      }
    }
  }

  fileprivate func makeDatabase(_ name: String) throws {
    try alone {
      let known = try execute("SELECT 1 FROM pg_database WHERE datname = $1", [.text(name)])
      if known.isEmpty {
        let quoted = try quotedName(name)
        try executeScript(
          text: "CREATE DATABASE \(quoted) TEMPLATE template0 ENCODING 'UTF8'")
      }
    }
  }

  fileprivate func removeDatabase(_ name: String) throws {
    try executeScript(text: "DROP DATABASE IF EXISTS \(try quotedName(name)) WITH (FORCE)")
  }

  fileprivate func makeSchemas(_ databaseName: String) throws {
    try execute("SELECT pg_advisory_xact_lock(hashtextextended('tidemark database', 0))")
    let database = try quotedName(databaseName)
    try executeScript(text: "REVOKE ALL ON DATABASE \(database) FROM PUBLIC")
    try executeScript("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    for role in DatabaseRole.allCases {
      let allowed = role == .reader ? "CONNECT" : "CONNECT, TEMPORARY"
      try executeScript(text: "GRANT \(allowed) ON DATABASE \(database) TO \(role.roleName)")
      guard let schema = role.schemaName else { continue }
      try executeScript(
        text: "CREATE SCHEMA IF NOT EXISTS \(schema) AUTHORIZATION \(role.roleName)")
    }
    for role in DatabaseRole.allCases {
      for visited in role.mayVisit {
        guard let schema = visited.schemaName else { continue }
        try executeScript(text: "GRANT USAGE ON SCHEMA \(schema) TO \(role.roleName)")
      }
    }
  }

  private func quotedName(_ name: String) throws(PostgresError) -> String {
    try execute("SELECT quote_ident($1)", [.text(name)]).single.text(0)
  }

  /// What the server keeps instead of the password, made here so that no log shows the password.
  private func scramVerifier(of password: String, for role: String) throws -> String {
    try inFlight { session throws(PostgresError) in
      guard
        let verifier = PQencryptPasswordConn(session.handle, password, role, "scram-sha-256")
      else {
        throw PostgresError(.value, detail: "the password of \(role) cannot be used")
      }
      defer { PQfreemem(verifier) }
      return String(cString: verifier)
    }
  }
}
