import AnomalyContract
import EvidenceContract
import GatewayService
import JSON
import Locking
import PointsContract
import Postgres
import RPC
import SeriesContract
import ServiceRuntime
import TestSupport
import Testing

private let listing = "/api/customers/dataflow/usage/anomalies"

@Suite("Gateway: tokens", .enabled(if: TestDatabase.isAvailable))
struct TokenTests {
  @Test func `without a token nothing is told`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let answer = try await house.web.send("GET", listing)
      #expect(answer.status == 401)
      #expect(answer.code == "unauthenticated")
      #expect(answer.headers["www-authenticate"] == "Bearer realm=\"tidemark\"")
      let unknown = try await house.web.send("GET", "/api/customers/nobody/usage/anomalies")
      #expect(unknown.status == 401)
    }
  }

  @Test("what is no valid token is refused")
  func badTokens() async throws {
    let cases: [String] = [
      "Bearer tm_nonsense", "Bearer", "Bearer a b", "Basic dGVzdA==", "tm_nonsense",
      "Bearer \u{e9}", "Bearer ' OR 1=1",
    ]
    try await GatewayHouse.with { (house) async throws in
      for value in cases {
        let answer = try await house.web.send("GET", listing, headers: ["Authorization: \(value)"])
        #expect(answer.status == 401)
        #expect(answer.headers["www-authenticate"]?.contains("error=\"invalid_token\"") == true)
      }
    }
  }

  @Test func `a token that has ended or was revoked is refused`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let early = GatewayTokens(pool: try house.database.pool(.gateway)) {
        SystemTime.unixMicroseconds() - 61_000_000
      }
      let ended = try await early.create(
        name: "ended", scopes: [.readAnomalies], lifetimeSeconds: 60)
      #expect(
        try await house.web.send("GET", listing, token: ended.token.secret).status == 401)
      let revoked = try await house.tokens.create(
        name: "revoked", scopes: [.readAnomalies], lifetimeSeconds: 60)
      let path = listing
      #expect(try await house.web.send("GET", path, token: revoked.token.secret).status == 200)
      #expect(try await house.tokens.revoke(id: revoked.id))
      #expect(try await house.web.send("GET", path, token: revoked.token.secret).status == 401)
      #expect(try await house.tokens.revoke(id: revoked.id) == false)
      #expect(try await house.tokens.revoke(id: "nonsense") == false)
    }
  }

  @Test func `a token without the scope is told which it lacks`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token([.readAnomalies])
      let answer = try await house.web.send(
        "POST", "/api/analytics/anomalies/scan", token: token, body: "{}")
      #expect(answer.status == 403)
      #expect(answer.code == "permission_denied")
      #expect(answer.headers["www-authenticate"]?.contains("scope=\"scans:create\"") == true)
      #expect(house.baseline.started.withLock { $0 }.isEmpty)
    }
  }

  @Test func `the database knows a token's hash only`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let token = try await house.token()
      let pool = try house.database.pool(.gateway)
      let dump = try await pool.query("SELECT string_agg(t::text, ' ') FROM service_token t")
        .single.text(0)
      #expect(dump.contains("test"))
      #expect(!dump.contains(token.dropFirst(3)))
      #expect(token.hasPrefix("tm_") && token.utf8.count == 46)
    }
  }

  @Test func `too many refused tokens are told to wait, and a valid one still passes`() async throws
  {
    try await GatewayHouse.with(refusedTokensPerMinute: 3) { (house) async throws in
      for _ in 0..<3 {
        #expect(try await house.web.send("GET", listing, token: "wrong").status == 401)
      }
      let answer = try await house.web.send("GET", listing, token: "wrong")
      #expect(answer.status == 429)
      #expect(answer.code == "rate_limited")
      #expect(answer.headers["retry-after"].flatMap { Int($0) }.map { $0 > 0 } == true)
      #expect(try await house.web.send("GET", listing, token: house.token()).status == 200)
    }
  }

  @Test func `a bootstrap token is valid from the first start`() async throws {
    let token = "bootstrap-token-of-more-than-32-characters"
    try await GatewayHouse.with(bootstrapToken: token) { (house) async throws in
      #expect(try await house.web.send("GET", listing, token: token).status == 200)
      let pool = try house.database.pool(.gateway)
      #expect(try await pool.query("SELECT id FROM service_token").count == 1)
    }
  }

  @Test func `making and revoking a token leave audit rows`() async throws {
    try await GatewayHouse.with { (house) async throws in
      let made = try await house.tokens.create(
        name: "anna", scopes: [.readAnomalies], lifetimeSeconds: 60)
      #expect(try await house.tokens.revoke(id: made.id))
      let pool = try house.database.pool(.gateway)
      let rows = try await pool.query(
        "SELECT action, subject, token_name, channel FROM audit_event ORDER BY id")
      #expect(rows.map { $0.text(0) } == ["token.create", "token.revoke"])
      #expect(rows.allSatisfy { $0.text(1) == "token/\(made.id)" && $0.text(2) == "anna" })
      #expect(rows.allSatisfy { $0.text(3) == "command line" })
    }
  }

  @Test func `bad tokens are not made`() async throws {
    try await GatewayHouse.with { (house) async throws in
      for (name, scopes, seconds) in [
        ("", [GatewayScope.readAnomalies], Int64(60)), ("a\nb", [.readAnomalies], 60),
        ("a", [], 60), ("a", [.readAnomalies], 0), ("a", [.readAnomalies], 1 << 40),
      ] as [(String, Set<GatewayScope>, Int64)] {
        await #expect(throws: GatewayError.self) {
          try await house.tokens.create(name: name, scopes: scopes, lifetimeSeconds: seconds)
        }
      }
    }
  }
}

