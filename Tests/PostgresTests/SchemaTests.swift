import Postgres
import TestSupport
import Testing

@Suite("Schemas and roles", .enabled(if: TestDatabase.isAvailable))
struct SchemaTests {
  private let first = Migration(
    version: 1, name: "things", sql: "CREATE TABLE things (id int PRIMARY KEY)")
  private let second = Migration(
    version: 2, name: "more", sql: "ALTER TABLE things ADD name text; CREATE TABLE more (id int)")

  @Test func `any number of processes may migrate at once`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest, size: 4)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask { try await Migrator.migrate([second, first], on: pool) }
        }
        try await group.waitForAll()
      }
      let count = try await pool.query("SELECT count(*) FROM schema_migration").single.int64(0)
      #expect(count == 2)
    }
  }

  @Test func `an applied step may not change`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest)
      try await Migrator.migrate([first], on: pool)
      let changed = Migration(version: 1, name: "things", sql: "CREATE TABLE things (id bigint)")
      let error = await #expect(throws: PostgresError.self) {
        try await Migrator.migrate([changed], on: pool)
      }
      #expect(error?.code == .migration)
    }
  }

  @Test func `a step may not appear before an applied one, but the database may be ahead`()
    async throws
  {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest)
      try await Migrator.migrate([second.renumbered(3), first], on: pool)
      try await Migrator.migrate([first], on: pool)
      let error = await #expect(throws: PostgresError.self) {
        try await Migrator.migrate([first, second], on: pool)
      }
      #expect(error?.code == .migration)
    }
  }

  @Test func `a failing step leaves nothing behind`() async throws {
    try await TestDatabase.with { database in
      let pool = try database.pool(.ingest)
      let broken = Migration(version: 1, name: "x", sql: "CREATE TABLE half (id int); SELECT 1/0")
      await #expect(throws: PostgresError.self) { try await Migrator.migrate([broken], on: pool) }
      #expect(try await pool.query("SELECT to_regclass('half')").single.isNull(0))
    }
  }

  @Test func `each role is refused in the schemas of others`() async throws {
    try await TestDatabase.with { database in
      let owners = DatabaseRole.allCases.filter { $0.schemaName != nil }
      for owner in owners {
        _ = try await database.pool(owner, size: 1).query("CREATE TABLE own (id int)")
      }
      for visitor in DatabaseRole.allCases {
        let pool = try database.pool(visitor, size: 1)
        for owner in owners where owner != visitor {
          for statement in Self.attempts(owner) {
            let error = await #expect(throws: PostgresError.self, "\(visitor) in \(owner)") {
              try await pool.query(statement)
            }
            #expect(error?.code == .permission)
          }
        }
      }
      let reader = try database.pool(.reader, size: 1)
      await #expect(throws: PostgresError.self) {
        try await reader.query("CREATE TABLE public.mine (id int)")
      }
    }
  }

  private static func attempts(_ owner: DatabaseRole) -> [PostgresStatement] {
    switch owner {
    case .ingest: ["SELECT id FROM ingest.own", "CREATE TABLE ingest.mine (id int)"]
    case .baseline: ["SELECT id FROM baseline.own", "CREATE TABLE baseline.mine (id int)"]
    case .classifier: ["SELECT id FROM classifier.own", "CREATE TABLE classifier.mine (id int)"]
    case .notifier: ["SELECT id FROM notifier.own", "CREATE TABLE notifier.mine (id int)"]
    case .gateway: ["SELECT id FROM gateway.own", "CREATE TABLE gateway.mine (id int)"]
    case .reader: []
    }
  }

  @Test func `databases of one cluster can be prepared at the same time`() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try await TestDatabase.with { database in
            let pool = try database.pool(.gateway, size: 1)
            let schema = try await pool.query("SELECT current_schema()").single.text(0)
            #expect(schema == "gateway")
          }
        }
      }
      try await group.waitForAll()
    }
  }
}

extension Migration {
  fileprivate func renumbered(_ version: Int) -> Migration {
    Migration(version: version, name: name, sql: sql)
  }
}
