import Glibc
import HTTPServer
import TestSupport
import Testing

@Suite("HTTP times and stops", .timeLimit(.minutes(2)))
struct HTTPStopTests {
  @Test(
    "who sends too slowly is cut off",
    arguments: [
      "", "GET / HT", "GET / HTTP/1.1\r\nHost: h\r\nX",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
    ])
  func slow(beginning: String) async throws {
    var limits = HTTPLimits()
    limits.headerSeconds = 0.1
    limits.bodySeconds = 0.1
    let server = try await withServer(limits: limits) { server in
      let client = try RawClient(port: server.boundPort)
      await client.send(beginning)
      #expect(await !client.readToEnd().contains("200 OK"))
      return server
    }
    #expect(server.exchangesInFlight == 0)
  }

  @Test func `a handler that takes too long is answered for and cancelled`() async throws {
    var limits = HTTPLimits()
    limits.handlerSeconds = 0.1
    let (cancelled, cancelling) = AsyncStream<Void>.makeStream()
    let handler: HTTPServer.Handler = { _ in
      await hangUntilCancelled()
      cancelling.finish()
      return HTTPResponse(status: 200)
    }
    try await withServer(limits: limits, handler: handler) { server in
      let client = try RawClient(port: server.boundPort)
      await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      #expect(await status(client.readToEnd()) == 504)
    }
    // Ends only when the handler was cancelled.
    for await _ in cancelled {}
  }

  @Test func `a stop lets what has begun finish and lets nobody in`() async throws {
    let (begun, beginning) = AsyncStream<Void>.makeStream()
    let (released, releasing) = AsyncStream<Void>.makeStream()
    let server = try HTTPServer(address: HTTPAddress(host: "127.0.0.1", port: 0)) { request in
      beginning.yield()
      for await _ in released { break }
      return await echo(request)
    }
    let client = try RawClient(port: server.boundPort)
    await client.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
    for await _ in begun { break }
    async let stopped: Void = server.stop()
    // The listening socket is shut by another thread; until then a connection may still be made.
    while !Task.isCancelled, (try? RawClient(port: server.boundPort)) != nil {
      await Task.yield()
    }
    #expect(server.exchangesInFlight == 1)
    releasing.finish()
    let answer = await client.readToEnd()
    #expect(status(answer) == 200)
    #expect(answer.contains("Connection: close"))
    #expect(answer.contains("late"))
    await stopped
    #expect(server.exchangesInFlight == 0)
  }

  @Test func `a stop that is cancelled answers for those who hang`() async throws {
    let (begun, beginning) = AsyncStream<Void>.makeStream()
    let server = try HTTPServer(address: HTTPAddress(host: "127.0.0.1", port: 0)) { request in
      beginning.yield()
      await hangUntilCancelled()
      return await echo(request)
    }
    let client = try RawClient(port: server.boundPort)
    await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    for await _ in begun { break }
    let stop = Task { await server.stop() }
    stop.cancel()
    await stop.value
    #expect(await status(client.readToEnd()) == 503)
  }

  @Test func `connections beyond the limit of an address are closed`() async throws {
    var limits = HTTPLimits()
    limits.connectionsPerAddressLimit = 4
    try await withServer(limits: limits) { server in
      var clients: [RawClient] = []
      var answered = 0
      for _ in 0..<12 {
        let client = try RawClient(port: server.boundPort)
        clients.append(client)
        await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        if await client.read(until: "127.0.0.1").contains("200 OK") { answered += 1 }
      }
      #expect(answered == 4)
    }
  }
}