@Suite("Gateway: start", .enabled(if: TestDatabase.isAvailable))
struct GatewayStartTests {
  private func failure(_ databaseURL: String) async -> PostgresError? {
    let settings = GatewayConfiguration(
      rpc: RPCSettings(
        serviceName: "gateway", listenURLs: ["inproc://gateway-start-test"],
        backendURLs: Dictionary(
          uniqueKeysWithValues: GatewayConfiguration.backends.map { ($0, ["inproc://\($0)-x"]) })),
      database: PostgresConfiguration(url: databaseURL))
    return await #expect(throws: PostgresError.self) {
      try await GatewayService(settings, logger: Logger(service: "gateway", level: .critical))
        .start()
    }
  }

  @Test func `a wrong password and a database that is not there are told by name`() async throws {
    try await TestDatabase.with { database in
      let url = try PostgresConfiguration(url: database.url(.gateway)).replacing(password: "wrong")
      let refused = await failure(url.url)
      #expect(refused?.code == .authentication)
      #expect(refused?.description.contains("wrong") == false)
      let absent = await failure("host=/nowhere dbname=x user=y")
      #expect(absent?.code == .unreachable)
      #expect(absent?.description.contains("/nowhere") == true)
    }
  }
}

@Suite("Gateway: settings")
struct GatewaySettingsTests {
  @Test func `all settings are read and faults told together`() throws {
    let reader = ConfigurationReader(
      arguments: [
        "--listen-url", "inproc://gateway", "--ingest-url", "inproc://ingest",
        "--baseline-url", "inproc://baseline", "--classifier-url", "inproc://classifier",
        "--database-url", "host=/tmp", "--http-address", "0.0.0.0:80", "--zone", "Europe/Berlin",
      ], environment: [:], service: "gateway")
    let configuration = GatewayConfiguration(reading: reader)
    try reader.finish()
    #expect(configuration.httpAddress == "0.0.0.0:80")
    #expect(configuration.rpc.backendURLs["classifier"] == ["inproc://classifier"])
    let empty = ConfigurationReader(
      arguments: ["--database-connections", "0"], environment: [:], service: "gateway")
    _ = GatewayConfiguration(reading: empty)
    let error = #expect(throws: ConfigurationError.self) { try empty.finish() }
    for key in [
      "listen-url", "ingest-url", "baseline-url", "classifier-url", "database-url",
      "database-connections",
    ] {
      #expect(error?.faults.contains { $0.hasPrefix(key) } == true, "\(key)")
    }
  }
}
