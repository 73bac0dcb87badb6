internal import Dispatch
internal import Foundation
internal import Glibc
internal import Locking

/// The life of one child: who may signal it, and how its end becomes known.
///
/// A thread of its own waits for the end. It keeps this object, and nothing else of the child, so
/// that a child that is dropped is still reaped.
final class ChildLife: Sendable {
  /// The process, which leads the group of this number.
  let id: pid_t

  private struct State {
    var exit: ChildExit?
    /// Our end of the standard input that is held open, if any.
    var heldInput: Int32?
    var waiters: [CheckedContinuation<ChildExit, Never>] = []
  }

  private let state: Locked<State>
  // For those who wait without `await`.
  private let ended = DispatchGroup()

  /// Takes over a child that nobody else waits for.
  init(id: pid_t, heldInput: Int32?) {
    self.id = id
    state = Locked(State(heldInput: heldInput))
    ended.enter()
    Thread.detachNewThread { [self] in reap() }
  }

  /// Ends the child and whatever it started; nothing when it has ended.
  func kill() {
    state.withLock { state in
      // Under the lock that it is reaped under: the number cannot be another's yet.
      if state.exit == nil { _ = Glibc.kill(-id, SIGKILL) }
    }
  }

  /// Tells the child that no more input comes.
  func endInput() {
    state.withLock { state in
      if let file = state.heldInput { close(file) }
      state.heldInput = nil
    }
  }

  /// How the child ended, as soon as it has.
  func exit() async -> ChildExit {
    await withCheckedContinuation { continuation in
      let exit = state.withLock { state in
        if state.exit == nil { state.waiters.append(continuation) }
        return state.exit
      }
      if let exit { continuation.resume(returning: exit) }
    }
  }

  /// Blocks the calling thread until the child has ended.
  func waitBlocking() { ended.wait() }

  /// Sleeps in the kernel until the child ends, and asks for its status.
  private func reap() {
    // Signals are for the threads that the tests mean to hear them.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    // Two steps, because the number may be another process's as soon as the status is taken:
    // between them it can be signalled safely.
    var information = siginfo_t()
    while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0 {
      precondition(errno == EINTR, "somebody else has waited for a child of the tests")
    }
    endInput()
    let (exit, waiters) = state.withLock { state in
      // What it started does not outlive it.
      _ = Glibc.kill(-id, SIGKILL)
      var status: Int32 = 0
      let reaped = waitpid(id, &status, 0)
      precondition(reaped == id, "somebody else has waited for a child of the tests")
      let exit: ChildExit =
        status & 0x7f == 0 ? .code(status >> 8 & 0xff) : .signal(status & 0x7f)
      state.exit = exit
      defer { state.waiters = [] }
      return (exit, state.waiters)
    }
    ended.leave()
    for waiter in waiters { waiter.resume(returning: exit) }
  }
}
