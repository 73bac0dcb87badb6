internal import Locking
internal import ServiceRuntime
internal import WorkQueue

/// All runners of the notifier, one a receiver and one that decides, as one part of the service.
///
/// They are made from the configuration in force; when another one takes its place they finish
/// what they began, and others take theirs.
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

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for await _ in self.core.changes { await self.stopRunners() }
      }
      while !state.withLock({ $0.isStopping }) {
        try await runOnce()
      }
      group.cancelAll()
    }
  }

  private func runOnce() async throws {
    let runners = try await core.runners()
    let isStopping = state.withLock { state in
      state.runners = runners
      return state.isStopping
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for runner in runners {
        if isStopping { await runner.shutDown() }
        group.addTask { try await runner.run() }
      }
      try await group.waitForAll()
    }
  }

  private func stopRunners() async {
    for runner in state.withLock({ $0.runners }) { await runner.shutDown() }
  }

  func shutDown() async {
    state.withLock { $0.isStopping = true }
    await stopRunners()
  }
}
