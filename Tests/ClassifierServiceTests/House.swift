import AnomalyContract
import DeliveryContract
import Detection
import EvidenceContract
import FindingsContract
import Locking
import Postgres
import RPC
import ServiceRuntime
import TestSupport

@testable import ClassifierService

/// A notifier that writes down what it is told, and refuses when it is asked to.
final class FakeNotifier: NotifierHandler {
  private struct State {
    var told: [String] = []
    var known: Set<String> = []
    var refusals: [RPCError] = []
    var waiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Locked(State())

  /// Kind, revision and state of each change, in the order of their first arrival.
  var told: [String] { state.withLock { $0.told } }

  /// Waits until so many changes were told.
  func wait(for count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.told.count >= count { return true }
        state.waiters.append((count, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// Answers the next calls with these errors.
  func refuse(_ errors: [RPCError]) { state.withLock { $0.refusals += errors } }

  func submit(
    _ request: SubmitRequest, context: CallContext
  ) async throws(RPCError) -> SubmitResponse {
    let refusal = state.withLock { $0.refusals.isEmpty ? nil : $0.refusals.removeFirst() }
    if let refusal { throw refusal }
    guard let change = request.change, let anomaly = change.anomaly else {
      throw RPCError(.invalidArgument, "no change")
    }
    let words = "\(change.kind.rawValue)/\(anomaly.revision)/\(anomaly.state.rawValue)"
    let key = "\(anomaly.id) \(anomaly.revision)"
    let woken = state.withLock { state in
      // The real one knows what it has seen, too.
      if state.known.insert(key).inserted { state.told.append(words) }
      let woken = state.waiters.filter { $0.count <= state.told.count }
      state.waiters.removeAll { $0.count <= state.told.count }
      return woken
    }
    for waiter in woken { waiter.continuation.resume() }
    return SubmitResponse()
  }

  func listDeliveries(
    _ request: ListDeliveriesRequest, context: CallContext
  ) async throws(RPCError) -> ListDeliveriesResponse { throw RPCError(.unimplemented, "") }

  func retryDelivery(
    _ request: RetryDeliveryRequest, context: CallContext
  ) async throws(RPCError) -> RetryDeliveryResponse { throw RPCError(.unimplemented, "") }

  func testRouting(
    _ request: TestRoutingRequest, context: CallContext
  ) async throws(RPCError) -> TestRoutingResponse { throw RPCError(.unimplemented, "") }
}

/// A classifier and a fake notifier in this process, over inproc://.
struct House {
  let laboratory: Laboratory
  let notifier: FakeNotifier
  let client: ClassifierClient

  /// Runs the body beside the services, which end with it.
  static func with(
    _ laboratory: Laboratory, notifier: FakeNotifier = FakeNotifier(),
    baseline: FakeBaseline? = nil, decisionDays: Int = 400, _ body: (House) async throws -> Void
  ) async throws {
    let number = UInt64.random(in: .min ... .max)
    let (own, other) = ("inproc://classifier-\(number)", "inproc://notifier-\(number)")
    let logger = Logger(service: "classifier", level: .critical)
    let server = RPCServer(
      urls: [other], services: [notifier.rpcService],
      settings: RPCServerSettings(serviceName: "notifier"))
    var services: [any Service] = [server]
    var backends = ["notifier": [other]]
    if let baseline {
      let url = "inproc://baseline-\(number)"
      backends["baseline"] = [url]
      services.append(
        RPCServer(
          urls: [url], services: [baseline.rpcService],
          settings: RPCServerSettings(serviceName: "baseline")))
    }
    let service = try ClassifierService(
      ClassifierConfiguration(
        rpc: RPCSettings(
          serviceName: "classifier", listenURLs: [own], backendURLs: backends),
        database: PostgresConfiguration(url: try laboratory.database.url(.classifier)),
        databaseConnections: 4, decisionDays: decisionDays),
      logger: logger, now: { laboratory.clock.now })
    let group = ServiceGroup(services + [service], logger: logger, handlesSignals: false)
    let channel = try RPCBalancer(urls: [own])
    async let running: Void = group.run()
    do {
      try await body(
        House(laboratory: laboratory, notifier: notifier, client: ClassifierClient(channel)))
    } catch {
      group.triggerShutdown()
      channel.close()
      try await running
      throw error
    }
    group.triggerShutdown()
    channel.close()
    try await running
  }

  /// Judges values of the customers by a call.
  func classify(
    day: Int32, _ values: [Double], notify: Bool = true
  ) async throws -> ClassifyResponse {
    var request = ClassifyRequest()
    request.findings = FindingsContract.FindingsBatch(
      try World().batch(day: day, values, notify: notify).findings)
    return try await client.classify(request)
  }

  /// Waits until the notifier was told so many changes; the test's time limit ends a wait in vain.
  func told(_ count: Int) async -> [String] {
    await notifier.wait(for: count)
    return notifier.told
  }
}
