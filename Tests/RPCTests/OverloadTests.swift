import PointsContract
import RPC
import SeriesContract
import Testing

@Suite("Stuck handlers, overload and draining")
struct OverloadTests {
  @Test("a stuck handler is answered for at the deadline, and cancelled")
  func stuckHandler() async throws {
    let gate = Gate()
    try await withServer(.waiting(at: gate)) { server, channel in
      // On a machine that is busy a call may expire before it arrives; then it is made again.
      for _ in 0..<10 where gate.entered == 0 {
        let error = await #expect(throws: RPCError.self) {
          try await IngestClient(channel).putPoints(
            .fixture(), options: CallOptions(timeoutMilliseconds: 2_000))
        }
        #expect(error?.code == .deadlineExceeded)
      }
      #expect(await eventually { gate.cancelled > 0 && server.callsInFlight == 0 })
    }
  }

  @Test("handlers that never end do not stop the server from answering others")
  func manyStuckHandlers() async throws {
    let gate = Gate(heedsCancellation: false)
    let settings = RPCServerSettings(serviceName: "ingest", callsLimit: 4)
    try await withServer(.waiting(at: gate), settings: settings) {
      server, channel in
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<4 {
          group.addTask {
            _ = try? await IngestClient(channel).putPoints(
              .fixture(), options: CallOptions(timeoutMilliseconds: 2_000))
          }
        }
      }
      #expect(gate.entered == 4)
      #expect(await eventually { server.callsInFlight == 0 })
      let response = try await IngestClient(channel).putCustomers(PutCustomersRequest())
      #expect(response.created == 0)
      gate.open()
    }
  }

  @Test("a call above the limit is refused at once, with a push-back")
  func admission() async throws {
    let gate = Gate()
    let settings = RPCServerSettings(serviceName: "ingest", callsLimit: 2)
    try await withServer(.waiting(at: gate), settings: settings) { server, channel in
      let client = IngestClient(channel)
      async let first = client.putPoints(.fixture())
      async let second = client.putPoints(.fixture())
      #expect(await eventually { gate.entered == 2 })
      let error = await #expect(throws: RPCError.self) { try await client.putPoints(.fixture()) }
      #expect(error?.code == .resourceExhausted)
      #expect((error?.retryAfterMilliseconds ?? 0) > 0)
      let health = try await MetaClient(channel).check(HealthCheckRequest())
      #expect(health.status == .serving)
      gate.open()
      _ = try await (first, second)
    }
  }

  @Test("as many callers as there are places are never refused, however fast they follow")
  func fullHouse() async throws {
    let settings = RPCServerSettings(serviceName: "ingest", callsLimit: 4)
    try await withServer(settings: settings) { _, channel in
      let client = IngestClient(channel)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 {
          group.addTask {
            for _ in 0..<500 { _ = try await client.putCustomers(PutCustomersRequest()) }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("a caller that gives up frees its call on its own side")
  func cancellation() async throws {
    let gate = Gate()
    try await withServer(.waiting(at: gate)) { _, channel in
      let call = Task { try await IngestClient(channel).putPoints(.fixture()) }
      #expect(await eventually { gate.entered == 1 })
      call.cancel()
      let error = await #expect(throws: RPCError.self) { try await call.value }
      #expect(error?.code == .cancelled)
      #expect(channel.callsInFlight == 0)
      gate.open()
    }
  }

  @Test("health turns NOT_SERVING before the drain, running calls end, new ones are refused")
  func drain() async throws {
    let gate = Gate()
    try await withServer(.waiting(at: gate)) { server, channel in
      let client = IngestClient(channel)
      let meta = MetaClient(channel)
      async let ended: Void = server.run()
      async let running = client.putPoints(.fixture())
      #expect(await eventually { gate.entered == 1 })
      #expect(try await meta.drain(DrainRequest()).callsInFlight == 1)
      #expect(try await meta.check(HealthCheckRequest()).status == .notServing)
      #expect(try await meta.list(HealthListRequest()).services.map(\.status) == [.notServing])
      let error = await #expect(throws: RPCError.self) {
        try await client.putPoints(.fixture(), options: CallOptions(retries: .never))
      }
      #expect(error?.code == .unavailable)
      await server.shutDown()
      gate.open()
      _ = try await running
      try await ended
    }
  }

  @Test("a server without calls ends as soon as it is asked to")
  func idleShutDown() async throws {
    try await withServer { server, _ in
      async let ended: Void = server.run()
      await server.shutDown()
      try await ended
    }
  }
}
