internal import Glibc
internal import Synchronization

/// Lets operations begin on a socket until it closes, and holds the closing back while one begins.
///
/// libnng 1.5.2 frees a context whose last user lets go of it while its socket closes after the
/// socket itself, and goes down. So nothing of a socket may be called while `nng_close` runs. Many
/// operations may begin at once: under a lock, answers to several callers would queue behind each
/// other's system calls.
final class ClosingGate: Sendable {
  private static let closedBit = 1 << 62

  /// How many operations are beginning just now, with the closed bit beside them.
  private let state = Atomic<Int>(0)

  /// Whether the gate was closed.
  var isClosed: Bool { state.load(ordering: .acquiring) >= Self.closedBit }

  /// Runs the operation, unless the gate is closed; false when it is.
  func enter(_ operation: () -> Void) -> Bool {
    let before = state.wrappingAdd(1, ordering: .acquiring).oldValue
    defer { state.wrappingSubtract(1, ordering: .releasing) }
    guard before < Self.closedBit else { return false }
    operation()
    return true
  }

  /// Closes the gate and, unless it was closed before, runs the body on a thread of its own once
  /// no operation is beginning any more.
  ///
  /// Apart, because `nng_close` waits for libnng's callbacks: called in one, or by a task that runs
  /// in one, it would wait for itself; and because it may wait long, which a thread of the
  /// cooperative pool must not.
  func closeApart(_ body: @escaping @Sendable () -> Void) {
    let before = state.bitwiseOr(Self.closedBit, ordering: .acquiringAndReleasing).oldValue
    guard before < Self.closedBit else { return }
    startDetachedThread { [self] in
      while state.load(ordering: .acquiring) != Self.closedBit { sched_yield() }
      body()
    }
  }
}

/// A handle of libnng on its way to another thread.
///
/// `@unchecked Sendable`: libnng's sockets, contexts and aio handles may be used on any thread.
struct HandleBox<Handle>: @unchecked Sendable {
  let handle: Handle
}
