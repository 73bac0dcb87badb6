import Locking
import Nanomsg
import Testing

@Suite("Exchanges over libnng")
struct ExchangeTests {
  @Test("a request comes back as its reply")
  func echo() async throws {
    let url = "inproc://exchange-echo"
    let server = try NanomsgReplySocket(urls: [url])
    try server.serve(contexts: 4) { message, ticket in ticket.reply(message) }
    let client = try await connected(url)
    let reply = try await client.exchange(
      try message([1, 2, 3]), deadlineMilliseconds: Sweeper.nowMilliseconds + 5_000)
    let bytes = reply.withBytes { Array($0) }
    #expect(bytes == [1, 2, 3])
    client.close()
    server.close()
  }

  @Test("a request that nobody answers ends at its deadline")
  func deadline() async throws {
    let url = "inproc://exchange-deadline"
    let server = try NanomsgReplySocket(urls: [url])
    try server.serve(contexts: 4) { message, ticket in _ = consume message }
    let client = try await connected(url)
    let error = await #expect(throws: NanomsgError.self) {
      _ = try await client.exchange(
        try message([1]), deadlineMilliseconds: Sweeper.nowMilliseconds + 30)
    }
    #expect(error?.code == .timedOut)
    #expect(client.callsUnderWay == 0)
    client.close()
    server.close()
  }

  @Test("only the first answer counts")
  func secondAnswer() async throws {
    let url = "inproc://exchange-second"
    let server = try NanomsgReplySocket(urls: [url])
    try server.serve(contexts: 2) { message, ticket in
      let isFirst = ticket.reply(message)
      #expect(isFirst)
      guard let late = try? NanomsgMessage(byteCount: 0) else { return }
      let isSecond = ticket.reply(late)
      #expect(!isSecond)
    }
    let client = try await connected(url)
    for value in 0..<50 as Range<UInt8> {
      let reply = try await client.exchange(
        try message([value]), deadlineMilliseconds: Sweeper.nowMilliseconds + 5_000)
      let bytes = reply.withBytes { Array($0) }
      #expect(bytes == [value])
    }
    client.close()
    server.close()
  }

  @Test("calls above the limit are refused at once")
  func callsLimit() async throws {
    let url = "inproc://exchange-limit"
    let server = try NanomsgReplySocket(urls: [url])
    try server.serve(contexts: 4) { message, ticket in _ = consume message }
    let client = try await connected(url, NanomsgLimits(calls: 1))
    async let first: Void = {
      _ = try? await client.exchange(
        try message([1]), deadlineMilliseconds: Sweeper.nowMilliseconds + 300)
    }()
    while client.callsUnderWay == 0 { await Task.yield() }
    let error = await #expect(throws: NanomsgError.self) {
      _ = try await client.exchange(
        try message([2]), deadlineMilliseconds: Sweeper.nowMilliseconds + 300)
    }
    #expect(error?.code == .tooManyCalls)
    await first
    client.close()
    server.close()
  }

  @Test("a connection that breaks ends its calls as unreachable")
  func brokenConnection() async throws {
    let server = try NanomsgReplySocket(urls: ["tcp://127.0.0.1:0"])
    let hasArrived = Latch()
    try server.serve(contexts: 4) { message, ticket in
      _ = consume message
      hasArrived.open()
    }
    let client = try await connected(server.urls[0])
    async let outcome: NanomsgError? = {
      do throws(NanomsgError) {
        _ = try await client.exchange(
          try message([1]), deadlineMilliseconds: Sweeper.nowMilliseconds + 10_000)
        return nil
      } catch {
        return error
      }
    }()
    // Not before: a connection that ends while a request is read takes libnng's cleaning down with
    // it (see CleanerWatch), and with it every server of this process.
    await hasArrived.wait()
    server.close()
    #expect(await outcome?.code == .unreachable)
    client.close()
  }

  @Test("random cancels neither mix up nor lose replies")
  func cancels() async throws {
    let url = "inproc://exchange-cancels"
    let server = try NanomsgReplySocket(urls: [url])
    try server.serve(contexts: 16) { message, ticket in ticket.reply(message) }
    let client = try await connected(url)
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<16 as Range<UInt8> {
        group.addTask {
          for round in 0..<200 as Range<UInt8> {
            let call = Task {
              let reply = try? await client.exchange(
                try message([worker, round]),
                deadlineMilliseconds: Sweeper.nowMilliseconds + 10_000)
              guard let reply else { return }
              let bytes = reply.withBytes { Array($0) }
              #expect(bytes == [worker, round])
            }
            if round.isMultiple(of: 3) { call.cancel() }
            await call.value
          }
        }
      }
    }
    #expect(client.callsUnderWay == 0)
    client.close()
    server.close()
  }

  @Test("an address that cannot be used is named", arguments: ["nonsense", "tcp://256.1.1.1:x"])
  func badAddress(url: String) {
    let error = #expect(throws: NanomsgError.self) { try NanomsgReplySocket(urls: [url]) }
    #expect(error?.detail.contains(url) == true)
  }

  private func connected(
    _ url: String, _ limits: NanomsgLimits = NanomsgLimits()
  ) async throws -> NanomsgRequestSocket {
    let client = try NanomsgRequestSocket(url: url, limits: limits)
    let end = Sweeper.nowMilliseconds + 5_000
    #expect(await client.waitForConnection(deadlineMilliseconds: end))
    return client
  }

  private func message(_ bytes: [UInt8]) throws(NanomsgError) -> NanomsgMessage {
    var message = try NanomsgMessage(byteCount: bytes.count)
    message.withMutableBytes { $0.copyBytes(from: bytes) }
    return message
  }
}
