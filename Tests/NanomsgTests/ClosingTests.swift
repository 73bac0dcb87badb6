import Locking
import Nanomsg
import Testing

@Suite("Closing sockets")
struct ClosingTests {
  @Test("a socket may be closed by a task that runs inside its callback")
  func closedInsideCallback() async throws {
    let url = "inproc://closing-inside"
    let server = try NanomsgReplySocket(urls: [url])
    try server.serve(contexts: 4) { message, ticket in ticket.reply(message) }
    await withTaskExecutorPreference(RunsWhereResumed()) {
      for _ in 0..<20 {
        let count = await replyLength(url)
        #expect(count == 1)
      }
    }
    server.close()
  }

  /// Makes one call and closes its socket right where it was resumed.
  private func replyLength(_ url: String) async -> Int? {
    do throws(NanomsgError) {
      let client = try NanomsgRequestSocket(url: url)
      let end = Sweeper.nowMilliseconds + 5_000
      guard await client.waitForConnection(deadlineMilliseconds: end) else { return nil }
      let reply = try await client.exchange(
        try NanomsgMessage(byteCount: 1), deadlineMilliseconds: end)
      client.close()
      return reply.byteCount
    } catch {
      return nil
    }
  }

  @Test("answers that come after the socket was closed are dropped without harm")
  func answersAfterClosing() async throws {
    let url = "inproc://closing-late-answers"
    let tickets = Locked<[NanomsgReplyTicket]>([])
    let server = try NanomsgReplySocket(urls: [url])
    try server.serve(contexts: 16) { message, ticket in
      _ = consume message
      tickets.withLock { $0.append(ticket) }
    }
    let client = try NanomsgRequestSocket(url: url)
    let end = Sweeper.nowMilliseconds + 5_000
    #expect(await client.waitForConnection(deadlineMilliseconds: end))
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<16 {
        group.addTask {
          _ = try? await client.exchange(
            try NanomsgMessage(byteCount: 1), deadlineMilliseconds: end)
        }
      }
      while tickets.withLock({ $0.count }) < 16 { await Task.yield() }
      server.close()
      for ticket in tickets.withLock({ $0 }) {
        guard let late = try? NanomsgMessage(byteCount: 1) else { continue }
        ticket.reply(late)
      }
      client.close()
    }
  }

  @Test("a closed socket refuses calls and ends those under way")
  func closedUnderWay() async throws {
    let url = "inproc://closing-under-way"
    let server = try NanomsgReplySocket(urls: [url])
    try server.serve(contexts: 4) { message, ticket in _ = consume message }
    let client = try NanomsgRequestSocket(url: url)
    let end = Sweeper.nowMilliseconds + 5_000
    #expect(await client.waitForConnection(deadlineMilliseconds: end))
    async let outcome: NanomsgError.Code? = {
      do throws(NanomsgError) {
        _ = try await client.exchange(
          try NanomsgMessage(byteCount: 1),
          deadlineMilliseconds: Sweeper.nowMilliseconds + 10_000)
        return nil
      } catch {
        return error.code
      }
    }()
    while client.callsUnderWay == 0 { await Task.yield() }
    client.close()
    let code = await outcome
    #expect(code == .closed || code == .unreachable)
    let refused = await #expect(throws: NanomsgError.self) {
      _ = try await client.exchange(
        try NanomsgMessage(byteCount: 1), deadlineMilliseconds: Sweeper.nowMilliseconds + 100)
    }
    #expect(refused?.code == .closed)
    server.close()
  }
}

/// Runs tasks on the thread that resumes them, as inline servers and clients do.
private final class RunsWhereResumed: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    job.runSynchronously(on: asUnownedTaskExecutor())
  }
}
