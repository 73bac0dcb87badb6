import AnomalyContract
import EvidenceContract
import GatewayContract
import GatewayService
import Glibc
import JSON
import Locking
import PointsContract
import Postgres
import RPC
import SeriesContract
import ServiceRuntime
import TestSupport
import Testing

/// A gateway with fake backends around it and a database of its own.
struct GatewayHouse {
  let ingest: FakeIngest
  let classifier: FakeClassifier
  let baseline: FakeBaseline
  let mood: Mood
  let database: TestDatabase
  let tokens: GatewayTokens
  let registry: MetricsRegistry
  let web: WebClient
  let calls: GatewayClient

  /// Lends a running gateway to the body, and stops it whatever happens.
  static func with(
    bootstrapToken: String? = nil, refusedTokensPerMinute: Int = 1_000,
    requestSeconds: Double = 10, _ body: (GatewayHouse) async throws -> Void
  ) async throws {
    try await TestDatabase.with { database in
      let mood = Mood()
      let (ingest, classifier) = (FakeIngest(mood: mood), FakeClassifier(mood: mood))
      let baseline = FakeBaseline(mood: mood)
      let name = "inproc://gateway-test-\(UInt64.random(in: .min ... .max))"
      let backends = [
        ("ingest", ingest.rpcService), ("classifier", classifier.rpcService),
        ("baseline", baseline.rpcService),
      ]
      let servers = backends.map { backend, service in
        RPCServer(
          urls: ["\(name)-\(backend)"], services: [service],
          settings: RPCServerSettings(serviceName: backend))
      }
      for server in servers { try server.listen() }
      defer { for server in servers { server.close() } }
      var configuration = GatewayConfiguration(
        rpc: RPCSettings(
          serviceName: "gateway", listenURLs: ["\(name)-gateway"],
          backendURLs: Dictionary(
            uniqueKeysWithValues: backends.map { ($0.0, ["\(name)-\($0.0)"]) })),
        database: PostgresConfiguration(url: try database.url(.gateway)))
      configuration.bootstrapToken = bootstrapToken.map { Redacted($0) }
      configuration.refusedTokensPerMinute = refusedTokensPerMinute
      configuration.requestSeconds = requestSeconds
      let registry = MetricsRegistry()
      let gateway = try GatewayService(
        configuration, logger: Logger(service: "gateway", level: .critical), registry: registry)
      try await gateway.start()
      async let running: Void = gateway.run()
      let channel = try RPCChannel(url: "\(name)-gateway", settings: RPCClientSettings())
      let house = GatewayHouse(
        ingest: ingest, classifier: classifier, baseline: baseline, mood: mood,
        database: database, tokens: GatewayTokens(pool: try database.pool(.gateway)),
        registry: registry, web: try WebClient(gateway.httpAddress), calls: GatewayClient(channel))
      do {
        try await body(house)
      } catch {
        channel.close()
        await gateway.shutDown()
        try await running
        throw error
      }
      channel.close()
      await gateway.shutDown()
      try await running
    }
  }

  /// A new token with those scopes.
  func token(
    _ scopes: Set<GatewayScope> = Set(GatewayScope.allCases), name: String = "test"
  ) async throws -> String {
    try await tokens.create(name: name, scopes: scopes, lifetimeSeconds: 60).token.secret
  }

  /// The audit's rows: action, subject, detail, channel.
  func audit() async throws -> [[String]] {
    let pool = try database.pool(.gateway)
    return try await pool.query(
      """
      SELECT action, subject, detail, channel FROM audit_event
      WHERE action NOT LIKE 'token.%' ORDER BY id
      """
    ).map { [$0.text(0), $0.text(1), $0.text(2), $0.text(3)] }
  }
}

/// An answer over HTTP.
struct WebAnswer: Sendable {
  let status: Int
  let headers: [String: String]
  let body: String

  /// The body's value, or null when it is no JSON.
  var json: JSONValue { (try? JSONValue(parsing: body)) ?? nil }

  /// The code of a problem.
  var code: String? { json["code"]?.stringValue }

  /// The fields that a problem names.
  var pointers: [String] {
    json["errors"]?.arrayValue?.compactMap { $0["pointer"]?.stringValue } ?? []
  }
}

/// A plain HTTP client that asks one thing a connection.
struct WebClient: Sendable {
  private let port: UInt16

  init(_ address: String?) throws {
    port = try #require(address?.split(separator: ":").last.flatMap { UInt16($0) })
  }

  func send(
    _ method: String, _ path: String, token: String? = nil, body: String? = nil,
    headers: [String] = []
  ) async throws -> WebAnswer {
    var lines = ["\(method) \(path) HTTP/1.1", "Host: test", "Connection: close"]
    if let token { lines.append("Authorization: Bearer \(token)") }
    if let body { lines.append("Content-Length: \(body.utf8.count)") }
    if body != nil, !headers.contains(where: { $0.hasPrefix("Content-Type") }) {
      lines.append("Content-Type: application/json")
    }
    let text = (lines + headers).joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    let port = port
    let answer = await offPool { Self.exchange(Array(text.utf8), port: port) }
    let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    var fields: [String: String] = [:]
    for line in parts[0].split(separator: "\r\n").dropFirst() {
      let pair = line.split(separator: ": ", maxSplits: 1)
      fields[pair[0].lowercased()] = pair.count == 2 ? String(pair[1]) : ""
    }
    let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return WebAnswer(
      status: try #require(status, "no answer to \(method) \(path)"), headers: fields,
      body: parts.count == 2 ? String(parts[1]) : "")
  }

  private static func exchange(_ request: [UInt8], port: UInt16) -> String {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    place.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { return "" }
    var rest = request[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { break }
      rest = rest.dropFirst(sent)
    }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = recv(descriptor, &piece, piece.count, 0), count > 0 {
      content += piece.prefix(count)
    }
    return String(decoding: content, as: UTF8.self)
  }
}
