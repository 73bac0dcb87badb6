internal import Locking
internal import Synchronization

/// One place in a server where calls are answered one after the other, by one task.
///
/// There is a line for each reply context. Its task is woken once a call, which is cheaper than a
/// task for each; one whose handler is stuck past its deadline loses the line to a new task.
final class CallLine: Sendable {
  /// What has to be done for a call that arrived.
  enum Arrival {
    /// Nothing: the task has been woken, or takes the call when it has ended the one before.
    case taken
    /// A task has to be started that serves the line under this number.
    case startTask(shift: Int)
  }

  private struct State {
    /// The call that is not answered yet.
    var current: ServerCall?
    /// The call that the task has not taken up yet.
    var arrived: ServerCall?
    var waiter: UnsafeContinuation<ServerCall?, Never>?
    /// Which task serves the line: a number, because a task starts before it can be named.
    var shift = 0
    var isServed = false
    var task: Task<Void, Never>?
    var isClosed = false
  }

  private static let never = UInt64.max

  private let state = Locked(State())
  /// By the sweeper's clock; beside the state so that the sweeper passes idle lines without a lock.
  private let deadlineMilliseconds = Atomic<UInt64>(never)

  /// Takes a call on the transport's thread; the one before was answered.
  func take(_ call: ServerCall) -> Arrival {
    deadlineMilliseconds.store(call.deadlineMilliseconds, ordering: .relaxed)
    var waiter: UnsafeContinuation<ServerCall?, Never>?
    let arrival = state.withLock { state -> Arrival in
      state.current = call
      waiter = state.waiter
      state.waiter = nil
      guard waiter == nil else { return .taken }
      state.arrived = call
      guard !state.isServed else { return .taken }
      state.isServed = true
      state.shift += 1
      return .startTask(shift: state.shift)
    }
    waiter?.resume(returning: call)
    return arrival
  }

  /// Notes the task that serves the line, which is cancelled at once if it lost the line already.
  func attach(_ task: Task<Void, Never>, shift: Int) {
    let hasLine = state.withLock { state in
      guard state.shift == shift, state.isServed else { return false }
      state.task = task
      return true
    }
    if !hasLine { task.cancel() }
  }

  /// The next call for the line's task; nil when the task has lost the line or the server closed.
  func next(shift: Int) async -> ServerCall? {
    await withUnsafeContinuation { waiter in
      let (isReady, call) = state.withLock { state in
        guard state.shift == shift, !state.isClosed else { return (true, ServerCall?.none) }
        guard let call = state.arrived else {
          state.waiter = waiter
          return (false, nil)
        }
        state.arrived = nil
        return (true, call)
      }
      if isReady { waiter.resume(returning: call) }
    }
  }

  /// Claims the right to answer the call; true for the first claim only.
  func claim(_ call: ServerCall) -> Bool {
    state.withLock { state in
      guard state.current === call else { return false }
      state.current = nil
      deadlineMilliseconds.store(Self.never, ordering: .relaxed)
      return true
    }
  }

  /// Claims the call of the line when it is overdue, and takes the line from the task that runs it.
  func claimOverdue(nowMilliseconds: UInt64) -> Overdue? {
    guard nowMilliseconds >= deadlineMilliseconds.load(ordering: .relaxed) else { return nil }
    return state.withLock { state in
      guard let call = state.current, nowMilliseconds >= call.deadlineMilliseconds else {
        return nil
      }
      state.current = nil
      deadlineMilliseconds.store(Self.never, ordering: .relaxed)
      guard state.arrived == nil else {
        // Not begun: the task is still about to come back for it, and keeps the line.
        state.arrived = nil
        return Overdue(call: call, hasBegun: false, task: nil)
      }
      defer { state.task = nil }
      state.shift += 1
      state.isServed = false
      return Overdue(call: call, hasBegun: true, task: state.task)
    }
  }

  /// A call that was not answered within its deadline.
  struct Overdue {
    let call: ServerCall
    let hasBegun: Bool
    /// The task that runs its handler on, to be cancelled.
    let task: Task<Void, Never>?
  }

  /// Ends the line's task, once it has answered its call.
  func close() {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      state.isClosed = true
      return state.waiter
    }
    waiter?.resume(returning: nil)
  }
}
