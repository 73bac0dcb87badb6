import Locking
import Testing

@testable import Egress

@Suite("HTTP requests to the outside", .timeLimit(.minutes(2)))
struct HTTPTests {
  private func client(_ server: ScriptedServer) throws -> EgressClient {
    let name = "127.0.0.1:\(server.port)"
    return try EgressClient(policy: EgressPolicy(privateHosts: [name], plaintextHosts: [name]))
  }

  private func url(_ server: ScriptedServer, _ path: String = "/v2/enqueue") -> String {
    "http://127.0.0.1:\(server.port)\(path)"
  }

  private func failure(_ client: EgressClient, _ request: EgressRequest) async -> EgressError.Code?
  {
    do {
      _ = try await client.send(request)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func `a request arrives as it was meant and its answer comes back`() async throws {
    let seen = Locked<[String]>([])
    let server = ScriptedServer { peer in
      guard let (head, body) = peer.request() else { return }
      seen.withLock { $0 = head + [String(decoding: body, as: UTF8.self)] }
      peer.answer(202, ["X-Kind: fine"], body: "{\"status\":\"success\"}")
    }
    defer { server.stop() }
    let response = try await client(server).send(
      EgressRequest(
        url: url(server), headers: [EgressHeader("Content-Type", "application/json")],
        body: Array("{\"a\":1}".utf8)))
    #expect(response.status == 202)
    #expect(response.header("x-kind") == "fine")
    #expect(String(decoding: response.body, as: UTF8.self) == "{\"status\":\"success\"}")
    #expect(!response.isBodyCut)
    let lines = seen.withLock { $0 }
    #expect(lines.first == "POST /v2/enqueue HTTP/1.1")
    #expect(lines.contains("Content-Type: application/json"))
    #expect(lines.last == "{\"a\":1}")
    #expect(!lines.contains { $0.hasPrefix("Expect") })
  }

  @Test(arguments: [
    ("GET", EgressRequest.Method.get), ("PUT", .put), ("POST", .post), ("PATCH", .patch),
  ])
  func `each method is spoken, with an empty body too`(
    name: String, method: EgressRequest.Method
  ) async throws {
    let server = ScriptedServer { peer in
      guard let (head, _) = peer.request() else { return }
      peer.answer(200, body: head.first ?? "")
    }
    defer { server.stop() }
    let response = try await client(server).send(EgressRequest(method: method, url: url(server)))
    #expect(String(decoding: response.body, as: UTF8.self) == "\(name) /v2/enqueue HTTP/1.1")
  }

  @Test func `a redirect is an answer and is not followed`() async throws {
    let target = ScriptedServer { peer in peer.answer(200) }
    let server = ScriptedServer { peer in
      _ = peer.request()
      peer.answer(302, ["Location: http://127.0.0.1:\(target.port)/"])
    }
    defer {
      server.stop()
      target.stop()
    }
    let response = try await client(server).send(EgressRequest(url: url(server)))
    #expect(response.status == 302)
    #expect(target.connections == 0)
  }

  @Test func `what Retry-After asks for is read`() async throws {
    let server = ScriptedServer { peer in
      _ = peer.request()
      peer.answer(429, ["Retry-After: 17"])
    }
    defer { server.stop() }
    let response = try await client(server).send(EgressRequest(url: url(server)))
    #expect(response.status == 429)
    #expect(response.retryAfterSeconds == 17)
  }

  @Test(arguments: [65_535, 65_536, 65_537, 4_000_000])
  func `a body is cut at 64 KiB and the status stays`(count: Int) async throws {
    let server = ScriptedServer { peer in
      _ = peer.request()
      peer.answer(202, body: String(repeating: "x", count: count))
    }
    defer { server.stop() }
    let response = try await client(server).send(EgressRequest(url: url(server)))
    #expect(response.status == 202)
    #expect(response.body.count == min(count, 65_536))
    #expect(response.isBodyCut == (count > 65_536))
  }

  @Test func `an endless head is refused`() async throws {
    let server = ScriptedServer { peer in
      _ = peer.request()
      peer.say("HTTP/1.1 200 OK\r\n")
      while peer.say("X-Filler: \(String(repeating: "y", count: 4_000))\r\n") {}
    }
    defer { server.stop() }
    let client = try client(server)
    let url = url(server)
    #expect(
      await failure(client, EgressRequest(url: url))
        == .answerTooLong)
  }

  @Test func `a server that never answers is a timeout`() async throws {
    let server = ScriptedServer { peer in peer.hang() }
    defer { server.stop() }
    let client = try client(server)
    let request = EgressRequest(url: url(server), totalMilliseconds: 100)
    #expect(
      await failure(client, request) == .timeout)
  }

