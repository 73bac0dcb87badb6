import Glibc
import HTTPServer
import Locking
import Testing

/// Runs a body with a server, which is stopped in the end.
func withServer<Result>(
  limits: HTTPLimits = HTTPLimits(), handler: @escaping HTTPServer.Handler = echo,
  _ body: (HTTPServer) async throws -> Result
) async throws -> Result {
  let server = try HTTPServer(
    address: HTTPAddress(host: "127.0.0.1", port: 0), limits: limits, handler: handler)
  do {
    let result = try await body(server)
    await server.stop()
    return result
  } catch {
    await server.stop()
    throw error
  }
}

/// Says what it was asked.
@Sendable
func echo(_ request: HTTPRequest) async -> HTTPResponse {
  let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
  let text =
    "\(request.method) \(request.segments) \(query) \(request.body.count) \(request.remoteAddress)"
  return HTTPResponse(status: 200, contentType: "text/plain", text: text)
}

/// The status of the first response in a text.
func status(_ text: String) -> Int? {
  text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
}

@Suite("HTTP server")
struct HTTPServerTests {
  @Test func `a request reaches the handler with its path and query unescaped`() async throws {
    try await withServer { server in
      let client = try RawClient(port: server.boundPort)
      await client.send(
        "GET /api/a%2Fb/%C3%A9?x=1%202&y=a+b&z HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      let answer = await client.readToEnd()
      #expect(status(answer) == 200)
      #expect(answer.hasSuffix(#"GET ["api", "a/b", "é"] x=1 2;y=a b;z= 0 127.0.0.1"#))
    }
  }

  @Test func `a connection serves one request after another`() async throws {
    try await withServer { server in
      let client = try RawClient(port: server.boundPort)
      for number in 0..<3 {
        await client.send("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(await client.read(until: "127.0.0.1").contains("GET [\"\(number)\"]"))
      }
    }
  }

  @Test func `HEAD is answered with the length and without the body`() async throws {
    try await withServer { server in
      let client = try RawClient(port: server.boundPort)
      await client.send("HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
      let answer = await client.readToEnd()
      #expect(answer.contains("Content-Length: 23"))
      #expect(answer.hasSuffix("\r\n\r\n"))
    }
  }

  @Test func `a body comes whole, by length or in chunks`() async throws {
    try await withServer { server in
      let bytes = String(repeating: "x", count: 300_000)
      let plain = try RawClient(port: server.boundPort)
      await plain.send(
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n"
          + bytes)
      #expect(await plain.readToEnd().contains("POST []  300000"))
      let chunked = try RawClient(port: server.boundPort)
      await chunked.send(
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
      #expect(await chunked.readToEnd().contains("POST []  5 "))
    }
  }

  @Test func `many requests at once are answered each with its own answer`() async throws {
    try await withServer { server in
      let port = server.boundPort
      let wrong = await withTaskGroup(of: Int.self) { group in
        for worker in 0..<8 {
          group.addTask {
            guard let client = try? RawClient(port: port) else { return 100 }
            var wrong = 0
            for number in 0..<50 {
              let path = "/\(worker)x\(number)"
              await client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
              if await !client.read(until: "127.0.0.1").contains("[\"\(path.dropFirst())\"]") {
                wrong += 1
              }
            }
            return wrong
          }
        }
        return await group.reduce(0, +)
      }
      #expect(wrong == 0)
    }
  }

  @Test func `a taken port is told at once`() async throws {
    try await withServer { server in
      let error = #expect(throws: HTTPServerError.self) {
        try HTTPServer(
          address: HTTPAddress(host: "127.0.0.1", port: server.boundPort), handler: echo)
      }
      #expect(error?.code == .cannotListen)
      #expect(error?.detail.contains("Address already in use") == true)
    }
  }

  @Test(
    "addresses are read",
    arguments: [
      ("127.0.0.1:80", "127.0.0.1", UInt16(80)), ("[::1]:0", "::1", 0),
      ("localhost:1", "localhost", 1),
    ])
  func addresses(text: String, host: String, port: UInt16) throws {
    let address = try HTTPAddress(parsing: text)
    #expect(address == HTTPAddress(host: host, port: port))
    #expect(address.description == text)
  }

  @Test("what is no address is refused", arguments: ["", "a", ":80", "a:65536", "::1:80", "a:-1"])
  func badAddresses(text: String) {
    #expect(throws: HTTPServerError.self) { try HTTPAddress(parsing: text) }
  }
}

@Suite("HTTP framing")
struct HTTPFramingTests {
  private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

  @Test(
    "a request that can be framed in two ways is refused and its connection closed",
    arguments: [
      "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: 5\r\nContent-Length: 5\r\n",
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: identity\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: xchunked\r\n",
      "Transfer-Encoding: \u{b}chunked\r\n",
      "Content-Length: +5\r\n", "Content-Length: -5\r\n", "Content-Length: 5,5\r\n",
      "Content-Length: 0x5\r\n", "Content-Length: 5 5\r\n",
      "Content-Length: 99999999999999999999999\r\n",
      "Content-Length : 5\r\n", "Transfer-Encoding : chunked\r\n",
      "Host: other\r\n", "Na me: x\r\n",
    ])
  func ambiguous(header: String) async throws {
    let seen = Locked(0)
    let handler: HTTPServer.Handler = { request in
      seen.withLock { $0 += 1 }
      return await echo(request)
    }
    try await withServer(handler: handler) { server in
      let client = try RawClient(port: server.boundPort)
      await client.send("POST /first HTTP/1.1\r\nHost: h\r\n\(header)\r\n0\r\n\r\n" + Self.smuggled)
      let answer = await client.readToEnd()
      let code = status(answer)
      #expect(code == 400 || code == 413 || answer.isEmpty, "\(answer)")
      #expect(!answer.contains("smuggled"))
    }
    #expect(seen.withLock { $0 } == 0)
  }

  @Test(
    "a bad target is refused",
    arguments: ["/%", "/%2", "/%zz", "/%00", "/%ff", "/a?%", "http://h/", "*", "/a\u{7f}"])
  func badTargets(target: String) async throws {
    try await withServer { server in
      let client = try RawClient(port: server.boundPort)
      await client.send("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await status(client.readToEnd()) == 400)
    }
  }

  @Test func `a header over its limit is refused`() async throws {
    try await withServer { server in
      for size in [9_000, 200_000] {
        let client = try RawClient(port: server.boundPort)
        let filler = String(repeating: "a", count: size)
        await client.send("GET / HTTP/1.1\r\nHost: h\r\nX: \(filler)\r\n\r\n")
        let code = status(await client.readToEnd())
        #expect(code == 431 || code == 413 || code == nil)
      }
      let client = try RawClient(port: server.boundPort)
      let filler = String(repeating: "a", count: 7_000)
      await client.send("GET / HTTP/1.1\r\nHost: h\r\nX: \(filler)\r\nConnection: close\r\n\r\n")
      #expect(await status(client.readToEnd()) == 200)
    }
  }

  @Test func `a body over its limit is refused, however it is sent`() async throws {
    try await withServer { server in
      let declared = try RawClient(port: server.boundPort)
      await declared.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\nabc")
      #expect(await status(declared.readToEnd()) == 413)
      let sent = try RawClient(port: server.boundPort)
      await sent.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n")
      await sent.send([UInt8](repeating: 120, count: 1_048_577))
      #expect(await status(sent.readToEnd()) == 413)
      let chunked = try RawClient(port: server.boundPort)
      await chunked.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
      let chunk = "40000\r\n" + String(repeating: "x", count: 0x40000) + "\r\n"
      for _ in 0..<5 { await chunked.send(chunk) }
      await chunked.send("0\r\n\r\n")
      #expect(await status(chunked.readToEnd()) == 413)
      let expecting = try RawClient(port: server.boundPort)
      await expecting.send(
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1048577\r\n\r\n")
      #expect(await status(expecting.readToEnd()) == 413)
    }
  }
}
