internal import Locking
internal import Nanomsg

/// The moment when a server has answered its last call.
final class Ending: Sendable {
  private struct State {
    var hasEnded = false
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
  }

  private let state = Locked(State())

  /// Waits for the moment, or for the task to be cancelled.
  func wait() async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let isOver = state.withLock { state in
          if !state.hasEnded, !Task.isCancelled { state.waiters[id] = waiter }
          return state.waiters[id] == nil
        }
        if isOver { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }

  /// Ends as soon as no call is being answered.
  func end(when intake: RequestIntake) {
    if intake.calls.isIdle { endNow() } else { intake.whenIdle { self.endNow() } }
  }

  /// Ends now.
  func endNow() {
    let waiters = state.withLock { state in
      defer { state.waiters = [:] }
      state.hasEnded = true
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume() }
  }
}
