internal import Cryptography
public import Postgres
internal import RPC
internal import SeriesContract
public import ServiceRuntime

/// A token that was just made; its text is shown this once.
public struct CreatedToken: Sendable {
  /// The text to send as `Authorization: Bearer …`.
  public let token: Redacted<String>

  /// The identity, as a UUID's text; it is the actor in anomalies and in the audit.
  public let id: String

  /// When it ends, in microseconds since 1970.
  public let expiresUnixMicroseconds: Int64
}

/// Who asks, as a valid token says.
struct TokenHolder: Sendable, Hashable {
  let id: PostgresUUID
  let name: String
  let scopes: Set<GatewayScope>

  var wireID: [UInt8] { WireUUID(high: id.high, low: id.low).bytes }
}

/// The tokens of people's and programs' access.
///
/// Opaque: 32 random bytes after `tm_`. Only their SHA-256 is kept, so a copy of the database lets
/// nobody in.
public struct GatewayTokens: Sendable {
  private let pool: PostgresPool
  private let now: @Sendable () -> Int64

  /// Opens the tokens in the gateway's schema; the pool's role is `tidemark_gateway`.
  public init(
    pool: PostgresPool,
    now: @escaping @Sendable () -> Int64 = { SystemTime.unixMicroseconds() }
  ) {
    self.pool = pool
    self.now = now
  }

  /// Makes a token.
  ///
  /// Brings the schema up to date first, so that it works before the first start of the gateway.
  ///
  /// - Parameters:
  ///   - name: Whose it is, 1 to 200 bytes.
  ///   - scopes: What it allows; at least one.
  ///   - lifetimeSeconds: How long it is valid, from a second to ten years.
  /// - Returns: The token, whose text is not kept.
  /// - Throws: ``GatewayError`` for a bad argument, or an error of the database.
  public func create(
    name: String, scopes: Set<GatewayScope>, lifetimeSeconds: Int64
  ) async throws -> CreatedToken {
    guard (1...200).contains(name.utf8.count), !name.utf8.contains(where: { $0 < 0x20 }) else {
      throw GatewayError(field: "name", "bad_name", "name must be 1 to 200 bytes of text")
    }
    guard !scopes.isEmpty else {
      throw GatewayError(field: "scopes", "missing", "a token needs at least one scope")
    }
    guard (1...315_360_000).contains(lifetimeSeconds) else {
      throw GatewayError(
        field: "expiry", "out_of_range", "a token lives a second to ten years")
    }
    try await Migrator.migrate(GatewaySchema.migrations, on: pool)
    let token = "tm_" + Base64.encodeURL(SecureRandom.bytes(32))
    let id = WireUUID.random()
    let expires = now() + lifetimeSeconds * 1_000_000
    try await insert(token, id: id, name: name, scopes: scopes, expires: expires)
    try await audit("token.create", id, name)
    return CreatedToken(token: Redacted(token), id: id.text, expiresUnixMicroseconds: expires)
  }

  /// Ends a token at once; false when there is none of that id that is valid.
  public func revoke(id: String) async throws -> Bool {
    guard let id = WireUUID(text: id) else { return false }
    let rows = try await pool.query(
      """
      UPDATE service_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL
      RETURNING name
      """,
      [.uuid(high: id.high, low: id.low), .timestamp(unixMicroseconds: now())])
    guard let row = rows.first else { return false }
    try await audit("token.revoke", id, row.text(0))
    return true
  }

  /// Whether a text may be a bootstrap token: long enough not to be guessed, and sendable.
  public static func isAcceptableSecret(_ text: String) -> Bool {
    (32...200).contains(text.utf8.count) && text.utf8.allSatisfy(isTokenCharacter)
  }

  /// Lets the bootstrap token in for a year from now.
  func admitBootstrap(_ token: Redacted<String>) async throws {
    let hash = SHA256.hash(token.secret)
    // The id follows from the token, so that every replica writes the same row.
    let id = WireUUID(hashing: "tidemark/bootstrap-token/" + Hexadecimal.encode(hash))
    try await insert(
      token.secret, id: id, name: "bootstrap", scopes: Set(GatewayScope.allCases),
      expires: now() + 366 * 86_400 * 1_000_000)
  }

  /// The holder of a token that is valid now, or nil.
  func holder(of token: String) async throws(PostgresError) -> TokenHolder? {
    guard (1...200).contains(token.utf8.count), token.utf8.allSatisfy(Self.isTokenCharacter)
    else { return nil }
    let hash = SHA256.hash(token)
    let rows = try await pool.query(
      """
      SELECT id, name, scopes, token_hash FROM service_token
      WHERE token_hash = $1 AND expires_at > $2 AND revoked_at IS NULL
      """, [.bytes(hash), .timestamp(unixMicroseconds: now())])
    // The index search may tell by its time how much of a hash was right, never of a token; the
    // comparison that decides takes the same time for all.
    guard let row = rows.first, constantTimeEquals(row.bytes(3), hash) else { return nil }
    return TokenHolder(
      id: row.uuid(0), name: row.text(1),
      scopes: Set(row.textArray(2).compactMap(GatewayScope.init(rawValue:))))
  }

  /// Notes what was done to a token; whoever may do it has the database's password.
  private func audit(_ action: String, _ id: WireUUID, _ name: String) async throws {
    let holder = TokenHolder(id: PostgresUUID(high: id.high, low: id.low), name: name, scopes: [])
    let event = AuditEvent(
      key: "\(action)/\(id.text)", holder: holder, action: action, subject: "token/\(id.text)",
      detail: "{}", traceID: "", channel: .commandLine)
    try await GatewayStore(pool: pool, now: now).insert(event)
  }

  private func insert(
    _ token: String, id: WireUUID, name: String, scopes: Set<GatewayScope>, expires: Int64
  ) async throws {
    _ = try await pool.query(
      """
      INSERT INTO service_token (id, token_hash, name, scopes, created_at, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, revoked_at = NULL
      """,
      [
        .uuid(high: id.high, low: id.low), .bytes(SHA256.hash(token)), .text(name),
        .textArray(scopes.map(\.rawValue).sorted()), .timestamp(unixMicroseconds: now()),
        .timestamp(unixMicroseconds: expires),
      ])
  }

  /// RFC 6750's b64token.
  private static func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~+/=".utf8.contains(byte)
    }
  }
}

extension WireUUID {
  /// A random UUID of version 4.
  static func random() -> WireUUID { stamped(SecureRandom.bytes(16), version: 0x40) }

  /// A UUID of version 8 that follows from a text.
  init(hashing text: String) {
    self = Self.stamped(Array(SHA256.hash(text).prefix(16)), version: 0x80)
  }

  private static func stamped(_ bytes: [UInt8], version: UInt8) -> WireUUID {
    var bytes = bytes
    bytes[6] = bytes[6] & 0x0f | version
    bytes[8] = bytes[8] & 0x3f | 0x80
    guard let id = WireUUID(bytes: bytes) else { preconditionFailure("sixteen bytes are a UUID") }
    return id
  }
}
