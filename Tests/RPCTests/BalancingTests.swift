import Locking
import PointsContract
@testable import RPC
import Testing

@Suite("Retries and balancing")
struct BalancingTests {
  private final class Count: Sendable {
    private let value = Locked(0)
    func next() -> Int {
      value.withLock {
        $0 += 1
        return $0
      }
    }
    var now: Int { value.withLock { $0 } }
  }

  private func failing(_ code: StatusCode, times: Int, _ count: Count) -> IngestFixture {
    var handler = IngestFixture()
    handler.putPointsBody = { (_, context) throws(RPCError) in
      let attempt = count.next()
      guard attempt > times else { throw RPCError(code, "attempt \(attempt)") }
      guard context.attempt == attempt else { throw RPCError(.internal, "wrong attempt number") }
      return PutPointsResponse()
    }
    return handler
  }

  private var quickly: CallOptions {
    CallOptions(
      timeoutMilliseconds: 20_000, retries: RetryPolicy(attempts: 4, firstWaitMilliseconds: 1))
  }

  @Test("UNAVAILABLE is tried again, up to four attempts")
  func retried() async throws {
    let count = Count()
    try await withServer(failing(.unavailable, times: 3, count)) { _, channel in
      _ = try await IngestClient(channel).putPoints(.fixture(), options: quickly)
      #expect(count.now == 4)
    }
    let more = Count()
    try await withServer(failing(.unavailable, times: 4, more)) { _, channel in
      let error = await #expect(throws: RPCError.self) {
        try await IngestClient(channel).putPoints(.fixture(), options: quickly)
      }
      #expect(error?.code == .unavailable)
      #expect(more.now == 4)
    }
  }

  @Test(
    "no other status is tried again",
    arguments: StatusCode.allCases.filter { $0 != .ok && $0 != .unavailable })
  func notRetried(code: StatusCode) async throws {
    let count = Count()
    try await withServer(failing(code, times: 1, count)) { _, channel in
      let error = await #expect(throws: RPCError.self) {
        try await IngestClient(channel).putPoints(.fixture(), options: quickly)
      }
      #expect(error?.code == code)
      #expect(count.now == 1)
    }
  }

  @Test("a method that is not idempotent is never tried again")
  func notIdempotent() async throws {
    let count = Count()
    try await withServer(failing(.unavailable, times: 1, count)) { _, channel in
      let method = RPCMethod(IngestMethods.putPoints.name, isIdempotent: false)
      _ = await #expect(throws: RPCError.self) {
        let _: PutPointsResponse = try await channel.call(
          method, PutPointsRequest.fixture(), options: quickly)
      }
      #expect(count.now == 1)
    }
  }

  @Test("the budget ends retries when everything fails")
  func budget() async throws {
    let count = Count()
    try await withServer(failing(.unavailable, times: .max, count)) { _, channel in
      for _ in 0..<20 {
        _ = await #expect(throws: RPCError.self) {
          try await IngestClient(channel).putPoints(.fixture(), options: quickly)
        }
      }
      #expect(count.now == 20 + 10)
    }
  }

  @Test("waits double to their limit, stray by a fifth at most and heed the push-back")
  func waits() {
    let policy = RetryPolicy.standard
    #expect(policy.waitMilliseconds(afterAttempt: 1, chance: 0.5) == 100)
    #expect(policy.waitMilliseconds(afterAttempt: 2, chance: 0.5) == 200)
    #expect(policy.waitMilliseconds(afterAttempt: 1, chance: 0) == 80)
    #expect((119...120).contains(policy.waitMilliseconds(afterAttempt: 1, chance: 1)))
    #expect(policy.waitMilliseconds(afterAttempt: 40, chance: 0.5) == 5_000)
    #expect(
      policy.waitMilliseconds(afterAttempt: 1, chance: 0.5, pushBackMilliseconds: 700) == 700)
  }

  @Test("a hung backend is ejected and the other one does the work")
  func hungBackend() async throws {
    let gate = Gate(heedsCancellation: false)
    let settings = RPCServerSettings(serviceName: "ingest")
    let urls = [uniqueInprocURL(), uniqueInprocURL()]
    let sick = RPCServer(
      urls: [urls[0]], services: [IngestFixture.waiting(at: gate).rpcService], settings: settings)
    let well = RPCServer(
      urls: [urls[1]], services: [IngestFixture().rpcService], settings: settings)
    try sick.listen()
    try well.listen()
    let balancer = try RPCBalancer(urls: urls)
    let client = IngestClient(balancer)
    #expect(await eventually { balancer.channels.allSatisfy(\.isConnected) })
    var calls = 0
    while balancer.ejectedURLs.isEmpty, calls < 20 {
      calls += 1
      do {
        let response = try await client.putPoints(
          .fixture(), options: CallOptions(timeoutMilliseconds: 1_000))
        #expect(response.accepted == 3)
      } catch {
        #expect(error.code == .deadlineExceeded)
      }
    }
    #expect(balancer.ejectedURLs == [urls[0]])
    #expect(gate.entered == BackendHealth.failuresLimit)
    for _ in 0..<10 where !balancer.ejectedURLs.isEmpty {
      let response = try await client.putPoints(.fixture())
      #expect(response.accepted == 3)
    }
    #expect(gate.entered == BackendHealth.failuresLimit)
    gate.open()
    balancer.close()
    sick.close()
    well.close()
  }

  @Test("a backend that is down is passed over while another one is connected")
  func downBackend() async throws {
    let urls = [uniqueInprocURL(), uniqueInprocURL()]
    let well = RPCServer(
      urls: [urls[1]], services: [IngestFixture().rpcService],
      settings: RPCServerSettings(serviceName: "ingest"))
    try well.listen()
    let balancer = try RPCBalancer(urls: urls)
    #expect(await eventually { balancer.channels[1].isConnected })
    for _ in 0..<10 {
      let response = try await IngestClient(balancer).putPoints(.fixture())
      #expect(response.accepted == 3)
    }
    balancer.close()
    well.close()
  }

  @Test("an ejected backend is tried by one call when its time is over, and longer each time")
  func ejection() {
    var health = BackendHealth(count: 2)
    let idle = [
      BackendHealth.Load(isConnected: true, callsInFlight: 0),
      BackendHealth.Load(isConnected: true, callsInFlight: 5),
    ]
    for _ in 0..<BackendHealth.failuresLimit { health.noteFailure(0, nowMilliseconds: 0) }
    #expect(health.isEjected(0, nowMilliseconds: 999))
    #expect(health.pick(idle, nowMilliseconds: 999) == 1)
    #expect(health.pick(idle, nowMilliseconds: 1_000) == 0)
    #expect(health.pick(idle, nowMilliseconds: 1_001) == 1)
    health.noteFailure(0, nowMilliseconds: 1_010)
    #expect(health.isEjected(0, nowMilliseconds: 2_999))
    health.noteSuccess(0)
    #expect(health.pick(idle, nowMilliseconds: 3_000) == 0)
  }

  @Test("when all are ejected the call goes to the one that comes back first")
  func allEjected() {
    var health = BackendHealth(count: 2)
    let loads = [BackendHealth.Load](
      repeating: BackendHealth.Load(isConnected: true, callsInFlight: 0), count: 2)
    for _ in 0..<BackendHealth.failuresLimit {
      health.noteFailure(1, nowMilliseconds: 0)
      health.noteFailure(0, nowMilliseconds: 10)
    }
    #expect(health.pick(loads, nowMilliseconds: 20) == 1)
  }
}
