internal import Locking
internal import ServiceRuntime
internal import WorkQueue

/// All runners of the notifier, one a receiver, as one part of the service.
///
/// They are made at the start, because only the database knows which receivers have work waiting
/// and are not among the settings any more.
final class DeliveryRunners: Service {
  private struct State {
    var runners: [WorkQueueRunner] = []
    var isStopping = false
  }

  let name = "notifier-deliveries"
  private let core: NotifierCore
  private let state = Locked(State())

  init(_ core: NotifierCore) {
    self.core = core
  }

  func start() async throws {
    let runners = try await core.runners()
    state.withLock { $0.runners = runners }
  }

  func run() async throws {
    let (runners, isStopping) = state.withLock { ($0.runners, $0.isStopping) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for runner in runners {
        if isStopping { await runner.shutDown() }
        group.addTask { try await runner.run() }
      }
      if runners.isEmpty { group.addTask { await self.idle() } }
      try await group.waitForAll()
    }
  }

  func shutDown() async {
    let runners = state.withLock { state in
      state.isStopping = true
      return state.runners
    }
    for runner in runners { await runner.shutDown() }
    stopper.finish()
  }

  private let (stops, stopper) = AsyncStream<Void>.makeStream()

  /// Waits for the stop where there is nothing to run.
  private func idle() async {
    for await _ in stops {}
  }
}
