internal import CPostgres

/// Where a database is and how to speak to it.
///
/// The address may hold a password, so no description of this type shows it.
public struct PostgresConfiguration: Sendable {
  /// A libpq conninfo string or a `postgresql://` address.
  public var url: String

  /// The name that the server shows for our connections.
  public var applicationName: String

  /// How long one statement may take, in milliseconds; 0 is without limit.
  public var statementTimeoutMilliseconds: Int

  /// How long connecting may take, in milliseconds.
  public var connectTimeoutMilliseconds: Int

  /// Names a database.
  public init(
    url: String, applicationName: String = "tidemark", statementTimeoutMilliseconds: Int = 60_000,
    connectTimeoutMilliseconds: Int = 10_000
  ) {
    self.url = url
    self.applicationName = applicationName
    self.statementTimeoutMilliseconds = statementTimeoutMilliseconds
    self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
  }

  /// The settings of the address by libpq's keywords, such as `host` and `dbname`.
  ///
  /// - Throws: ``PostgresError`` with `configuration` when libpq cannot read the address; its own
  ///   message is withheld because it may quote a password.
  public func settings() throws(PostgresError) -> [String: String] {
    guard let options = PQconninfoParse(url, nil) else {
      throw PostgresError(.configuration, detail: "the database url cannot be read")
    }
    defer { PQconninfoFree(options) }
    var found: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val {
        found[String(cString: keyword)] = String(cString: value)
      }
      option += 1
    }
    return found
  }

  /// The same server seen by another role or in another database.
  ///
  /// - Throws: ``PostgresError`` with `configuration` when the address cannot be read.
  public func replacing(
    user: String? = nil, password: String? = nil, databaseName: String? = nil
  ) throws(PostgresError) -> PostgresConfiguration {
    var values = try settings()
    if let user {
      values["user"] = user
      values["password"] = nil
    }
    if let password { values["password"] = password }
    if let databaseName { values["dbname"] = databaseName }
    var copy = self
    copy.url = values.sorted { $0.key < $1.key }
      .map { "\($0.key)='\(Self.escaped($0.value))'" }.joined(separator: " ")
    return copy
  }

  private static func escaped(_ value: String) -> String {
    var out = ""
    for character in value {
      if character == "'" || character == "\\" { out.append("\\") }
      out.append(character)
    }
    return out
  }

  /// Host, port, database and role, for messages.
  var place: String {
    let values: [String: String]
    do throws(PostgresError) { values = try settings() } catch { return "unreadable database url" }
    let host = values["host"] ?? values["hostaddr"] ?? "the default socket"
    return "\(host):\(values["port"] ?? "5432") database \(values["dbname"] ?? "by role")"
      + " role \(values["user"] ?? "by system user")"
  }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The place without its password.
  public var description: String { place }

  /// The place without its password.
  public var debugDescription: String { place }

  /// Nothing but the place, so that `dump` shows no password either.
  public var customMirror: Mirror { Mirror(self, children: ["place": place]) }
}