  @Test func `a server that breaks off is a broken exchange, whatever its status`() async throws {
    let server = ScriptedServer { peer in
      _ = peer.request()
      peer.say("HTTP/1.1 500 X\r\nContent-Length: 100\r\n\r\nhalf")
    }
    defer { server.stop() }
    let client = try client(server)
    let request = EgressRequest(url: url(server))
    let code = await failure(client, request)
    #expect(code == .brokenExchange)
  }

  @Test func `a closed port is a failed connect`() async throws {
    let server = ScriptedServer.deaf()
    let request = EgressRequest(url: url(server))
    #expect(await failure(try client(server), request) == .connect)
  }

  @Test func `a name that does not exist is a failed look-up`() async throws {
    let client = try EgressClient(policy: EgressPolicy())
    let request = EgressRequest(url: "https://nowhere.invalid/")
    #expect(
      await failure(client, request) == .resolve)
  }

  @Test func `a cancelled caller gets its error at once`() async throws {
    let (reached, reaching) = AsyncStream<Void>.makeStream()
    let server = ScriptedServer { peer in
      reaching.yield()
      peer.hang()
    }
    defer { server.stop() }
    let client = try client(server)
    let request = EgressRequest(url: url(server), totalMilliseconds: 60_000)
    let code = await withTaskGroup(of: EgressError.Code?.self) { group in
      group.addTask {
        await failure(client, request)
      }
      for await _ in reached { break }
      group.cancelAll()
      return await group.next() ?? nil
    }
    #expect(code == .cancelled)
  }

  @Test func `closing the client ends what is under way, and what comes after`() async throws {
    let (reached, reaching) = AsyncStream<Void>.makeStream()
    let server = ScriptedServer { peer in
      reaching.yield()
      peer.hang()
    }
    defer { server.stop() }
    let client = try client(server)
    let request = EgressRequest(url: url(server), totalMilliseconds: 60_000)
    let code = await withTaskGroup(of: EgressError.Code?.self) { group in
      group.addTask {
        await failure(client, request)
      }
      for await _ in reached { break }
      client.close()
      return await group.next() ?? nil
    }
    #expect(code == .closed)
    let later = await failure(client, request)
    #expect(later == .closed)
  }

  @Test(arguments: ["a\r\nX-Injected: 1", "a\nb", "a\u{0}b"])
  func `a header cannot smuggle a line`(value: String) async throws {
    let client = try EgressClient(policy: EgressPolicy())
    let request = EgressRequest(
      url: "https://nowhere.invalid/", headers: [EgressHeader("X-Name", value)])
    let code = await failure(client, request)
    #expect(code == .invalidRequest)
  }

  @Test func `200 requests at once are each answered with their own`() async throws {
    let server = ScriptedServer { peer in
      while let (_, body) = peer.request() {
        peer.answer(200, body: String(decoding: body, as: UTF8.self))
      }
    }
    defer { server.stop() }
    let client = try client(server)
    let url = url(server)
    let wrong = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<200 {
        group.addTask {
          let body = Array("\(number)".utf8)
          let response = try? await client.send(EgressRequest(url: url, body: body))
          return response?.body == body
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 0 : 1 }
    }
    #expect(wrong == 0)
  }
}
