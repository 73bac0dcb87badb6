/// A moment that comes once and that many may wait for.
public final class Latch: Sendable {
  private struct State {
    var isOpen = false
    var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
  }

  private let state = Locked(State())

  /// Makes a latch that is closed.
  public init() {}

  /// Whether the moment has come.
  public var isOpen: Bool { state.withLock { $0.isOpen } }

  /// Waits for the moment, or for the task to be cancelled.
  public func wait() async {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let isOver = state.withLock { state in
          if !state.isOpen, !Task.isCancelled { state.waiters[id] = waiter }
          return state.waiters[id] == nil
        }
        if isOver { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
    }
  }

  /// Lets everyone pass, now and from now on.
  public func open() {
    let waiters = state.withLock { state in
      defer { state.waiters = [:] }
      state.isOpen = true
      return state.waiters
    }
    for waiter in waiters.values { waiter.resume() }
  }
}
