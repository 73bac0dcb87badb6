internal import Locking
internal import Nanomsg

/// The calls that a server is answering, and how many it may.
final class RunningCalls: Sendable {
  private struct State {
    var slots: [ServerCall?] = []
    var free: [Int] = []
    var admitted = 0
    var running = 0
    /// Calls without a place whose answer is not handed over yet.
    var answering = 0
    /// Handlers that still run though their call was answered at its deadline.
    var abandoned = 0
  }

  private let state = Locked(State())
  private let limit: Int
  private let abandonedLimit: Int

  init(limit: Int, abandonedLimit: Int) {
    self.limit = limit
    self.abandonedLimit = abandonedLimit
  }

  /// How many calls are being answered, without those to Meta.
  var count: Int { state.withLock { $0.admitted } }

  /// Whether no call is left, and every answer was handed over.
  var isIdle: Bool { state.withLock { $0.admitted == 0 && $0.answering == 0 } }

  /// How many handlers run on after their deadline.
  var abandonedCount: Int { state.withLock { $0.abandoned } }

  /// Makes room for a call, or says that there is none.
  func admit() -> Bool {
    state.withLock { state in
      guard state.admitted < limit, state.abandoned < abandonedLimit else { return false }
      state.admitted += 1
      return true
    }
  }

  /// Keeps a call so that its deadline is watched.
  func begin(_ call: ServerCall) {
    state.withLock { state in
      state.running += 1
      if let slot = state.free.popLast() {
        call.slot = slot
        state.slots[slot] = call
      } else {
        call.slot = state.slots.count
        state.slots.append(call)
      }
    }
  }

  /// Gives up the place of a call that is about to be answered; ``answered()`` must follow.
  func end(_ call: ServerCall, isAbandoned: Bool) {
    state.withLock { state in
      state.slots[call.slot] = nil
      state.free.append(call.slot)
      state.running -= 1
      state.answering += 1
      if call.isAdmitted { state.admitted -= 1 }
      if isAbandoned { state.abandoned += 1 }
    }
  }

  /// Notes that an answer was handed over.
  func answered() {
    state.withLock { $0.answering -= 1 }
  }

  /// Notes that a handler has ended whose call was answered before.
  func abandonedHandlerEnded() {
    state.withLock { $0.abandoned -= 1 }
  }

  /// The calls whose deadline has passed, and whether any call is left.
  func overdue(nowMilliseconds: UInt64) -> (calls: [ServerCall], anyRunning: Bool) {
    state.withLock { state in
      guard state.running > 0 else { return ([], false) }
      let calls = state.slots.compactMap { call in
        call.flatMap { nowMilliseconds >= $0.deadlineMilliseconds ? $0 : nil }
      }
      return (calls, true)
    }
  }
}
