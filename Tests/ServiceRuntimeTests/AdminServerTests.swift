import Glibc
import Locking
import ServiceRuntime
import TestSupport
import Testing

/// The answer to one GET, header and all.
private func get(
  _ path: String, at address: String, method: String = "GET"
) async throws -> String {
  try await offPool { try getNow(path, at: address, method: method) }
}

private func getNow(_ path: String, at address: String, method: String) throws -> String {
  let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var place = sockaddr_in()
  place.sin_family = sa_family_t(AF_INET)
  place.sin_port = port.bigEndian
  place.sin_addr.s_addr = inet_addr("127.0.0.1")
  let result = withUnsafePointer(to: &place) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  try #require(result == 0)
  let request = Array("\(method) \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8)
  #expect(send(descriptor, request, request.count, 0) == request.count)
  var content: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 65_536)
  while case let count = recv(descriptor, &piece, piece.count, 0), count > 0 {
    content += piece.prefix(count)
  }
  return String(decoding: content, as: UTF8.self)
}

@Suite("Admin server")
struct AdminServerTests {
  private func withAdmin(
    _ readiness: [ReadinessCheck] = [], _ body: (AdminServer, String) async throws -> Void
  ) async throws {
    let registry = MetricsRegistry()
    registry.counter("tidemark_scans_total", help: "Scans.").increment()
    let admin = AdminServer(address: "127.0.0.1:0", registry: registry, readiness: readiness)
    try await admin.start()
    try await body(admin, #require(admin.boundAddress))
    await admin.shutDown()
    try await admin.run()
  }

  @Test func `a process is healthy before it is ready, and not ready when it drains`() async throws
  {
    try await withAdmin { (admin, address) async throws in
      #expect(try await get("/healthz", at: address).hasPrefix("HTTP/1.1 200"))
      #expect(try await get("/readyz", at: address).hasSuffix("starting\n"))
      admin.markReady()
      #expect(try await get("/readyz", at: address).hasPrefix("HTTP/1.1 200"))
      admin.markDraining()
      #expect(try await get("/readyz", at: address).hasPrefix("HTTP/1.1 503"))
      #expect(try await get("/healthz", at: address).hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func `a failed check is named`() async throws {
    let checks = [
      ReadinessCheck("database") { false }, ReadinessCheck("ingest") { true },
    ]
    try await withAdmin(checks) { admin, address in
      admin.markReady()
      let answer = try await get("/readyz", at: address)
      #expect(answer.hasPrefix("HTTP/1.1 503"))
      #expect(answer.hasSuffix("not ready: database\n"))
    }
  }

  @Test func `figures are served as text`() async throws {
    try await withAdmin { (_, address) async throws in
      let answer = try await get("/metrics", at: address)
      #expect(answer.contains("text/plain; version=0.0.4"))
      #expect(answer.contains("tidemark_scans_total 1\n"))
    }
  }

  @Test func `other pages and methods are refused`() async throws {
    try await withAdmin { (_, address) async throws in
      #expect(try await get("/", at: address).hasPrefix("HTTP/1.1 404"))
      let answer = try await get("/healthz", at: address, method: "POST")
      #expect(answer.hasPrefix("HTTP/1.1 405"))
      #expect(answer.contains("Allow: GET, HEAD"))
    }
  }
}
