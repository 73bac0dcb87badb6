internal import Glibc
internal import Locking
public import Postgres

/// A database of its own for one suite, with all roles and schemas, dropped afterwards.
///
/// ```swift
/// @Suite("Jobs", .enabled(if: TestDatabase.isAvailable))
/// struct JobTests {
///   @Test func `a job is done once`() async throws {
///     try await TestDatabase.with { database in
///       let pool = database.pool(.ingest)
///       …
///     }
///   }
/// }
/// ```
public final class TestDatabase: Sendable {
  /// The variable that names a cluster by the address of a superuser.
  public static let variable = "TIDEMARK_TEST_DATABASE_URL"

  /// The password of every role in test clusters.
  public static let password = "tide-mark-test"

  /// Whether tests can use a database.
  public static var isAvailable: Bool { adminURL != nil }

  /// The superuser's address, or nil when none is set.
  public static var adminURL: String? {
    guard let value = getenv(variable) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// The name of this database.
  public let name: String

  private let admin: PostgresConfiguration
  private let pools = Locked<[PostgresPool]>([])

  private init(name: String, admin: PostgresConfiguration) {
    self.name = name
    self.admin = admin
  }

  /// Makes a database, lends it to the body, and drops it whatever happens.
  public static func with<Result>(
    _ body: (TestDatabase) async throws -> Result
  ) async throws -> Result {
    let database = try await make()
    do {
      let result = try await body(database)
      try await database.drop()
      return result
    } catch {
      try await database.drop()
      throw error
    }
  }

  /// Makes a database; ``drop()`` must follow.
  public static func make() async throws -> TestDatabase {
    guard let adminURL else {
      throw PostgresError(.configuration, detail: "\(variable) is not set")
    }
    let number = UInt64.random(in: .min ... .max)
    let name = "tidemark_test_\(getpid())_\(String(number, radix: 36))"
    let passwords = DatabaseRole.allCases.map { ($0, password) }
    try await DatabaseSetup.prepare(
      adminURL: adminURL, databaseName: name,
      passwords: Dictionary(uniqueKeysWithValues: passwords))
    let admin = try PostgresConfiguration(url: adminURL).replacing(databaseName: name)
    return TestDatabase(name: name, admin: admin)
  }

  /// The address of this database for a role, as a service's `database-url`.
  public func url(_ role: DatabaseRole) throws -> String {
    try admin.replacing(user: role.roleName, password: Self.password).url
  }

  /// The address of this database for the superuser.
  public var adminURL: String { admin.url }

  /// A pool of a role's connections, closed with the database.
  public func pool(_ role: DatabaseRole, size: Int = 4) throws -> PostgresPool {
    let pool = PostgresPool(
      configuration: PostgresConfiguration(url: try url(role)), size: size)
    pools.withLock { $0.append(pool) }
    return pool
  }

  /// A pool of the superuser's connections, closed with the database.
  public func adminPool(size: Int = 1) -> PostgresPool {
    let pool = PostgresPool(configuration: admin, size: size)
    pools.withLock { $0.append(pool) }
    return pool
  }

  /// Ends all sessions and removes the database.
  public func drop() async throws {
    for pool in pools.withLock({ $0 }) { await pool.close() }
    guard let adminURL = Self.adminURL else { return }
    try await DatabaseSetup.remove(adminURL: adminURL, databaseName: name)
  }
}
