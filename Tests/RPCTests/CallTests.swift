import PointsContract
import RPC
import ServiceRuntime
import Testing

@Suite("Calls")
struct CallTests {
  @Test("a call brings the request to the handler and the answer back", arguments: [0, 1, 20_000])
  func roundTrip(rows: Int) async throws {
    try await withServer { _, channel in
      let response = try await IngestClient(channel).putPoints(.fixture(rows: rows))
      #expect(response.accepted == Int64(rows))
    }
  }

  @Test("a call goes over TCP to a port that the server found free")
  func overTCP() async throws {
    try await withServer(url: "tcp://127.0.0.1:0") { server, channel in
      #expect(!(server.urls.first?.hasSuffix(":0") ?? true))
      let response = try await IngestClient(channel).putPoints(.fixture())
      #expect(response.accepted == 3)
    }
  }

  @Test("a refusal arrives with code, message and details")
  func refusal() async throws {
    try await withServer { _, channel in
      var request = GetCustomerRequest()
      request.customer = "nobody"
      let error = await #expect(throws: RPCError.self) {
        try await IngestClient(channel).getCustomer(request)
      }
      #expect(error?.code == .notFound)
      #expect(error?.message == "there is no customer nobody")
      #expect(error?.details.first?.code == "unknown_customer")
      #expect(error?.details.first?.field == "customer")
    }
  }

  @Test("deadline, metadata, trace and attempt reach the handler")
  func contextArrives() async throws {
    var handler = IngestFixture()
    let parent = TraceContext.begin()
    handler.putPointsBody = { (_, context) throws(RPCError) in
      guard context.trace.traceID == parent.traceID, context.trace.spanID != parent.spanID else {
        throw RPCError(.failedPrecondition, "trace \(context.traceparent)")
      }
      guard context.metadata == ["authorization": "Bearer x", "zone": "UTC"] else {
        throw RPCError(.failedPrecondition, "metadata \(context.metadata)")
      }
      let child = context.childOptions()
      guard child.deadline == context.deadline, context.deadline.remainingMilliseconds < 60_001,
        context.requestID.count == 16, context.attempt == 1
      else { throw RPCError(.failedPrecondition, "deadline or ids") }
      return PutPointsResponse()
    }
    try await withServer(handler) { _, channel in
      var options = CallOptions(
        timeoutMilliseconds: 60_000, metadata: ["zone": "UTC", "authorization": "Bearer x"])
      options.trace = parent
      _ = try await IngestClient(channel).putPoints(.fixture(), options: options)
    }
  }

  @Test("a child call never outlives its parent's deadline")
  func deadlinePassesDown() {
    let parent = CallContext(method: "x", deadline: .after(milliseconds: 100))
    #expect(parent.childOptions(timeoutMilliseconds: 60_000).deadline == parent.deadline)
    let tighter = parent.childOptions(timeoutMilliseconds: 10).deadline
    #expect(tighter.map { $0 < parent.deadline } == true)
  }

  @Test("an unknown method is UNIMPLEMENTED and named")
  func unknownMethod() async throws {
    try await withServer { _, channel in
      let method = RPCMethod("tidemark.v1.Ingest/Nonsense", isIdempotent: true)
      let error = await #expect(throws: RPCError.self) {
        let _: PutPointsResponse = try await channel.call(
          method, PutPointsRequest.fixture(), options: CallOptions())
      }
      #expect(error?.code == .unimplemented)
      #expect(error?.message.contains("Ingest/Nonsense") == true)
    }
  }

  @Test("a call whose deadline has passed is not made")
  func expiredBeforeSending() async throws {
    try await withServer { _, channel in
      let error = await #expect(throws: RPCError.self) {
        try await IngestClient(channel).putPoints(
          .fixture(), options: CallOptions(deadline: Deadline(unixMicroseconds: 1)))
      }
      #expect(error?.code == .deadlineExceeded)
    }
  }

  @Test("a request above 4 MiB is refused before it is sent")
  func oversizedRequest() async throws {
    try await withServer { _, channel in
      let error = await #expect(throws: RPCError.self) {
        try await IngestClient(channel).putPoints(.fixture(rows: 300_000))
      }
      #expect(error?.code == .resourceExhausted)
      let response = try await IngestClient(channel).putPoints(.fixture())
      #expect(response.accepted == 3)
    }
  }

  @Test("nobody at the address is UNAVAILABLE within the retries, not a hang")
  func nobodyThere() async throws {
    let channel = try RPCChannel(
      url: uniqueInprocURL(), settings: RPCClientSettings(connectPatienceMilliseconds: 10))
    defer { channel.close() }
    let error = await #expect(throws: RPCError.self) {
      try await IngestClient(channel).putPoints(
        .fixture(), options: CallOptions(timeoutMilliseconds: 60_000, retries: .never))
    }
    #expect(error?.code == .unavailable)
  }

  @Test("a call made before its server is up waits for it")
  func serverComesLater() async throws {
    let url = uniqueInprocURL()
    let channel = try RPCChannel(
      url: url, settings: RPCClientSettings(connectPatienceMilliseconds: 5_000))
    defer { channel.close() }
    async let response = IngestClient(channel).putPoints(.fixture())
    let server = RPCServer(
      urls: [url], services: [IngestFixture().rpcService],
      settings: RPCServerSettings(serviceName: "ingest"))
    try server.listen()
    defer { server.close() }
    #expect(try await response.accepted == 3)
  }

  @Test("hundreds of calls at once each get their own answer")
  func manyAtOnce() async throws {
    try await withServer(url: "tcp://127.0.0.1:0") { _, channel in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<64 {
          group.addTask {
            for round in 0..<20 {
              let rows = worker * 20 + round
              let response = try await IngestClient(channel).putPoints(.fixture(rows: rows))
              #expect(response.accepted == Int64(rows))
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("handlers may run inline on the transport's threads")
  func inlineHandlers() async throws {
    let settings = RPCServerSettings(serviceName: "ingest", runsHandlersInline: true)
    try await withServer(settings: settings) { _, channel in
      for rows in 0..<100 {
        let response = try await IngestClient(channel).putPoints(.fixture(rows: rows))
        #expect(response.accepted == Int64(rows))
      }
    }
  }

  @Test("durations are counted by method and status")
  func durations() async throws {
    let metrics = MetricsRegistry()
    let settings = RPCServerSettings(serviceName: "ingest", metrics: metrics)
    try await withServer(settings: settings) { _, channel in
      _ = try await IngestClient(channel).putPoints(.fixture())
      _ = await #expect(throws: RPCError.self) {
        try await IngestClient(channel).getCustomer(GetCustomerRequest())
      }
    }
    let text = await metrics.exposition()
    #expect(
      text.contains(
        "tidemark_rpc_server_duration_seconds_count{method=\"tidemark.v1.Ingest/PutPoints\",status=\"OK\"} 1"
      ))
    #expect(text.contains("status=\"NOT_FOUND\""))
  }
}
