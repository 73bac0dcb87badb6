import Cryptography
import Postgres
import ServiceRuntime

/// Makes the database: `tidemark setup`.
func setUpDatabase(_ context: CommandContext) async throws -> Int32 {
  let admin = context.reader.secretOrFile(
    "admin-url", help: "a role that may make databases and roles, as libpq reads it")
  let database = context.reader.text("database", default: "tidemark", help: "the database to make")
  let folder = context.reader.text(
    "secrets-folder", default: ".tidemark/secrets",
    help: "where the passwords and addresses of the roles are kept")
  try context.settingsAreRead()
  guard let admin else { return 2 }
  let addresses = try await DatabaseSecrets.prepare(
    adminURL: admin.secret, database: database, folder: folder)
  context.terminal.line(
    "database \(database): \(addresses.count) roles; their addresses are in \(folder)")
  return 0
}

/// The passwords of the roles of one database, as files.
enum DatabaseSecrets {
  /// Makes what is missing: passwords, roles, database, schemas.
  ///
  /// - Returns: The file of each role's address.
  static func prepare(
    adminURL: String, database: String, folder: String
  ) async throws -> [DatabaseRole: String] {
    try SmallFiles.makeFolder(folder)
    var passwords: [DatabaseRole: String] = [:]
    for role in DatabaseRole.allCases {
      passwords[role] = try SmallFiles.secret("\(folder)/\(role.rawValue).password") {
        Hexadecimal.encode(SecureRandom.bytes(24))
      }
    }
    try await DatabaseSetup.prepare(
      adminURL: adminURL, databaseName: database, passwords: passwords)
    var files: [DatabaseRole: String] = [:]
    for role in DatabaseRole.allCases {
      let address = try PostgresConfiguration(url: adminURL).replacing(
        user: role.roleName, password: passwords[role], databaseName: database)
      let path = "\(folder)/\(role.rawValue).database"
      try SmallFiles.write(address.url + "\n", to: path, mode: 0o400)
      files[role] = path
    }
    return files
  }
}
